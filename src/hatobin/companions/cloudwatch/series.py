"""The SQL of the metrics themselves: which there are, when they were last measured, and how many there may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import structlog

from hatobin.companions.cloudwatch.model import (
    DAYS_KEPT_S,
    HOUR_S,
    LISTED_S,
    MAX_METRICS,
    Metric,
    MetricKey,
    dimensions_text,
    read_dimensions,
    series_of,
)
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_log = structlog.get_logger("hatobin.cloudwatch")

_ASKED_AT_ONCE = (1, 2, 4, 16)
"""Few sizes, so that few statements are prepared."""
_NAMES = tuple(f"series_{number}" for number in range(_ASKED_AT_ONCE[-1]))
_LAST = {
    size: f"""SELECT series, last_at FROM cloudwatch_metric
    WHERE account_id = :account_id AND region = :region
      AND series IN ({", ".join(f":{name}" for name in _NAMES[:size])})"""  # noqa: S608 - only names
    for size in _ASKED_AT_ONCE
}
EXPIRED_AT_ONCE = 500

# Not ON CONFLICT alone: on PostgreSQL that would lock the row for every group of messages.
_TOUCH = """
INSERT INTO cloudwatch_metric (account_id, region, series, namespace, name, dimensions, unit, last_at)
SELECT :account_id, :region, :series, :namespace, :name, :dimensions, :unit, :last_at
WHERE NOT EXISTS (
  SELECT 1 FROM cloudwatch_metric
  WHERE account_id = :account_id AND region = :region AND series = :series AND last_at >= :last_at)
