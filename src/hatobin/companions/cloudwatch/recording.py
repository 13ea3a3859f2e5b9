"""Recording: how rooms and PutMetricData put measurements in, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.companions.cloudwatch import points, series
from hatobin.companions.cloudwatch.model import Amount, Metric
from hatobin.ports import Session
from hatobin.words.lane import Lane


def record_counts(
    session: Session,
    builtin: Mapping[tuple[Metric, int], Amount],
    chosen: Mapping[tuple[Metric, int], Amount],
    lane: Lane,
) -> None:
    """Add counts of events: (metric, start of the minute) → amount.

    `builtin` are the few metrics that every account has; `chosen` those whose dimensions somebody thought of, of
    which an account may have `MAX_METRICS`: what is beyond is not counted.
    """
    counts = {**builtin, **chosen}
    admitted = series.admit(session, _last(counts), {metric for metric, _ in chosen})
    points.add_counts(session, {key: amount for key, amount in counts.items() if key[0] in admitted}, lane)


def record_values(session: Session, amounts: Mapping[tuple[Metric, int], Amount]) -> None:
    """Add what PutMetricData brought, with its distributions; what is beyond `MAX_METRICS` is not kept."""
    last = _last(amounts)
    admitted = series.admit(session, last, last)
    kept = {key: amount for key, amount in amounts.items() if key[0] in admitted}
    points.add_distributed(session, kept, Lane.API)


def record_rates(session: Session, rates: Mapping[Metric, float], starts_at: int) -> None:
    """Add one measured value each; metrics with dimensions are of those that an account may have `MAX_METRICS` of."""
    amounts = {(metric, starts_at): Amount(1, value, value, value) for metric, value in rates.items()}
    builtin = {place: amount for place, amount in amounts.items() if not place[0].key.dimensions}
    chosen = {place: amount for place, amount in amounts.items() if place[0].key.dimensions}
    record_counts(session, builtin, chosen, Lane.RATES)


def _last(amounts: Mapping[tuple[Metric, int], Amount]) -> dict[Metric, int]:
    last: dict[Metric, int] = {}
    for metric, starts_at in amounts:
        last[metric] = max(starts_at, last.get(metric, 0))
    return last
