"""Figures of the queue that cost little at any size.

What is queued is counted on the two partial indexes that hold nothing else;
what has become final is added up as it happens, one row per account, region
and state. `store.figures` counts the rows themselves, for tests and the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hatobin.ports import Session, Value
from hatobin.words.outcome import RecipientState

POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"

Counts = Counter[tuple[str, str, str]]
"""(account, region, what) → how many more."""

_ADD = """
INSERT INTO queue_total (account_id, region, what, total) VALUES (:account_id, :region, :what, :total)
ON CONFLICT (account_id, region, what) DO UPDATE SET total = queue_total.total + excluded.total"""


@dataclass(frozen=True, slots=True)
class QueueTotals:
    """Recipients of all accounts: those that wait, and those that ever became final."""

    waiting: int
    """Queued and held by no worker: due now or later."""
    leased: int
    """Queued and held by a worker."""
    final: Mapping[RecipientState, int]
    possible_duplicates: int
    oldest_at: float | None
    """When the oldest that is still to be served was accepted."""
    due_at: float | None
    """When the first of those that nobody holds is due, or was."""

    @property
    def queued(self) -> int:
        """All that are still to be served."""
        return self.waiting + self.leased


def add(session: Session, counts: Counts) -> None:
    """Add to the totals, in the order of their keys: two nodes that add the same ones wait for each other once."""
    rows: list[Mapping[str, Value]] = [
        {"account_id": account_id, "region": region, "what": what, "total": count}
        for (account_id, region, what), count in sorted(counts.items())
        if count
    ]
    if rows:
        session.many(_ADD, rows)


def totals(session: Session) -> QueueTotals:
    """Give the figures. A million queued recipients take some tens of milliseconds, final ones nothing."""
    # Ids say when a message was accepted (`accepted_at_s`), and come with the key, so no other row is read.
    waiting = session.one(
        """SELECT COUNT(*), MIN(substr(message_id, 5, 12)), MIN(due_at) FROM queue_recipient
        WHERE state = 0 AND lease_worker IS NULL"""
    )
    leased = session.one(
        """SELECT COUNT(*), MIN(substr(message_id, 5, 12)) FROM queue_recipient
        WHERE state = 0 AND lease_worker IS NOT NULL"""
    )
    by_name: dict[str, int] = dict(session.execute("SELECT what, SUM(total) FROM queue_total GROUP BY what"))
    assert waiting is not None and leased is not None  # noqa: PT018 - COUNT gives a row
    return QueueTotals(
        waiting=int(waiting[0]),
        leased=int(leased[0]),
        final={state: int(by_name.get(state.name, 0)) for state in RecipientState if state},
        possible_duplicates=int(by_name.get(POSSIBLE_DUPLICATE, 0)),
        oldest_at=min((int(text, 16) / 1000 for text in (waiting[1], leased[1]) if text), default=None),
        due_at=waiting[2],
    )


def workers(session: Session) -> list[float]:
    """Give the last beat of every worker that is remembered, in seconds since the epoch."""
    return [float(row[0]) for row in session.execute("SELECT beat_at FROM queue_worker ORDER BY worker")]
