"""The SQL of days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hatobin.ports import Session, Value
from hatobin.words.lane import Lane

KEPT_DAYS = 63
"""How long days are kept: SES shows sixty."""

METRICS = (
    "SEND",
    "DELIVERY",
    "COMPLAINT",
    "PERMANENT_BOUNCE",
    "TRANSIENT_BOUNCE",
    "OPEN",
    "CLICK",
    "DELIVERY_OPEN",
    "DELIVERY_CLICK",
    "DELIVERY_COMPLAINT",
)
DIMENSIONS: Mapping[str, str] = {
    "EMAIL_IDENTITY": "identity",
    "CONFIGURATION_SET": "configuration_set",
    "ISP": "isp",
    "TENANT_NAME": "tenant",
}
"""The API's name of a dimension, and its column."""

_COUNTERS = tuple(f"n_{name.lower()}" for name in METRICS)
_KEY = ("account_id", "region", "day", "identity", "configuration_set", "isp", "tenant", "lane")
_ADD = f"""
INSERT INTO vdm_days ({", ".join((*_KEY, *_COUNTERS))})
VALUES ({", ".join(f":{name}" for name in (*_KEY, *_COUNTERS))})
ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET
  {", ".join(f"{name} = vdm_days.{name} + excluded.{name}" for name in _COUNTERS)}"""


class Day(NamedTuple):
    """A UTC day (since the epoch) of an account, with what a message is counted under; "" where it has none."""

    account_id: str
    region: str
    day: int
    identity: str
    configuration_set: str
    isp: str
    tenant: str


def add_days(session: Session, counts: Mapping[Day, Counter[str]], lane: Lane) -> None:
    """Add counts, in the order of their keys: two nodes that add the same ones wait for each other once."""
    session.many(
        _ADD,
        [
            {
                **dict(zip(_KEY, (*day, int(lane)), strict=True)),
                **{column: found[metric] for column, metric in zip(_COUNTERS, METRICS, strict=True)},
            }
            for day, found in sorted(counts.items(), key=lambda item: tuple(map(str, item[0])))
        ],
    )


def series(
    session: Session,
    account_id: str,
    region: str,
    metric: str,
    wanted: Mapping[str, str],
    days: tuple[int, int],
) -> list[tuple[int, int]]:
    """Give the days of a metric that have a count, in order: those from the first on, before the second.

    `wanted` holds a value for each dimension (`DIMENSIONS`) that is asked for.
    """
    column = _COUNTERS[METRICS.index(metric)]
    conditions, parameters = _conditions(account_id, region, {name: (value,) for name, value in wanted.items()}, days)
    rows = session.execute(
        f"SELECT day, SUM({column}) FROM vdm_days WHERE {conditions} AND {column} > 0 GROUP BY day ORDER BY day",
        parameters,
    )
    return [(int(day), int(count)) for day, count in rows]


def totals(
    session: Session,
    account_id: str,
    region: str,
    wanted: Mapping[str, Sequence[str]],
    days: tuple[int, int],
    *,
    after: tuple[str, ...] | None,
    limit: int,
) -> list[tuple[tuple[str, ...], dict[str, int]]]:
    """Give up to `limit` combinations of the dimensions that are asked for, with the sums of every metric.

    In order, those after one of them. "*" stands for every value; what has no value in a dimension is left out.
    """
    columns = [DIMENSIONS[name] for name in wanted]
    listed = ", ".join(columns)
    conditions, parameters = _conditions(account_id, region, wanted, days)
    conditions += "".join(f" AND {column} <> ''" for column in columns)
    if after is not None:
        conditions += f" AND ({listed}) > ({', '.join(f':after_{column}' for column in columns)})"
        parameters |= {f"after_{column}": value for column, value in zip(columns, after, strict=True)}
    sums = ", ".join(f"SUM({column})" for column in _COUNTERS)
    rows = session.execute(
        f"SELECT {listed}, {sums} FROM vdm_days WHERE {conditions} GROUP BY {listed} ORDER BY {listed} LIMIT :limit",
        {**parameters, "limit": limit},
    )
    split = len(columns)
    return [(tuple(row[:split]), dict(zip(METRICS, map(int, row[split:]), strict=True))) for row in rows]


def _conditions(
    account_id: str, region: str, wanted: Mapping[str, Sequence[str]], days: tuple[int, int]
) -> tuple[str, dict[str, Value]]:
    sql = "account_id = :account_id AND region = :region AND day >= :first AND day < :last"
    parameters: dict[str, Value] = {
        "account_id": account_id,
        "region": region,
        "first": days[0],
        "last": days[1],
    }
    for name, values in wanted.items():
        if "*" in values:
            continue
        column = DIMENSIONS[name]
        places = {f"{column}_{number}": value for number, value in enumerate(values)}
        left = f"lower({column})" if name == "EMAIL_IDENTITY" else column
        right = "lower(:{})" if name == "EMAIL_IDENTITY" else ":{}"
        sql += f" AND {left} IN ({', '.join(right.format(place) for place in places)})"
        parameters |= places
    return sql, parameters


def days_over(session: Session, now: float, limit: int) -> list[int]:
    """Give days of which rows are older than they are kept, at most `limit` of them."""
    rows = session.execute(
        "SELECT DISTINCT day FROM vdm_days WHERE day < :before ORDER BY day LIMIT :limit",
        {"before": int(now) // 86_400 - KEPT_DAYS, "limit": limit},
    )
    return [int(row[0]) for row in rows]


def forget_days(session: Session, days: Sequence[int]) -> None:
    """Remove whole days."""
    session.many("DELETE FROM vdm_days WHERE day = :day", [{"day": day} for day in days])
