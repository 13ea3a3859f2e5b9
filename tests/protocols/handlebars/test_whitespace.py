"""White space: `~`, and tags alone on their line."""

from __future__ import annotations

import pytest

from hatobin.protocols.handlebars import compile_template

_DATA = {"t": True, "x": "X", "l": ["a", "b"]}


def render(source: str) -> str:
    return compile_template(source).render(_DATA)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a \n {{~x~}} \n\n b", "aXb"),
        ("a {{~x}} b", "aX b"),
        ("a {{x~}} b", "a Xb"),
        ("a {{~#if t~}} b {{~else~}} c {{~/if~}} d", "abd"),
        ("a {{~{x}~}} b", "aXb"),
        ("a {{~&x~}} b", "aXb"),
        ("a {{~! note ~}} b", "ab"),
        ("a {{~^l~}} n {{~/l~}} b", "ab"),
        ("{{x}} \u00a0\ufeff {{~x}}", "XX"),
        ("{{x}}\u0085{{~x}}", "X\u0085X"),
    ],
)
def test_tildes_take_all_white_space_on_their_side(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\n{{#if t}}\n b\n{{/if}}\nc\n", "a\n b\nc\n"),
        ("a\n  {{#if t}}  \n b\n\t{{else}}\n c\n  {{/if}}\nd", "a\n b\nd"),
        ("{{#if t}}\nb\n{{/if}}", "b\n"),
        ("a\r\n{{#if t}}\r\nb\r\n{{/if}}\r\nc", "a\r\nb\r\nc"),
        ("a\n  {{! note }}  \nb", "a\nb"),
        ("{{! note }}\nb", "b"),
        ("a\n {{!-- note --}}", "a\n"),
        ("<ul>\n{{#each l}}\n  <li>{{.}}</li>\n{{/each}}\n</ul>", "<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>"),
        ("{{#if t}}\n{{#if x}}\nb\n{{/if}}\n{{/if}}\nc", "b\nc"),
        ("a\n{{#if t}}\n\n{{/if}}\nb", "a\n\nb"),
        ("{{#*inline 'p'}}\n{{x}}\n{{/inline}}\nb", "b"),
        ("a\n{{^gone}}\nb\n{{/gone}}\nc", "a\nb\nc"),
        ("{{#if gone}}\n{{else if t}}\n b\n  {{else}}\n c\n  {{/if}}\nd", " b\nd"),
    ],
)
def test_a_tag_alone_on_its_line_takes_the_line_with_it(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\n {{x}} \nb", "a\n X \nb"),
        ("a {{#if t}}\nb{{/if}}\nc", "a \nb\nc"),
        ("{{#if t}}{{#if t}}\nb\n{{/if}}{{/if}}\nc", "\nb\n\nc"),
        (" {{! one }} {{! two }} \nb", "   \nb"),
        ("{{#if t}} b {{/if}} c", " b  c"),
        ("\\{{x}}\n{{x}} {{! note }}\n", "{{x}}\nX \n"),
    ],
)
def test_a_tag_that_shares_its_line_leaves_the_line_alone(source: str, text: str) -> None:
    assert render(source) == text


def test_a_partial_alone_on_its_line_indents_every_line_it_prints() -> None:
    partial = '{{#*inline "p"}}one\n  two\n\nthree\n{{/inline}}'
    assert render(partial + "\n  {{> p}}\nend") == "  one\n    two\n  \n  three\nend"
    assert render(partial + "\n  {{~> p}}\nend") == "one\n  two\n\nthree\nend"
    assert render(partial + "\n  {{> p}} end") == "  one\n  two\n\nthree\n end"


def test_the_form_of_the_developer_guide() -> None:
    source = (
        '{{#* inline "fullName"}}\n{{firstName}}{{#if lastName}} {{lastName}}{{/if}}\n{{/inline~}}\n\n'
        "Hello {{> fullName}}!\n{{#each subscription}}\n* {{interest}}\n{{else}}\nNothing.\n{{/each}}\n"
    )
    template = compile_template(source)
    data = {
        "firstName": "Anaya",
        "lastName": "Iyengar",
        "subscription": [{"interest": "Sports"}, {"interest": "Travel"}],
    }
    assert template.render(data) == "Hello Anaya Iyengar\n!\n* Sports\n* Travel\n"
    assert template.render({"firstName": "Shirley"}) == "Hello Shirley\n!\nNothing.\n"