ON CONFLICT (account_id, region, series) DO UPDATE SET last_at = excluded.last_at
WHERE cloudwatch_metric.last_at < excluded.last_at"""
_MAKE_ROOM = """
INSERT INTO cloudwatch_total (account_id, region, metrics) VALUES (:account_id, :region, 1)
ON CONFLICT (account_id, region) DO UPDATE SET metrics = cloudwatch_total.metrics + 1
WHERE cloudwatch_total.metrics < :maximum RETURNING metrics"""


def admit(session: Session, last: Mapping[Metric, int], bounded: Collection[Metric]) -> set[Metric]:
    """Note when metrics were last measured, to the hour, and give those that may be measured.

    That is all of them but those of `bounded` that are new where there is no more room. What is not there yet is made.
    """
    by_scope: dict[tuple[str, str], list[Metric]] = {}
    for metric in last:
        by_scope.setdefault((metric.account_id, metric.region), []).append(metric)
    admitted: set[Metric] = set()
    stale: list[dict[str, Value]] = []
    for (account_id, region), of_scope in sorted(by_scope.items()):
        numbers = [series_of(one.key, one.unit) for one in of_scope]
        known = _known(session, account_id, region, numbers)
        for metric, number in zip(of_scope, numbers, strict=True):
            if number not in known and metric in bounded and not _make_room(session, account_id, region):
                _log.warning("too many metrics", account_id=account_id, region=region, name=metric.key.name)
                continue
            admitted.add(metric)
            if known.get(number, -1) < last[metric] - last[metric] % HOUR_S:
                stale.append(_row(metric, last[metric]))
    session.many(_TOUCH, sorted(stale, key=lambda row: (row["account_id"], row["region"], row["series"])))
    return admitted


def _known(session: Session, account_id: str, region: str, wanted: Sequence[int]) -> dict[int, int]:
    """Give those of some metrics that are there, by their numbers, and when each was last measured, at least.

    They are remembered (see `Session.memo`), so one may have been measured later.
    """
    memo: dict[int, int] = session.memo.setdefault(("metrics", account_id, region), {})
    if all(number in memo for number in wanted):
        return memo
    known: dict[int, int] = {}
    for begin in range(0, len(wanted), _ASKED_AT_ONCE[-1]):
        part = list(wanted[begin : begin + _ASKED_AT_ONCE[-1]])
        size = next(size for size in _ASKED_AT_ONCE if size >= len(part))
        parameters: dict[str, Value] = {"account_id": account_id, "region": region}
        # The rest repeats the last one.
        parameters |= zip(_NAMES, part + part[-1:] * (size - len(part)), strict=False)
        known |= {int(series): int(last_at) for series, last_at in session.execute(_LAST[size], parameters)}
    memo |= known
    return known


def _make_room(session: Session, account_id: str, region: str) -> bool:
    row = session.one(_MAKE_ROOM, {"account_id": account_id, "region": region, "maximum": MAX_METRICS})
    return row is not None


def _row(metric: Metric, last_at: int) -> dict[str, Value]:
    return {
        "account_id": metric.account_id,
        "region": metric.region,
        "series": series_of(metric.key, metric.unit),
        "namespace": metric.key.namespace,
        "name": metric.key.name,
        "dimensions": dimensions_text(metric.key.dimensions),
        "unit": metric.unit,
        "last_at": last_at - last_at % HOUR_S,
    }


def units_of(session: Session, account_id: str, region: str, key: MetricKey) -> dict[int, str]:
    """Give the series of a metric with their units; mostly one."""
    rows = session.execute(
        """SELECT series, unit FROM cloudwatch_metric WHERE account_id = :account_id AND region = :region
        AND namespace = :namespace AND name = :name AND dimensions = :dimensions ORDER BY unit""",
        {
            "account_id": account_id,
            "region": region,
            "namespace": key.namespace,
            "name": key.name,
            "dimensions": dimensions_text(key.dimensions),
        },
    )
    return {int(series): unit for series, unit in rows}


def page(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    now: float,
    active_s: int = LISTED_S,
    namespace: str | None = None,
    name: str | None = None,
) -> list[MetricKey]:
    """Give metrics that were measured in the last `active_s` seconds, in their order, whatever their units."""
    after = ("", "", "") if request.after is None else request.after
    conditions, parameters = "", dict[str, Value]()
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            conditions += f" AND {column} = :{column}"
            parameters[column] = value
    rows = session.execute(
        f"""SELECT DISTINCT namespace, name, dimensions FROM cloudwatch_metric
        WHERE account_id = :account_id AND region = :region AND last_at >= :oldest
          AND (namespace, name, dimensions) > (:after_namespace, :after_name, :after_dimensions) {conditions}
        ORDER BY namespace, name, dimensions LIMIT :fetch""",  # noqa: S608 - only names
        {
            "account_id": account_id,
            "region": region,
            "oldest": int(now) - active_s - HOUR_S,
            "after_namespace": after[0],
            "after_name": after[1],
            "after_dimensions": after[2],
            "fetch": request.fetch,
            **parameters,
        },
    )
    return [MetricKey(found, metric_name, read_dimensions(text)) for found, metric_name, text in rows]


def find_expired(session: Session, now: float) -> bool:
    """Say whether there is a metric of which no measurement is kept any more."""
    row = session.one("SELECT 1 FROM cloudwatch_metric WHERE last_at < :before LIMIT 1", {"before": _oldest(now)})
    return row is not None


def _oldest(now: float) -> int:
    return int(now) - DAYS_KEPT_S - HOUR_S


def expire(session: Session, now: float) -> None:
    """Forget up to `EXPIRED_AT_ONCE` metrics of which no measurement is kept any more."""
    rows = session.execute(
        """DELETE FROM cloudwatch_metric WHERE (account_id, region, series) IN (
          SELECT account_id, region, series FROM cloudwatch_metric WHERE last_at < :before LIMIT :limit)
        RETURNING account_id, region, namespace, dimensions""",
        {"before": _oldest(now), "limit": EXPIRED_AT_ONCE},
    )
    gone: dict[tuple[str, str], int] = {}
    for account_id, region, namespace, dimensions in rows:
        # The metrics that every account has are not among those that are counted.
        if not namespace.startswith("AWS/") or read_dimensions(dimensions):
            gone[account_id, region] = gone.get((account_id, region), 0) + 1
    session.many(
        """UPDATE cloudwatch_total SET metrics = CASE WHEN metrics < :gone THEN 0 ELSE metrics - :gone END
        WHERE account_id = :account_id AND region = :region""",
        [{"account_id": scope[0], "region": scope[1], "gone": number} for scope, number in sorted(gone.items())],
    )
