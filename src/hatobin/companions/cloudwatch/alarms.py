"""Alarms as values: what one watches, and when it is in which state. Pure.

Refs: API reference, PutMetricAlarm; user guide, "Using Amazon CloudWatch alarms", "Configuring how CloudWatch alarms
treat missing data" (the tables of that page are the tests of `judge`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from msgspec import Struct

from hatobin.companions.cloudwatch.measurements import check_dimensions
from hatobin.companions.cloudwatch.model import NO_UNIT, MetricKey
from hatobin.companions.cloudwatch.queries import MetricQuery, Queries, Query, read_queries
from hatobin.companions.cloudwatch.statistics import read_statistic
from hatobin.gateway.models import cloudwatch as models
from hatobin.ports import Session

MAX_ALARMS = 5000
"""Of an account and region."""
MOST_LOOKED_BACK = 2
"""Periods beyond the evaluated ones that are looked at where values are missing; CloudWatch does not say its number."""

_OPERATORS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
OPERATORS = frozenset(_OPERATORS)


class State(Enum):
    """How an alarm stands."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Standing(Struct, frozen=True):
    """The state of an alarm and why; `transitioned_at` is when it last became another one."""

    state: State
    reason: str
    reason_data: str | None
    updated_at: float
    transitioned_at: float


@dataclass(frozen=True)
class Alarm:
    """An alarm with its definition as it was asked for."""

    account_id: str
    region: str
    name: str
    definition: models.PutMetricAlarmInput
    tags: tuple[tuple[str, str], ...]
    actions_enabled: bool
    configured_at: float
    standing: Standing

    @property
    def arn(self) -> str:
        """Name it as policies and notifications do."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account_id}:alarm:{self.name}"

    @property
    def evaluation_periods(self) -> int:
        """How many periods are looked at."""
        return self.definition.evaluation_periods or 1

    @property
    def datapoints_to_alarm(self) -> int:
        """How many of them must breach."""
        return self.definition.datapoints_to_alarm or self.evaluation_periods

    @property
    def treat_missing_data(self) -> str:
        """What a period without a value counts as."""
        return self.definition.treat_missing_data or "missing"

    @property
    def threshold(self) -> float:
        """What values are compared with."""
        return self.definition.threshold or 0.0

    @cached_property
    def queries(self) -> Queries:
        """What it watches; one of the queries is returned."""
        return queries_of(self.definition)

    @property
    def period(self) -> int:
        """In seconds."""
        return self.queries.period

    def actions(self, state: State) -> list[str]:
        """The ARNs of who is told that it came into a state."""
        given = self.definition
        by_state = {
            State.OK: given.ok_actions,
            State.ALARM: given.alarm_actions,
            State.INSUFFICIENT_DATA: given.insufficient_data_actions,
        }
        return by_state[state] or []

    def breaches(self, value: float) -> bool:
        """Say whether a value is beyond the threshold."""
        compare, _ = _OPERATORS[str(self.definition.comparison_operator)]
        return compare(value, self.threshold)

    @property
    def comparison(self) -> str:
        """The operator in words."""
        return _OPERATORS[str(self.definition.comparison_operator)][1]

    def read(self, session: Session, end: int) -> list[tuple[int, float]]:
        """Give (start, value) of the last periods before `end` that have one, the newest first."""
        start = end - self.period * (self.evaluation_periods + MOST_LOOKED_BACK)
        values = self.queries.read(session, self.account_id, self.region, start, end, aligned=False)
        watched = next(query.id for query in self.queries.all if query.is_returned)
        return sorted(values[watched].items(), reverse=True)


def queries_of(given: models.PutMetricAlarmInput) -> Queries:
    """Read what a definition watches. Raises `CallerError`."""
    if given.metrics:
        return read_queries(given.metrics, limit=20)
    statistic = read_statistic(given.statistic or given.extended_statistic or "")
    assert statistic is not None, "it was checked when the alarm was made"
    key = MetricKey(given.namespace or "", given.metric_name or "", check_dimensions(given.dimensions, "Dimensions"))
    query = MetricQuery(key, statistic, given.period or 60, None if given.unit in (None, NO_UNIT) else given.unit)
    return Queries((Query("m1", query, key.name, is_returned=True),), query.period)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an alarm was judged by: its last values, the newest first, and how many periods had none."""

    values: tuple[tuple[int, float], ...]
    breaching: int
    missing: int


def judge(alarm: Alarm, values: Sequence[tuple[int, float]]) -> tuple[State, Evidence]:
    """Say in which state an alarm is by its last values, the newest first."""
    last = tuple(values[: alarm.evaluation_periods])
    breaching = sum(alarm.breaches(value) for _, value in last)
    missing = alarm.evaluation_periods - len(last)
    evidence = Evidence(last, breaching, missing)
    treatment, enough = alarm.treat_missing_data, alarm.datapoints_to_alarm
    if treatment == "breaching":
        breaching += missing
    if breaching >= enough:
        return State.ALARM, evidence
    if not missing or treatment in ("breaching", "notBreaching"):
        return State.OK, evidence
    # Some values are missing and count for nothing: those that are there decide, if they agree.
    if not last:
        state = State.INSUFFICIENT_DATA if treatment == "missing" else alarm.standing.state
    elif breaching == len(last):
        state = State.ALARM if treatment == "missing" else alarm.standing.state
    else:
        state = State.OK
    return state, evidence
