"""What templates print: values, paths, helpers, partials (DEV-IS-09)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from hatobin.protocols.handlebars import (
    HANDLEBARS_JS,
    Dialect,
    PartialNotFound,
    TemplateSyntaxError,
    compile_template,
)

Data = dict[str, Any]


def render(source: str, data: Data) -> str:
    return compile_template(source).render(data)


@pytest.mark.parametrize("tag", ["{{v}}", "{{{v}}}", "{{&v}}", "{{ v }}", "{{\nv\t}}", "{{[v]}}", '{{"v"}}'])
def test_values_are_inserted_verbatim_whatever_the_tag(tag: str) -> None:
    value = "<b>&amp;'\"</b> {{x}}"
    assert render(f"[{tag}]", {"v": value}) == f"[{value}]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (12345, "12345"),
        (-7, "-7"),
        (True, "true"),
        (False, "false"),
        (1.0, "1"),
        (-0.0, "0"),
        (2.5, "2.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-1.23e-10, "-1.23e-10"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
        (2**53 - 1, "9007199254740991"),
        (12345678901234567890, "12345678901234567000"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
        ([1, 2.0, "a", None, [True, [None, 3]]], "1,2,a,,true,,3"),
        ([], ""),
        ({"a": 1}, "[object Object]"),
    ],
)
def test_json_values_print_as_in_javascript(value: object, text: str) -> None:
    assert render("{{v}}", {"v": value}) == text


def test_long_integers_keep_their_digits_where_the_dialect_says_so() -> None:
    exact = compile_template("{{n}}", dialect=Dialect(exact_integers=True))
    assert exact.render({"n": 12345678901234567890}) == "12345678901234567890"
    assert exact.render({"n": 10**400}) == "Infinity"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{contact.name.first}}", "Ana"),
        ("{{contact/name/first}}", "Ana"),
        ("{{this.contact.name.first}}", "Ana"),
        ("{{./contact.name.first}}", "Ana"),
        ("{{@root.contact.name.first}}", "Ana"),
        ("{{list.[0]}}{{list.1}}", "xy"),
        ("{{list.length}}{{contact.name.first.length}}", "23"),
        ("{{contact.name.first.[0]}}", "A"),
        (r"{{[odd key].[a\]b]}}", "odd"),
        ("{{'odd key'}}", "[object Object]"),
        ("{{true}}{{12}}", "TN"),
        ("{{contact.true}}", "yes"),
        ("{{名前}}", "花"),
    ],
)
def test_paths_reach_into_dicts_and_lists(source: str, text: str) -> None:
    data: Data = {
        "contact": {"name": {"first": "Ana"}, "true": "yes"},
        "list": ["x", "y"],
        "odd key": {"a]b": "odd"},
        "true": "T",
        "12": "N",
        "名前": "花",
    }
    assert render(source, data) == text


@pytest.mark.parametrize(
    "source",
    ["{{v.__class__}}", "{{v.__class__.__mro__}}", "{{v.upper}}", "{{l.append}}", "{{d.items}}", "{{d.keys}}"],
)
def test_python_attributes_are_out_of_reach(source: str) -> None:
    template = compile_template(source, dialect=HANDLEBARS_JS)
    assert template.render({"v": "x", "l": [1], "d": {"a": 1}}) == ""


def test_any_mapping_may_be_the_data() -> None:
    assert render("{{a}}", OrderedDict(a=1)) == "1"


@pytest.mark.parametrize("value", [False, None, 0, 0.0, "", [], float("nan")])
def test_if_takes_the_else_branch_for_what_is_false(value: object) -> None:
    assert render("{{#if v}}Y{{else}}N{{/if}}{{#unless v}}N{{else}}Y{{/unless}}", {"v": value}) == "NN"


@pytest.mark.parametrize("value", [True, 1, -1, "0", "false", {}, [0], 0.1])
def test_if_takes_the_body_for_what_is_true(value: object) -> None:
    assert render("{{#if v}}Y{{^}}N{{/if}}{{#unless v}}N{{^}}Y{{/unless}}", {"v": value}) == "YY"


def test_zero_is_true_where_the_template_includes_it() -> None:
    source = "{{#if v includeZero=true}}Y{{else}}N{{/if}}{{#unless v includeZero=w}}N{{else}}Y{{/unless}}"
    assert render(source, {"v": 0, "w": False}) == "YN"
    assert render(source, {"v": "", "w": True}) == "NN"


@pytest.mark.parametrize(("data", "text"), [({"a": 1}, "A"), ({"b": 1}, "B"), ({"c": 1}, "C"), ({}, "D")])
def test_else_if_chains_take_the_first_true_branch(data: Data, text: str) -> None:
    source = "{{#if a}}A{{else if b}}B{{else unless d}}{{#if c}}C{{else}}D{{/if}}{{else}}E{{/if}}"
    assert render(source, data) == text
    assert render(source, {**data, "a": 0, "b": 0, "d": 1}) == "E"


def test_each_walks_lists_with_loop_variables() -> None:
    source = "{{#each l}}{{@index}}{{@key}}{{this}}{{@first}}{{@last}} {{/each}}"
    assert render(source, {"l": ["a", "b", "c"]}) == "00atruefalse 11bfalsefalse 22cfalsetrue "


def test_each_walks_dicts_in_the_order_of_the_data() -> None:
    source = "{{#each o}}{{@index}}{{@key}}={{this}}{{#unless @last}},{{/unless}}{{/each}}"
    assert render(source, {"o": {"b": 1, "10": 2, "a": 3}}) == "0b=1,110=2,2a=3"


@pytest.mark.parametrize("value", [[], {}, "abc", 5, True, None])
def test_each_without_items_takes_the_else_branch(value: object) -> None:
    assert render("{{#each v}}x{{else}}none{{/each}}", {"v": value}) == "none"


def test_parent_paths_and_parent_loop_variables() -> None:
    source = "{{#each l}}{{#each i}}{{../../t}}{{../n}}{{this}}{{@../index}}{{@index}} {{/each}}{{/each}}"
    data = {"t": "T", "l": [{"n": "a", "i": [1, 2]}, {"n": "b", "i": [3]}]}
    assert render(source, data) == "Ta100 Ta201 Tb310 "


def test_conditions_add_no_level_for_parent_paths() -> None:
    assert render("{{#each l}}{{#if this}}{{../t}}{{/if}}{{/each}}", {"t": "T", "l": [1]}) == "T"


def test_with_changes_the_context_and_names_it() -> None:
    source = "{{#with o as |p|}}{{n}}{{p.n}}{{../t}}{{else}}none{{/with}}"
    assert render(source, {"o": {"n": 1}, "t": "T"}) == "11T"
    assert render(source, {"o": [], "t": "T"}) == "none"


def test_block_parameters_hide_names_and_reach_inner_blocks() -> None:
    source = "{{#each l as |v i|}}{{#each ../m as |w|}}{{i}}{{v.n}}{{w}}{{this}} {{/each}}{{/each}}"
    assert render(source, {"l": [{"n": "a"}, {"n": "b"}], "m": ["x"], "v": 0, "i": 0}) == "0axx 1bxx "
    assert render("{{#each l as |if|}}{{if}}{{/each}}", {"l": [1, 2]}) == "12"


@pytest.mark.parametrize(
    ("value", "text"),
    [([1, 2], "12"), ({"x": 1}, "[object Object]"), (True, "root"), (False, "none"), (None, "none"), ([], "none")],
)
def test_a_block_on_a_plain_path_loops_or_decides(value: object, text: str) -> None:
    source = "{{#v}}{{#if r}}root{{else}}{{this}}{{/if}}{{^}}none{{/v}}"
    assert render(source, {"v": value, "r": value is True}) == text


def test_an_inverted_block_prints_where_there_is_nothing() -> None:
    assert render("{{^a}}none{{/a}}{{^b}}x{{else}}some{{/b}}{{^if c}}no c{{/if}}", {"b": 1}) == "nonesomeno c"


def test_lookup_finds_dynamic_keys() -> None:
    data = {"m": {"z": "9", "l": ["p", "q"]}, "k": "z", "n": 1}
    assert render('{{lookup m k}}{{lookup (lookup m "l") n}}{{lookup m "no"}}{{lookup no k}}', data) == "9q"
    assert render('{{#if (lookup m "z")}}Y{{/if}}{{#each (lookup m "l")}}{{this}}{{/each}}', data) == "Ypq"


def test_log_prints_nothing() -> None:
    assert render('a{{log "x" y level="warn"}}b', {}) == "ab"


def test_comments_of_both_kinds_are_dropped() -> None:
    assert render("a{{! x }}b{{!-- {{y}} --}}c{{!--}}x--}}d{{~! z ~}} e", {}) == "abcx--}}de"


def test_escaped_tags_print_their_braces() -> None:
    assert render(r"\{{a}} {{a}} \\{{a}} \{{{a}}}", {"a": 1}) == r"{{a}} 1 \1 {{{a}}}"


def test_raw_blocks_print_their_content() -> None:
    source = "{{{{a}}}}{{b}} {{{{c}}}}x{{{{/c}}}}{{{{/a}}}}"
    assert render(source, {"a": True}) == "{{b}} {{{{c}}}}x{{{{/c}}}}"


@pytest.mark.parametrize("opening", ['{{#* inline "p"}}', '{{#*inline "p"}}', "{{#* inline 'p' }}"])
def test_inline_partials_with_and_without_the_blank(opening: str) -> None:
    assert (
        render(opening + "[{{n}}]{{/inline}}{{> p}}{{>p}}{{> p n=2}}{{> p o}}", {"n": 1, "o": {"n": 3}})
        == "[1][1][2][3]"
    )


def test_inline_partials_are_in_force_before_their_place_and_inside_each() -> None:
    source = '{{#each l}}{{> row}}{{/each}}{{#*inline "row"}}{{@index}}{{this}}{{../t}};{{/inline}}'
    assert render(source, {"l": ["a", "b"], "t": "T"}) == "0aT;1bT;"


def test_an_inline_partial_ends_with_its_block() -> None:
    source = '{{#if a}}{{#*inline "p"}}P{{/inline}}{{> p}}{{/if}}{{> p}}'
    with pytest.raises(PartialNotFound, match="'p'"):
        render(source, {"a": True})


def test_the_innermost_inline_partial_of_a_name_wins() -> None:
    source = '{{#*inline "p"}}outer{{/inline}}{{#if a}}{{#*inline "p"}}inner{{/inline}}{{> p}}{{/if}}{{> p}}'
    assert render(source, {"a": True}) == "innerouter"


def test_partial_blocks_fall_back_and_are_printed_by_layouts() -> None:
    assert render("{{#> nowhere}}fallback {{a}}{{/nowhere}}", {"a": 1}) == "fallback 1"
    layout = '{{#*inline "l"}}<{{> @partial-block}}|{{> @partial-block o}}>{{/inline}}'
    assert render(layout + "{{#> l}}{{a}}{{/l}}", {"a": 1, "o": {"a": 2}}) == "<1|2>"


def test_a_partial_block_hands_its_own_inline_partials_over() -> None:
    source = '{{#*inline "l"}}<{{> nav}}>{{/inline}}{{#> l}}{{#*inline "nav"}}N{{a}}{{/inline}}{{/l}}'
    assert render(source, {"a": 1}) == "<N1>"


def test_nested_partial_blocks_print_each_its_own_content() -> None:
    source = '{{#*inline "l"}}({{> @partial-block}}){{/inline}}{{#> l}}a{{#> l}}b{{/l}}c{{/l}}'
    assert render(source, {}) == "(a(b)c)"


def test_a_partial_block_keeps_the_names_around_it() -> None:
    layout = '{{#*inline "l"}}{{> @partial-block}}{{/inline}}'
    source = layout + "{{#each l as |v|}}{{#> l}}{{v}}{{@index}}{{../t}}{{/l}}{{/each}}"
    assert render(source, {"l": ["a", "b"], "t": "T"}) == "a0Tb1T"


def test_dynamic_partial_names() -> None:
    source = '{{#*inline "one"}}1{{/inline}}{{#*inline "two"}}2{{/inline}}{{#each l}}{{> (lookup . "w")}}{{/each}}'
    assert render(source, {"l": [{"w": "two"}, {"w": "one"}]}) == "21"
    with pytest.raises(PartialNotFound, match="'three'"):
        render(source, {"l": [{"w": "three"}]})


def test_style_sheets_and_scripts_are_text() -> None:
    source = "<style>a{b:c}</style>{{a}}<script>var x={y:{}};</script> }} {"
    assert render(source, {"a": 1}) == source.replace("{{a}}", "1")


@pytest.mark.parametrize(
    "source",
    [
        "{{#if a}}x",
        "{{#if a}}x{{/each}}",
        "{{#if a}}x{{else}}y{{else}}z{{/if}}",
        "{{/if}}",
        "{{else}}",
        "{{",
        "{{a",
        "{{a}",
        "{{}}",
        "{{a}}}",
        "{{{a}}",
        "{{a..b}} {{",
        "{{a/../b}}",
        "{{a.}}",
        "{{ .a }}",
        "{{#}}{{/}}",
        "{{a b=}}",
        "{{#if}}x{{/if}}",
        "{{#if a b}}x{{/if}}",
        "{{#each}}x{{/each}}",
        "{{if a}}",
        "{{with}}",
        "{{lookup a}}",
        "{{#lookup a b}}{{/lookup}}",
        "{{#if a as |b|}}x{{/if}}",
        "{{#each a as |}}x{{/each}}",
        "{{a as |b|}}",
        '{{"unclosed}}',
        "{{! unclosed",
        "{{!-- unclosed }}",
        "{{(lookup a b)}}",
        "{{lookup a (lookup b c}}",
        "{{> p}}",
        "{{> p q r}}",
        "{{#> p}}x",
        "{{#> p}}x{{/q}}",
        '{{#*inline "p"}}x{{else}}y{{/inline}}',
        "{{#*inline p}}x{{/inline}}",
        "{{#*inline}}x{{/inline}}",
        '{{#*other "p"}}x{{/other}}',
        '{{*inline "p"}}',
        "{{{{raw}}}}x",
        "{{ #if a}}{{/if}}",
    ],
)
def test_what_is_no_template_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        compile_template(source)


@pytest.mark.parametrize(
    "source", ["{{upper name}}", "{{name format=1}}", "{{#IF a}}x{{/IF}}", "{{#if (eq a 1)}}x{{/if}}", "{{a.b c}}"]
)
def test_unknown_helpers_are_refused_at_compilation(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="Unknown helper"):
        compile_template(source)


def test_the_line_of_a_mistake_is_told() -> None:
    with pytest.raises(TemplateSyntaxError) as refusal:
        compile_template("one\n{{two}}\n\n{{! three\n }}{{four five}}")
    assert refusal.value.line == 5
    assert refusal.value.message == "Unknown helper 'four'"
    assert str(refusal.value) == "Unknown helper 'four' (line 5)"


def test_names_are_the_members_of_the_data_a_template_mentions() -> None:
    source = (
        "{{a.b}}{{#if c}}{{d}}{{else}}{{./e}}{{/if}}"
        "{{#each f as |v|}}{{inner}}{{v}}{{../g}}{{@root.h}}{{@index}}{{/each}}"
        '{{#with (lookup i "x")}}{{inner}}{{/with}}{{#*inline "p"}}{{j}}{{/inline}}{{> p k z=l}}{{#m}}{{inner}}{{/m}}'
    )
    assert compile_template(source).names() == frozenset("abcdefghijklm") - {"b"}
