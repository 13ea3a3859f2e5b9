"""The tables of the user guide: what an alarm makes of values that are missing. The newest value stands last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatobin.companions.cloudwatch.alarms import Alarm, Standing, State, judge
from hatobin.companions.cloudwatch.reasons import reason
from hatobin.gateway.models import cloudwatch as models

OK, ALARM, INSUFFICIENT = State.OK, State.ALARM, State.INSUFFICIENT_DATA
KEEP = None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
NOON = 1_767_268_800


def alarm(enough: int, treatment: str | None, periods: int = 3, operator: str = "GreaterThanThreshold") -> Alarm:
    definition = models.PutMetricAlarmInput(
        alarm_name="a",
        namespace="Shop",
        metric_name="x",
        statistic="Sum",
        period=60,
        evaluation_periods=periods,
        datapoints_to_alarm=enough,
        threshold=5.0,
        comparison_operator=operator,  # type: ignore[arg-type]
        treat_missing_data=treatment,
    )
    standing = Standing(OK, "", None, 0.0, 0.0)
    return Alarm("123456789012", "us-east-1", "a", definition, (), True, 0.0, standing)


def values(text: str) -> list[tuple[int, float]]:
    """Read "0 - X": `-` is missing, X breaches; give the newest first."""
    found = [(NOON + 60 * number, mark) for number, mark in enumerate(text.split()) if mark != "-"]
    return [(at, 9.0 if mark == "X" else 1.0) for at, mark in reversed(found)]


@pytest.mark.parametrize(
    ("enough", "text", "expected"),
    [
        (3, "0 - X - X", (OK, OK, OK, OK)),
        (3, "- - - - 0", (OK, OK, OK, OK)),
        (3, "- - - - -", (INSUFFICIENT, KEEP, ALARM, OK)),
        (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "- - X - -", (ALARM, KEEP, ALARM, OK)),
        (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 - X - -", (OK, OK, ALARM, OK)),
        (2, "- - - - 0", (OK, OK, ALARM, OK)),
        (2, "- - - - X", (ALARM, KEEP, ALARM, OK)),
    ],
)
@pytest.mark.parametrize("before", [OK, ALARM])
def test_missing_data(enough: int, text: str, expected: tuple[State | None, ...], before: State) -> None:
    found = []
    for treatment in TREATMENTS:
        one = alarm(enough, treatment)
        standing = Standing(before, "", None, 0.0, 0.0)
        found.append(judge(replace(one, standing=standing), values(text))[0])
    assert tuple(found) == tuple(before if state is KEEP else state for state in expected)


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        ("GreaterThanThreshold", [6.0]),
        ("GreaterThanOrEqualToThreshold", [5.0, 6.0]),
        ("LessThanThreshold", [4.0]),
        ("LessThanOrEqualToThreshold", [4.0, 5.0]),
    ],
)
def test_comparisons(operator: str, breaching: list[float]) -> None:
    one = alarm(1, None, 1, operator)
    assert [value for value in (4.0, 5.0, 6.0) if judge(one, [(0, value)])[0] is ALARM] == breaching


@pytest.mark.parametrize(
    ("enough", "treatment", "text", "expected"),
    [
        (
            1,
            None,
            "X",
            "Threshold Crossed: 1 out of the last 1 datapoint [9.0 (01/01/26 12:00:00)] was greater than"
            " the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            1,
            None,
            "0",
            "Threshold Crossed: 1 datapoint [1.0 (01/01/26 12:00:00)] was not greater than the threshold (5.0).",
        ),
        (1, None, "-", "Insufficient Data: 1 datapoint was unknown."),
        (
            1,
            "breaching",
            "-",
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as"
            " [Breaching].",
        ),
    ],
)
def test_reasons(enough: int, treatment: str | None, text: str, expected: str) -> None:
    one = alarm(enough, treatment, 1)
    state, evidence = judge(one, values(text))
    assert reason(one, state, evidence) == expected
