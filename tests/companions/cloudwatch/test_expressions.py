"""Arithmetic over metrics."""

from __future__ import annotations

import pytest

from hatobin.companions.cloudwatch.expressions import BadExpression, read_expression

MINUTES = range(0, 180, 60)
GIVEN = {"a": {0: 6.0, 60: 2.0}, "b": {0: 3.0, 120: 1.0}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {0: 6.0, 60: 2.0}),
        ("2", {0: 2.0, 60: 2.0, 120: 2.0}),
        ("a / b", {0: 2.0}),
        ("a - b * 2", {0: 0.0}),
        ("(a - b) * 2", {0: 6.0}),
        ("-a + 1", {0: -5.0, 60: -1.0}),
        ("2 ^ 3 ^ 0 * a", {0: 12.0, 60: 4.0}),
        ("a / (b - 3)", {}),
        ("FILL(a, 0)", {0: 6.0, 60: 2.0, 120: 0.0}),
        ("FILL(b, REPEAT)", {0: 3.0, 60: 3.0, 120: 1.0}),
        ("ABS(b - a)", {0: 3.0}),
        ("1e2*FILL(b,0)/FILL(a, 1)", {0: 50.0, 60: 0.0, 120: 100.0}),
        ("1 / 0", {}),
        ("(0 - a) ^ 0.5", {}),
        ("a * 1e308 * 10", {}),
    ],
)
def test_what_comes_out(text: str, expected: dict[int, float]) -> None:
    assert read_expression(text).over(GIVEN, MINUTES) == expected


@pytest.mark.parametrize("text", ["", "a +", "a b", "(a", "a)", "a ? b", "SUM(METRICS())", "FILL(a)", "*", "a,b"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(BadExpression):
        read_expression(text)


@pytest.mark.parametrize("text", ["(" * 1000 + "a", "-" * 1000 + "a", "2^" * 1000 + "a"])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(BadExpression, match="too deeply"):
        read_expression(text)


def test_the_ids_that_it_needs_are_known() -> None:
    assert read_expression("100 * FILL(b, 0) / s").names == {"b", "s"}
