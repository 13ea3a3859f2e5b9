"""What the message log asks of the events: who had which, and what was heard of a message afterwards."""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities.queue import IdRange, MessageKey
from hatobin.ports import Session, Value
from hatobin.words.event import EventKind

TOLD = frozenset({EventKind.COMPLAINT, EventKind.OPEN, EventKind.CLICK, EventKind.DELIVERY_DELAY})
"""Kinds that few messages have events of: an index leads from them to their messages."""


class Engagement(Struct, frozen=True):
    """How often a message was opened, clicked or complained about, first and last when (seconds since the epoch)."""

    kind: EventKind
    count: int
    first_at: float
    last_at: float


def messages_with(session: Session, kind: EventKind, within: IdRange, limit: int) -> list[str]:
    """Give up to `limit` ids of messages with an event of one of the kinds `TOLD`, the newest first."""
    assert kind in TOLD, "an index leads to it"
    # The kind in the text, and the index's own condition: only so does SQLite see that the index will do.
    rows = session.execute(
        f"""SELECT DISTINCT message_id FROM event_record
        WHERE account_id = :account_id AND region = :region AND kind = '{kind.value}'
          AND kind IN ('Complaint', 'Open', 'Click', 'DeliveryDelay') AND message_id >= :low AND message_id < :high
        ORDER BY message_id DESC LIMIT :limit""",
        {
            "account_id": within.account_id,
            "region": within.region,
            "low": within.low,
            "high": within.high,
            "limit": limit,
        },
    )
    return [row[0] for row in rows]


def has(session: Session, key: MessageKey, kind: EventKind) -> bool:
    """Say whether a message had an event of a kind."""
    row = session.one(
        """SELECT 1 FROM event_record
        WHERE account_id = :account_id AND region = :region AND message_id = :message_id AND kind = :kind LIMIT 1""",
        {**_key(key), "kind": kind.value},
    )
    return row is not None


def number_of_kind(session: Session, key: MessageKey, kind: EventKind, *, limit: int) -> int:
    """Count a message's events of a kind, as far as `limit`."""
    row = session.one(
        """SELECT COUNT(*) FROM (SELECT 1 FROM event_record WHERE account_id = :account_id AND region = :region
        AND message_id = :message_id AND kind = :kind LIMIT :limit) AS found""",
        {**_key(key), "kind": kind.value, "limit": limit},
    )
    return 0 if row is None else int(row[0])


def engagement(session: Session, key: MessageKey) -> list[Engagement]:
    """Give what was heard of a message after it had left; what was not heard is left out."""
    rows = session.execute(
        """SELECT kind, COUNT(*), MIN(at), MAX(at) FROM event_record
        WHERE account_id = :account_id AND region = :region AND message_id = :message_id
          AND kind IN ('Complaint', 'Open', 'Click') GROUP BY kind ORDER BY kind""",
        _key(key),
    )
    return [Engagement(EventKind(kind), int(count), first, last) for kind, count, first, last in rows]


def _key(key: MessageKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "message_id": key.message_id}
