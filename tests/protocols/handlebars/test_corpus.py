"""The acceptance corpus: own templates with what handlebars.js 4.7.10 prints for them (DEV-CO-04)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.protocols.handlebars import HANDLEBARS_JS, MissingAttribute, TemplateSyntaxError, compile_template
from tests.corpus import corpus_path

# Cases that print a variable that is absent or null: SES refuses them, naming the attribute.
_REFUSED_BY_SES = {"missing": "nope", "null": "n", "dunder": "name.__class__"}


def _cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(corpus_path("handlebars/cases.json").read_text(encoding="utf-8"))
    assert len(cases) >= 51
    return cases


def test_every_case_renders_as_in_handlebars_js() -> None:
    for case in _cases():
        if case.get("error"):
            with pytest.raises(TemplateSyntaxError):
                compile_template(case["template"], dialect=HANDLEBARS_JS)
        else:
            template = compile_template(case["template"], dialect=HANDLEBARS_JS)
            assert template.render(case["data"]) == case["expected"], case["name"]


def test_every_case_renders_the_same_in_ses_unless_a_variable_is_missing() -> None:
    refused = {}
    for case in _cases():
        if case.get("error"):
            with pytest.raises(TemplateSyntaxError):
                compile_template(case["template"])
            continue
        try:
            text = compile_template(case["template"]).render(case["data"])
        except MissingAttribute as missing:
            refused[case["name"]] = missing.name
        else:
            assert text == case["expected"], case["name"]
    assert refused == _REFUSED_BY_SES
