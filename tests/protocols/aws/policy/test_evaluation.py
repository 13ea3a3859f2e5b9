"""Properties of evaluation that hold for every policy."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.policy import Verdict, read_pattern, read_policies

_ACTIONS = ["*", "ses:*", "ses:Send*", "ses:SendEmail", "ses:SendRawEmail", "sns:Publish", "sesv2:*"]
_RESOURCES = ["*", "arn:aws:ses:*:1:identity/*", "arn:aws:ses:r:1:identity/a", "arn:x:${aws:username}"]
_OPERATORS = [
    "StringEquals",
    "StringNotEquals",
    "StringLikeIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
]
_KEYS = ["ses:FromAddress", "ses:Recipients", "aws:username"]
_VALUES = ["*", "ann", "a@b.example", "${aws:username}"]


def _condition() -> st.SearchStrategy[dict[str, Any]]:
    keys = st.dictionaries(st.sampled_from(_KEYS), st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2))
    return st.dictionaries(st.sampled_from(_OPERATORS), keys, max_size=2)


@st.composite
def _statement(draw: st.DrawFn, effect: str | None = None) -> dict[str, Any]:
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    return {
        "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
        action: draw(st.lists(st.sampled_from(_ACTIONS), min_size=1, max_size=2)),
        resource: draw(st.lists(st.sampled_from(_RESOURCES), min_size=1, max_size=2)),
        "Condition": draw(_condition()),
    }


_CALLS = st.tuples(
    st.sampled_from(["ses:SendEmail", "ses:SendRawEmail", "sns:Publish"]),
    st.sampled_from(["*", "arn:aws:ses:r:1:identity/a", "arn:x:ann"]),
    st.dictionaries(
        st.sampled_from([key.lower() for key in _KEYS]),
        st.lists(st.sampled_from(["ann", "a@b.example", "c@d.example"]), min_size=1, max_size=2).map(tuple),
    ),
)


def _verdict(statements: list[dict[str, Any]], call: Any) -> Verdict:
    return read_policies([json.dumps({"Version": "2012-10-17", "Statement": statements})]).verdict(*call)


@given(st.lists(_statement(), min_size=1, max_size=4), _statement(effect="Deny"), _CALLS)
def test_adding_a_deny_never_allows_more(statements: list[dict[str, Any]], denying: dict[str, Any], call: Any) -> None:
    before, after = _verdict(statements, call), _verdict([*statements, denying], call)
    assert after is before or after is Verdict.DENIED


@given(st.lists(_statement(), min_size=1, max_size=4), _statement(effect="Allow"), _CALLS)
def test_adding_an_allow_never_allows_less(
    statements: list[dict[str, Any]], allowing: dict[str, Any], call: Any
) -> None:
    before, after = _verdict(statements, call), _verdict([*statements, allowing], call)
    assert after is before or (before is Verdict.NOT_ALLOWED and after is Verdict.ALLOWED)


@given(st.permutations(range(4)), st.lists(_statement(), min_size=4, max_size=4), _CALLS)
def test_order_never_matters(order: list[int], statements: list[dict[str, Any]], call: Any) -> None:
    assert _verdict(statements, call) is _verdict([statements[index] for index in order], call)


@given(st.text("ab*?.", max_size=8), st.text("ab*?.", max_size=8))
def test_patterns_fit_as_regular_expressions_do(pattern: str, text: str) -> None:
    parts = ("." + "*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    assert read_pattern(pattern).fits(text) == (re.fullmatch("".join(parts), text, re.DOTALL) is not None)


def test_a_pattern_of_many_stars_comes_to_an_end() -> None:
    assert not read_pattern("*a?" * 400 + "b").fits("a" * 4000)
    assert not read_pattern("*a" * 400 + "b").fits("a" * 4000)
