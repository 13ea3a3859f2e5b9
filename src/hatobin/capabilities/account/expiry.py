"""Minutes and quarters of an hour that are over, of accounts that have stopped sending.

An account that sends drops its own: `quota` when a minute begins, `store`
when a quarter does. What the last ones left is found here by key.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities.account.model import QUOTA_WINDOW_MINUTES, STATISTICS_KEPT_S
from hatobin.ports import Session
from hatobin.ports.walk import Piece, Place, Table, conditions, walk

_MINUTES = Table("account_minutes", "minute", -1)
_STATISTICS = Table("account_statistics", "starts_at", -1)


def find_expired_minutes(session: Session, start: Place[int] | None, *, now: float, limit: int) -> Piece[int]:
    """Give up to `limit` minutes that count for no daily quota any more."""
    oldest = int(now) // 60 - QUOTA_WINDOW_MINUTES
    return walk(session, _MINUTES, start, bound=lambda _: oldest, limit=limit)


def remove_minutes(session: Session, expired: Sequence[Place[int]]) -> None:
    """Remove minutes."""
    for condition, parameters in conditions(_MINUTES, expired):
        session.execute(f"DELETE FROM account_minutes WHERE {condition}", parameters)  # noqa: S608 - only names


def find_expired_statistics(session: Session, start: Place[int] | None, *, now: float, limit: int) -> Piece[int]:
    """Give up to `limit` points that GetSendStatistics does not show any more."""
    oldest = int(now) - STATISTICS_KEPT_S
    return walk(session, _STATISTICS, start, bound=lambda _: oldest, limit=limit)


def remove_statistics(session: Session, expired: Sequence[Place[int]]) -> None:
    """Remove points."""
    for condition, parameters in conditions(_STATISTICS, expired):
        session.execute(f"DELETE FROM account_statistics WHERE {condition}", parameters)  # noqa: S608 - only names
