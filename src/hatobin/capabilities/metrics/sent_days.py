"""What was sent from a domain, by day."""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities.metrics.reputation import ScopeKind
from hatobin.ports import Session

_DAY_HOURS = 24


class SentDay(Struct, frozen=True):
    """A day in UTC by its first second, and what was really sent then, hard-bounced and complained about."""

    day: int
    sends: int
    bounces: int
    complaints: int


def sent_by_day(
    session: Session, account_id: str, region: str, domain: str, between: tuple[float, float]
) -> list[SentDay]:
    """Give the days between two moments on which a domain identity or an address of it sent, the oldest first."""
    rows = session.execute(
        f"""SELECT hour / {_DAY_HOURS}, SUM(sends), SUM(bounces), SUM(complaints) FROM sending_hours
        WHERE account_id = :account_id AND region = :region AND scope = :scope
          AND (name = :domain OR name LIKE :address)
          AND hour >= :first AND hour <= :last
        GROUP BY hour / {_DAY_HOURS} ORDER BY hour / {_DAY_HOURS}""",  # noqa: S608 - a constant
        {
            "account_id": account_id,
            "region": region,
            "scope": ScopeKind.IDENTITY.value,
            "domain": domain,
            "address": f"%@{domain}",
            "first": int(between[0]) // 3600,
            "last": int(between[1]) // 3600,
        },
    )
    return [
        SentDay(int(day) * 86_400, int(sends), int(bounces), int(complaints))
        for day, sends, bounces, complaints in rows
    ]
