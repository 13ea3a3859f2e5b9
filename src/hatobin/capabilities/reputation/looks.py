"""The SQL of when the advisor looked at a domain last."""

from __future__ import annotations

from hatobin.capabilities.reputation.store import Resource
from hatobin.ports import Session

LOOKS_KEPT_S = 7 * 86_400.0
"""A domain that is an identity is looked at much more often, so what is older is of none any more."""


def looked_at(session: Session, resource: Resource) -> float:
    """Give when a domain was looked at, 0 for never."""
    row = session.one(
        """SELECT looked_at FROM advice_looks
        WHERE account_id = :account_id AND region = :region AND resource_arn = :resource_arn""",
        resource.values,
    )
    return 0.0 if row is None else float(row[0])


def put_looked_at(session: Session, resource: Resource, now: float) -> None:
    """Note a look; the notes of domains that are long gone go."""
    session.execute(
        """INSERT INTO advice_looks (account_id, region, resource_arn, looked_at)
        VALUES (:account_id, :region, :resource_arn, :now)
        ON CONFLICT (account_id, region, resource_arn) DO UPDATE SET looked_at = excluded.looked_at""",
        {**resource.values, "now": now},
    )
    session.execute("DELETE FROM advice_looks WHERE looked_at < :before", {"before": now - LOOKS_KEPT_S})
