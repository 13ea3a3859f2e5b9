"""A plain variable that is not in the data ends the rendering; a guarded use does not (DEV-IS-08)."""

from __future__ import annotations

import pytest

from hatobin.protocols.handlebars import HANDLEBARS_JS, Dialect, HandlebarsError, MissingAttribute, compile_template


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Hi {{name}}, {{favoritecolor}}", "favoritecolor"),
        ("{{{gone}}}", "gone"),
        ("{{&gone}}", "gone"),
        ("{{Name}}", "Name"),
        ("{{favorite-color}}", "favorite-color"),
        ("{{a.gone}}", "a.gone"),
        ("{{a.gone.b}}", "a.gone.b"),
        ("{{name.first}}", "name.first"),
        ("{{[first name]}}", "first name"),
        ("{{list.[2]}}", "list.2"),
        ("{{@index}}", "@index"),
        ("{{../name}}", "../name"),
        ("{{#each list}}{{gone}}{{/each}}", "gone"),
        ("{{#if name}}{{gone}}{{/if}}", "gone"),
        ('{{#*inline "p"}}{{gone}}{{/inline}}{{> p}}', "gone"),
        ('{{#*inline "p"}}{{x}}{{/inline}}{{> p x=gone}}', "x"),
    ],
)
def test_an_absent_variable_is_named(source: str, name: str) -> None:
    template = compile_template(source)
    with pytest.raises(MissingAttribute) as missing:
        template.render({"name": "Ana", "favorite_color": "red", "a": {}, "list": [1, 2]})
    assert missing.value.name == name
    assert str(missing.value) == f"Attribute '{name}' is not present in the rendering data."
    assert isinstance(missing.value, HandlebarsError)


@pytest.mark.parametrize("source", ["{{n}}", "{{a.n}}", "{{#each l}}{{this}}{{/each}}"])
def test_null_counts_as_absent(source: str) -> None:
    data = {"n": None, "a": {"n": None}, "l": [None]}
    with pytest.raises(MissingAttribute):
        compile_template(source).render(data)
    assert compile_template(source, dialect=Dialect(null_fails=False)).render(data) == ""
    assert compile_template(source, dialect=HANDLEBARS_JS).render(data) == ""


@pytest.mark.parametrize("value", ["", 0, False, [], {}])
def test_empty_values_are_present(value: object) -> None:
    compile_template("{{v}}").render({"v": value})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{#if gone}}x{{/if}}", ""),
        ("{{#if gone}}{{gone}}{{else}}none{{/if}}", "none"),
        ("{{#unless gone.at.all}}none{{/unless}}", "none"),
        ("{{#each gone}}x{{else}}none{{/each}}", "none"),
        ("{{#with gone}}x{{/with}}", ""),
        ("{{#gone}}x{{/gone}}{{^gone}}none{{/gone}}", "none"),
        ("{{lookup gone 'x'}}{{lookup name gone}}", ""),
        ('{{#*inline "p"}}[{{#if x}}{{x}}{{/if}}]{{/inline}}{{> p gone}}{{> p x=gone}}', "[][]"),
    ],
)
def test_a_guarded_use_is_fine(source: str, text: str) -> None:
    assert compile_template(source).render({"name": "Ana"}) == text


def test_a_variable_in_a_branch_not_taken_is_not_missed() -> None:
    assert compile_template("{{#if a}}{{gone}}{{/if}}ok").render({"a": False}) == "ok"


def test_unused_data_is_fine() -> None:
    assert compile_template("{{a}}").render({"a": 1, "extra": {"b": 2}}) == "1"
