"""Templates and data come from strangers: everything is bounded and ends cleanly."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.protocols.handlebars import (
    DEFAULT_LIMITS,
    HANDLEBARS_JS,
    Bound,
    HandlebarsError,
    LimitExceeded,
    Limits,
    Template,
    compile_template,
)


def refused(source: str, data: dict[str, Any], limits: Limits = DEFAULT_LIMITS) -> Bound:
    with pytest.raises(LimitExceeded) as exceeded:
        compile_template(source, limits, HANDLEBARS_JS).render(data)
    assert isinstance(exceeded.value, HandlebarsError)
    return exceeded.value.which


def test_a_template_of_the_allowed_size_and_one_byte_more() -> None:
    size = DEFAULT_LIMITS.max_template_bytes
    assert isinstance(compile_template("x" * size), Template)
    assert refused("x" * (size + 1), {}) is Bound.TEMPLATE
    assert refused("é" * (size // 2) + "xx", {}) is Bound.TEMPLATE


def nested(blocks: int) -> str:
    return "{{#if a}}" * blocks + "x" + "{{/if}}" * blocks


def test_blocks_nest_to_the_limit_and_no_further() -> None:
    depth = DEFAULT_LIMITS.max_depth
    assert compile_template(nested(depth)).render({"a": 1}) == "x"
    assert refused(nested(depth + 1), {"a": 1}) is Bound.DEPTH
    assert refused(nested(20_000), {}) is Bound.DEPTH


@pytest.mark.parametrize(
    "source",
    [
        "{{#if a}}x" + "{{else if a}}x" * 5_000 + "{{/if}}",
        "{{#if " + "(lookup a " * 5_000 + "b" + ")" * 5_000 + "}}{{/if}}",
        "{{#if " + "a." * 5_000 + "a}}{{/if}}",
        "{{#if " + "../" * 5_000 + "a}}{{/if}}",
        '{{#*inline "p"}}' * 5_000 + "{{/inline}}" * 5_000,
        "{{#> p}}" * 5_000 + "{{/p}}" * 5_000,
    ],
)
def test_every_kind_of_nesting_is_limited(source: str) -> None:
    assert refused(source, {}) is Bound.DEPTH


@pytest.mark.parametrize(
    "source",
    [
        '{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}',
        '{{#*inline "p"}}{{> p}}{{> p}}{{/inline}}{{> p}}',
        '{{#*inline "p"}}{{#if a}}{{#each l}}{{> p ..}}{{/each}}{{/if}}{{/inline}}{{> p}}',
        '{{#*inline "p"}}x\n  {{> p}}\n{{/inline}}{{> p}}',
        '{{#*inline "p"}}{{> q n=1}}{{/inline}}{{#*inline "q"}}{{> p n=2}}{{/inline}}{{> p}}',
        '{{#*inline "p"}}{{#> p}}{{> @partial-block}}{{/p}}{{/inline}}{{#> p}}x{{/p}}',
        '{{#*inline "p"}}{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}{{/inline}}{{> p}}',
        '{{#*inline "p"}}{{> (lookup . "n")}}{{/inline}}{{> p}}',
        "{{#*inline 'p'}}" + "{{#if a}}" * 98 + "{{> p}}" + "{{/if}}" * 98 + "{{/inline}}{{> p}}",
    ],
)
def test_partials_that_call_themselves_end_cleanly(source: str) -> None:
    assert refused(source, {"a": 1, "l": [1], "n": "p"}) is Bound.DEPTH


def test_recursion_that_ends_by_itself_is_fine() -> None:
    source = '{{#*inline "tree"}}{{n}}({{#each c}}{{> tree}}{{/each}}){{/inline}}{{> tree}}'
    tree: dict[str, Any] = {"n": 0, "c": []}
    for n in range(1, 30):
        tree = {"n": n, "c": [tree]}
    assert compile_template(source).render(tree).startswith("29(28(27(")


def test_a_caller_deep_in_its_own_stack_gets_the_same_error() -> None:
    template = compile_template(nested(100))

    def descend() -> str:
        try:
            return descend()
        except RecursionError:
            return template.render({"a": 1})

    with pytest.raises(LimitExceeded):
        descend()


def test_partials_that_multiply_run_out_of_steps() -> None:
    inlines = "".join(f'{{{{#*inline "p{n}"}}}}{f"{{{{> p{n + 1}}}}}" * 10}{{{{/inline}}}}' for n in range(20))
    source = inlines + '{{#*inline "p20"}}x{{/inline}}{{> p0}}'
    assert refused(source, {}) is Bound.STEPS


def test_loops_in_loops_run_out_of_steps() -> None:
    source = "{{#each @root.l}}" * 10 + "x" + "{{/each}}" * 10
    assert refused(source, {"l": list(range(10))}) is Bound.STEPS


def test_loops_pay_for_large_bodies_and_expressions_in_advance() -> None:
    limits = Limits(max_steps=10_000)
    items = {"l": [0] * 20}
    assert refused("{{#each l}}" + "{{#if this}}" + "{{x}}" * 600 + "{{/if}}{{/each}}", items, limits) is Bound.STEPS
    lookups = "(lookup x (lookup y z))"
    for _ in range(7):
        lookups = f"(lookup {lookups} {lookups})"
    assert refused("{{#each l}}{{#if " + lookups + "}}{{/if}}{{/each}}", items, limits) is Bound.STEPS


def test_named_arguments_pay_for_the_context_they_extend() -> None:
    data: dict[str, Any] = {str(n): n for n in range(1000)}
    data["l"] = [0] * 20
    source = '{{#*inline "p"}}{{/inline}}{{#each l}}{{> p @root x=1}}{{/each}}'
    assert refused(source, data, Limits(max_steps=10_000)) is Bound.STEPS


def test_output_of_the_allowed_size_and_one_byte_more() -> None:
    limits = Limits(max_output_bytes=10)
    assert compile_template("{{a}}{{a}}", limits).render({"a": "x" * 5}) == "x" * 10
    assert refused("{{a}}{{a}}!", {"a": "x" * 5}, limits) is Bound.OUTPUT
    assert refused("{{a}}", {"a": "éééééx"}, limits) is Bound.OUTPUT
    assert compile_template("{{a}}", limits).render({"a": "ééééé"}) == "ééééé"


def test_a_large_value_printed_often_is_refused_before_it_is_built() -> None:
    assert refused("{{#each l}}{{../v}}{{/each}}", {"l": [0] * 100_000, "v": "x" * 200_000}) is Bound.OUTPUT


def test_large_lists_printed_often_are_refused() -> None:
    assert refused("{{#each l}}{{../v}}{{/each}}", {"l": [0] * 100, "v": ["x" * 1000] * 1000}) is Bound.OUTPUT


def test_lists_nested_beyond_the_limit_are_refused() -> None:
    value: list[Any] = []
    for _ in range(50_000):
        value = [value]
    assert refused("{{v}}", {"v": value}) is Bound.DEPTH
    while value:
        value = value.pop()


def test_lone_surrogates_pass_through() -> None:
    limits = Limits(max_output_bytes=8)
    assert compile_template("{{a}}\ud800", limits).render({"a": "\udfff"}) == "\udfff\ud800"


def test_the_message_names_the_limit() -> None:
    assert str(LimitExceeded(Bound.OUTPUT)) == "The template exceeds the limit of its output."
