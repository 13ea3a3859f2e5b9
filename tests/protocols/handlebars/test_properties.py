"""Whatever comes in, compiling and rendering end in a text or in an error of their own."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatobin.protocols.handlebars import HANDLEBARS_JS, SES, HandlebarsError, Limits, Template, compile_template

_LIMITS = Limits(max_template_bytes=2_000, max_depth=10, max_steps=2_000, max_output_bytes=2_000)
_WORDS = r"""
{{ }} {{{ }}} {{{{ }}}} {{# {{/ {{^ {{> {{#> {{#* {{! {{!-- --}} ~ \ # / ^ & = | ( ) [ ] " ' . .. ../ @
a b this else if each with lookup inline true null 12 -1.5 é {{a}} {{~a~}} {{.}} {{@index}} {{#a}} {{/a}}
{{else}} {{^}} {{/if}} {{/each}} {{/with}} {{/inline}} {{/p}} {{>p}} {{#>p}} {{>@partial-block}}
"""
_PHRASES = r"""
{{#if a}}
{{else if b}}
{{#each a}}
{{#with a as |b|}}
 as |
{{#*inline "p"}}
{{> p a=b}}
{{lookup a b}}
{{> (lookup . 'b')}}
"""
_FRAGMENTS = st.sampled_from([*_WORDS.split(), *_PHRASES.splitlines(), " ", "\n", "\x00"])
_SOURCES = st.one_of(st.text(max_size=60), st.lists(_FRAGMENTS, max_size=25).map("".join))
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abp"), inner, max_size=3)),
    max_leaves=8,
)
_DATA = st.dictionaries(st.sampled_from("abp"), _VALUES, max_size=3)


@settings(deadline=None)
@given(_SOURCES, _DATA)
@example('{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}', {})
@example("{{#each a}}{{{{", {"a": []})
def test_any_source_with_any_data_ends_cleanly(source: str, data: dict[str, Any]) -> None:
    for dialect in (SES, HANDLEBARS_JS):
        try:
            template = compile_template(source, _LIMITS, dialect)
        except HandlebarsError:
            continue
        assert isinstance(template, Template)
        assert all(isinstance(name, str) for name in template.names())
        try:
            first = template.render(data)
        except HandlebarsError:
            continue
        assert template.render(data) == first


@settings(deadline=None)
@given(st.text(max_size=200).filter(lambda text: "{{" not in text))
def test_text_without_tags_is_printed_unchanged(text: str) -> None:
    assert compile_template(text).render({}) == text


@settings(deadline=None)
@given(st.text(max_size=50), st.text(max_size=50).filter(lambda text: "{{" not in text and not text.startswith("}")))
def test_a_value_is_inserted_unchanged(value: str, text: str) -> None:
    assert compile_template("{{v}}" + text).render({"v": value}) == value + text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_prints_so_that_it_reads_back_as_itself(number: float) -> None:
    assert float(compile_template("{{n}}").render({"n": number})) == number


@settings(deadline=None)
@given(st.lists(st.integers(-99, 99), max_size=8))
def test_each_visits_every_item_once_and_in_order(items: list[int]) -> None:
    template = compile_template("{{#each l}}{{#unless @first}},{{/unless}}{{this}}{{/each}}")
    assert template.render({"l": items}) == ",".join(map(str, items))
