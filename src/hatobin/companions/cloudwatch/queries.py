"""Queries of GetMetricData and of alarms: metrics by id, and arithmetic over them.

Refs: API reference, MetricDataQuery, MetricStat; user guide, "Use metric math".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hatobin.companions.cloudwatch import points, series
from hatobin.companions.cloudwatch.errors import validation_error
from hatobin.companions.cloudwatch.expressions import BadExpression, Expression, read_expression
from hatobin.companions.cloudwatch.measurements import check_dimensions
from hatobin.companions.cloudwatch.model import MINUTE_S, MetricKey
from hatobin.companions.cloudwatch.statistics import Statistic, read_statistic
from hatobin.gateway.models import cloudwatch as models
from hatobin.ports import Session

MAX_QUERIES = 500
"""Of one call of GetMetricData."""
SHORT_PERIODS = (1, 5, 10, 20, 30)

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One statistic of one metric, in periods of `period` seconds."""

    key: MetricKey
    statistic: Statistic
    period: int
    unit: str | None = None

    def read(self, session: Session, account_id: str, region: str, start: int, end: int) -> dict[int, float]:
        """Give start of a period → value, of what was measured from `start` to before `end`."""
        units = series.units_of(session, account_id, region, self.key)
        wanted = {number: name for number, name in units.items() if self.unit in (None, name)}
        found: dict[int, float] = {}
        for bucket in points.read_buckets(
            session,
            account_id,
            region,
            wanted,
            start=start,
            end=end,
            period=self.period,
            distributed=self.statistic.percent is not None,
        ):
            value = self.statistic.of(bucket.amount)
            if value is not None:
                # Several units, and none was asked for: as CloudWatch has no rule for it, the first one.
                found.setdefault(start + bucket.number * self.period, value)
        return found


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its id: a metric, or an expression over the others."""

    id: str
    what: MetricQuery | Expression
    label: str
    is_returned: bool


@dataclass(frozen=True, slots=True)
class Queries:
    """All queries of a question, checked. `period` is the longest of its metrics'."""

    all: tuple[Query, ...]
    period: int

    def read(
        self, session: Session, account_id: str, region: str, start: int, end: int, *, aligned: bool = True
    ) -> dict[str, dict[int, float]]:
        """Give the values of each query, from `start` to before `end`; `aligned` rounds it down to its period."""
        found: dict[str, dict[int, float]] = {}
        waiting = list(self.all)
        while waiting:
            query = next(one for one in waiting if _names(one) <= found.keys())
            waiting.remove(query)
            if isinstance(query.what, MetricQuery):
                begin = start - (start % query.what.period if aligned else 0)
                found[query.id] = query.what.read(session, account_id, region, begin, end)
            else:
                begin = start - (start % self.period if aligned else 0)
                found[query.id] = query.what.over(found, range(begin, end, self.period))
        return found


def _names(query: Query) -> frozenset[str]:
    return query.what.names if isinstance(query.what, Expression) else frozenset()


def read_queries(given: Sequence[models.MetricDataQuery], *, limit: int = MAX_QUERIES) -> Queries:
    """Read the queries of a request. Raises `CallerError` (ValidationError)."""
    if not given:
        raise validation_error("The parameter MetricDataQueries is required.")
    if len(given) > limit:
        raise validation_error(f"The collection MetricDataQueries must not have a size greater than {limit}.")
    found = tuple(_query(one) for one in given)
    ids = [query.id for query in found]
    if len(set(ids)) < len(ids):
        raise validation_error("The values for parameter id in MetricDataQueries are not unique.")
    _check_references(found)
    periods = [query.what.period for query in found if isinstance(query.what, MetricQuery)]
    if not periods:
        raise validation_error("At least one of the MetricDataQueries must have a MetricStat.")
    if any(isinstance(query.what, Expression) for query in found) and len(set(periods)) > 1:
        raise validation_error("Metrics that an expression is about must have the same Period.")
    return Queries(found, max(periods))


def _query(given: models.MetricDataQuery) -> Query:
    if not _ID.match(given.id):
        raise validation_error(
            f"The value {given.id} for parameter MetricDataQueries.member.Id is not matching ^[a-z]."
        )
    if (given.metric_stat is None) == (given.expression is None):
        raise validation_error(f"Exactly one of MetricStat and Expression must be given for {given.id}.")
    what: MetricQuery | Expression
    if given.metric_stat is not None:
        what = _metric_query(given.metric_stat)
        label = given.label or what.key.name
    else:
        what = _expression(given.id, given.expression or "")
        label = given.label or given.id
    return Query(given.id, what, label, given.return_data is not False)


def _expression(identifier: str, text: str) -> Expression:
    try:
        return read_expression(text)
    except BadExpression as error:
        raise validation_error(f"Error in expression '{identifier}': {error}") from None


def _metric_query(given: models.MetricStat) -> MetricQuery:
    metric = given.metric
    if not metric.namespace or not metric.metric_name:
        raise validation_error("A MetricStat must name the Namespace and the MetricName of its Metric.")
    statistic = read_statistic(given.stat)
    if statistic is None:
        raise validation_error(f"The value {given.stat} for parameter Stat is not supported.")
    check_period(given.period)
    key = MetricKey(metric.namespace, metric.metric_name, check_dimensions(metric.dimensions, "Dimensions"))
    return MetricQuery(key, statistic, given.period, given.unit)


def check_period(period: int) -> None:
    """Check a period, in seconds. Raises `CallerError` (ValidationError)."""
    if period % MINUTE_S and period not in SHORT_PERIODS:
        raise validation_error("Period must be 10, 30 or a multiple of 60")


def _check_references(queries: Sequence[Query]) -> None:
    """Check that expressions name queries that are there, and not each other in a circle."""
    known: set[str] = set()
    waiting: Mapping[str, Query] = {query.id: query for query in queries}
    while waiting:
        ready = {name for name, query in waiting.items() if _names(query) <= known}
        if not ready:
            name, query = next(iter(waiting.items()))
            strange = sorted(_names(query) - waiting.keys() - known)
            reason = f"Unknown id '{strange[0]}'" if strange else "it depends on itself"
            raise validation_error(f"Error in expression '{name}': {reason}")
        known |= ready
        waiting = {name: query for name, query in waiting.items() if name not in ready}
