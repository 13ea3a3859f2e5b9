"""Recording: how rooms and PutMetricData put measurements in, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.companions.cloudwatch import points, series
from hatobin.companions.cloudwatch.model import Amount, Lane, Metric
from hatobin.ports import Session


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
    counts = dict(builtin)
    if chosen:
        admitted = series.admit(session, {metric for metric, _ in chosen})
        counts |= {key: amount for key, amount in chosen.items() if key[0] in admitted}
    points.add_counts(session, counts, lane)
    series.touch(session, _last(counts))


def record_values(session: Session, amounts: Mapping[tuple[Metric, int], Amount]) -> None:
    """Add what PutMetricData brought, with its distributions; what is beyond `MAX_METRICS` is not kept."""
    admitted = series.admit(session, {metric for metric, _ in amounts})
    kept = {key: amount for key, amount in amounts.items() if key[0] in admitted}
    points.add_distributed(session, kept, Lane.API)
    series.touch(session, _last(kept))


def record_rate(session: Session, metric: Metric, starts_at: int, value: float) -> None:
    """Add one measured value of a metric that every account has."""
    counts = {(metric, starts_at): Amount(1, value, value, value)}
    points.add_counts(session, counts, Lane.RATES)
    series.touch(session, _last(counts))


def _last(amounts: Mapping[tuple[Metric, int], Amount]) -> dict[Metric, int]:
    last: dict[Metric, int] = {}
    for metric, starts_at in amounts:
        last[metric] = max(starts_at, last.get(metric, 0))
    return last
