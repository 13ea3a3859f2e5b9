"""The SQL of measurements: adding them, reading them by period, and making them coarser with age.

A measurement is in exactly one row: that of its minute, from its sixteenth
day on that of its hour, from its sixty-fourth that of its day. So whatever is
read is the sum over the rows of a time, whatever their age.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hatobin.companions.cloudwatch.model import (
    DAY_S,
    DAYS_KEPT_S,
    HOUR_S,
    HOURS_KEPT_S,
    MINUTE_S,
    MINUTES_KEPT_S,
    Amount,
    Metric,
    series_of,
)
from hatobin.companions.cloudwatch.sketch import merged_texts, together
from hatobin.ports import Session, Value
from hatobin.words.lane import Lane

AGED_AT_ONCE = 500
"""Rows that one transaction of the upkeep makes coarser or removes."""

_UPSERT = """
INSERT INTO cloudwatch_point
  (account_id, region, series, starts_at, period, lane, samples, total, minimum, maximum, distribution)
VALUES
  (:account_id, :region, :series, :starts_at, :period, :lane, :samples, :total, :minimum, :maximum, :distribution)
ON CONFLICT (account_id, region, series, starts_at, period, lane) DO UPDATE SET
  samples = cloudwatch_point.samples + excluded.samples,
  total = cloudwatch_point.total + excluded.total,
  minimum = CASE WHEN excluded.minimum < cloudwatch_point.minimum
    THEN excluded.minimum ELSE cloudwatch_point.minimum END,
  maximum = CASE WHEN excluded.maximum > cloudwatch_point.maximum
    THEN excluded.maximum ELSE cloudwatch_point.maximum END"""
_DISTRIBUTED = f"{_UPSERT}\nRETURNING samples, minimum, maximum, distribution"
_DISTRIBUTE = """
UPDATE cloudwatch_point SET distribution = :distribution
WHERE account_id = :account_id AND region = :region AND series = :series AND starts_at = :starts_at
  AND period = :period AND lane = :lane"""
_KEY = "account_id, region, series, starts_at, period, lane"

# From which period to which, and after how long; the last ones are only removed.
_AGES = ((MINUTE_S, MINUTES_KEPT_S, HOUR_S), (HOUR_S, HOURS_KEPT_S, DAY_S), (DAY_S, DAYS_KEPT_S, 0))


class Bucket(Struct, frozen=True):
    """What was measured in one period of a question, by its number from the beginning."""

    number: int
    unit: str
    amount: Amount


def add_counts(session: Session, counts: Mapping[tuple[Metric, int], Amount], lane: Lane) -> None:
    """Add measurements that are all alike (counts of events): (metric, start of the minute) → amount."""
    rows = [_row(metric, starts_at, lane, amount) for (metric, starts_at), amount in counts.items()]
    session.many(_UPSERT, sorted(rows, key=_order))  # The order of every node: see `Database.write`.


def add_distributed(session: Session, amounts: Mapping[tuple[Metric, int], Amount], lane: Lane) -> None:
    """Add measurements with the distribution of their values."""
    rows = sorted(
        (_row(metric, starts_at, lane, amount) for (metric, starts_at), amount in amounts.items()), key=_order
    )
    for row in rows:
        _add_row(session, row)


def _add_row(session: Session, row: dict[str, Value]) -> None:
    """Add to a row, which is locked from then on, and put the distributions together."""
    found = session.one(_DISTRIBUTED, row)
    assert found is not None, "RETURNING gives the row"
    samples, minimum, maximum, before = found
    if samples == row["samples"]:
        return  # A new row has its distribution already.
    merged = merged_texts(before, row["distribution"]) if minimum != maximum else before
    if merged != before:
        key = {name: row[name] for name in _KEY.split(", ")}
        session.execute(_DISTRIBUTE, {**key, "distribution": merged})


def _row(metric: Metric, starts_at: int, lane: int, amount: Amount, period: int = MINUTE_S) -> dict[str, Value]:
    return {
        "account_id": metric.account_id,
        "region": metric.region,
        "series": series_of(metric.key, metric.unit),
        "starts_at": starts_at,
        "period": period,
        "lane": int(lane),
        "samples": float(amount.samples),
        "total": float(amount.total),
        "minimum": amount.minimum,
        "maximum": amount.maximum,
        "distribution": amount.distribution,
    }


def _order(row: Mapping[str, Value]) -> tuple[Value, ...]:
    return row["account_id"], row["region"], row["series"], row["starts_at"], row["period"]


def read_buckets(
    session: Session,
    account_id: str,
    region: str,
    units: Mapping[int, str],
    *,
    start: int,
    end: int,
    period: int,
    distributed: bool = False,
) -> list[Bucket]:
    """Give what was measured of some series (number → unit) from `start` to before `end`, in periods from `start` on.

    Periods without measurements are left out; what has several units has a bucket for each. `distributed` also
    reads the distributions.
    """
    found: list[Bucket] = []
    for series, unit in units.items():
        where: dict[str, Value] = {"account_id": account_id, "region": region, "series": series}
        rows = session.execute(
            _READ_EACH if distributed else _READ, {**where, "start": start, "end": end, "period": period}
        )
        by_number: dict[int, list[Amount]] = {}
        for number, *amount in rows:
            by_number.setdefault(int(number), []).append(Amount(*amount))
        found += [Bucket(number, unit, together(amounts)) for number, amounts in by_number.items()]
    return sorted(found, key=lambda bucket: (bucket.number, bucket.unit))


_OF_SERIES = """FROM cloudwatch_point
WHERE account_id = :account_id AND region = :region AND series = :series AND starts_at >= :start AND starts_at < :end"""
_READ = f"""SELECT (starts_at - :start) / :period AS number, SUM(samples), SUM(total), MIN(minimum), MAX(maximum)
{_OF_SERIES} GROUP BY number"""
_READ_EACH = f"""SELECT (starts_at - :start) / :period, samples, total, minimum, maximum, distribution {_OF_SERIES}"""


def find_aged(session: Session, now: float) -> bool:
    """Say whether anything is old enough to be made coarser or to be removed."""
    return any(
        session.one(
            "SELECT 1 FROM cloudwatch_point WHERE period = :period AND starts_at < :before LIMIT 1",
            {"period": period, "before": _before(now, kept_s, longer)},
        )
        for period, kept_s, longer in _AGES
    )


def age(session: Session, now: float) -> int:
    """Put up to `AGED_AT_ONCE` rows of each period into longer ones, or remove them; give how many there were.

    A row is taken out and added elsewhere in one transaction, so that nothing is counted twice or lost.
    """
    taken = 0
    for period, kept_s, longer in _AGES:
        rows = session.execute(
            f"""DELETE FROM cloudwatch_point WHERE ({_KEY}) IN (
              SELECT {_KEY} FROM cloudwatch_point WHERE period = :period AND starts_at < :before
              ORDER BY starts_at LIMIT :limit)
            RETURNING account_id, region, series, starts_at, lane, samples, total, minimum, maximum,
              distribution""",  # noqa: S608 - only names
            {"period": period, "before": _before(now, kept_s, longer), "limit": AGED_AT_ONCE},
        )
        taken += len(rows)
        if longer:
            for row in sorted(rows, key=lambda row: row[:4]):
                _add_row(session, _coarser(row, longer))
    return taken


def _before(now: float, kept_s: int, longer: int) -> int:
    """Give the moment before which rows go; a whole longer period at once."""
    before = int(now) - kept_s
    return before - before % longer if longer else before


def _coarser(row: tuple[object, ...], longer: int) -> dict[str, Value]:
    account_id, region, series, starts_at, lane, samples, total, minimum, maximum, distribution = row
    assert isinstance(starts_at, int), "a column of whole numbers"
    values = (account_id, region, series, starts_at - starts_at % longer, longer, lane, samples, total)
    names = (*_KEY.split(", "), "samples", "total", "minimum", "maximum", "distribution")
    return dict(zip(names, (*values, minimum, maximum, distribution), strict=True))  # type: ignore[arg-type]
