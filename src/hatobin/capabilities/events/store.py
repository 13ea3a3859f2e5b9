"""The events' SQL: the record, and the outbox."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hatobin.capabilities.events.model import (
    CHANGE_PREFIX,
    METRICS_TARGET,
    Event,
    OutboxRow,
    RecordedEvent,
)
from hatobin.capabilities.queue import MessageKey
from hatobin.companions import outward
from hatobin.ports import Session, Value
from hatobin.words.event import EventKind

_RECORD = """
INSERT INTO event_record (account_id, region, message_id, kind, at, detail)
VALUES (:account_id, :region, :message_id, :kind, :at, :detail)"""
_OUTBOX = """
INSERT INTO event_outbox (account_id, region, destination, target_arn, message_id, payload, created_at)
VALUES (:account_id, :region, :destination, :target_arn, :message_id, :payload, :at)"""


class Outgoing(Struct, frozen=True):
    """An event on its way into the outbox, for one destination."""

    event: Event
    destination: str
    target_arn: str
    payload: str


def write_down(session: Session, happened: Sequence[Event]) -> None:
    """Append events to the record, in order."""
    session.many(_RECORD, [_row(event) for event in happened])


def fill_outbox(
    session: Session, outgoing: Sequence[Outgoing], measured: Sequence[tuple[str, str, outward.Datum]]
) -> None:
    """Append to the outbox: events, in order, and measurements for a CloudWatch elsewhere."""
    rows = [_outbox_row(one) for one in outgoing] + [_measured(*one) for one in measured]
    if rows:
        session.many(_OUTBOX, rows)


def record_change(
    session: Session, account_id: str, region: str, detail_type: str, resource_arn: str, detail: str, now: float
) -> None:
    """Queue what SES tells the default bus of a resource; events of one resource keep their order."""
    row: dict[str, Value] = {
        "account_id": account_id,
        "region": region,
        "destination": f"{CHANGE_PREFIX}{detail_type}",
        "target_arn": f"arn:aws:events:{region}:{account_id}:event-bus/default",
        "message_id": resource_arn,
        "payload": detail,
        "at": now,
    }
    session.execute(_OUTBOX, row)


def _row(event: Event) -> dict[str, Value]:
    key = event.key
    return {
        "account_id": key.account_id,
        "region": key.region,
        "message_id": key.message_id,
        "kind": event.kind.value,
        "at": event.at,
        "detail": event.detail,
    }


def _outbox_row(outgoing: Outgoing) -> dict[str, Value]:
    event, key = outgoing.event, outgoing.event.key
    return {
        "account_id": key.account_id,
        "region": key.region,
        "destination": outgoing.destination,
        "target_arn": outgoing.target_arn,
        "message_id": key.message_id,
        "payload": outgoing.payload,
        "at": event.at,
    }


def _measured(account_id: str, region: str, datum: outward.Datum) -> dict[str, Value]:
    """Give the row of a measurement for a CloudWatch elsewhere; it is of no single message."""
    return {
        "account_id": account_id,
        "region": region,
        "destination": "",
        "target_arn": METRICS_TARGET,
        "message_id": "",
        "payload": msgspec.json.encode(datum).decode(),
        "at": float(datum.at),
    }


_OUTBOX_COLUMNS = "id, account_id, region, destination, target_arn, message_id, payload, created_at"


def oldest_in_outbox(session: Session, limit: int) -> list[OutboxRow]:
    """Look at the oldest events, in their order; they stay."""
    rows = session.execute(f"SELECT {_OUTBOX_COLUMNS} FROM event_outbox ORDER BY id LIMIT :limit", {"limit": limit})
    return [OutboxRow(*row) for row in rows]


def take_outbox(session: Session, first: int, last: int) -> list[OutboxRow]:
    """Take the events with these numbers out, and those between them, in their order; as far as they are there.

    One statement, so that of two nodes only one gets a row; the other waits for
    the first one's commit, which keeps the order of a message's events.
    """
    rows = session.execute(
        f"DELETE FROM event_outbox WHERE id >= :first AND id <= :last RETURNING {_OUTBOX_COLUMNS}",
        {"first": first, "last": last},
    )
    return [OutboxRow(*row) for row in sorted(rows)]


def backlog(session: Session) -> int:
    """How many events wait in the outbox, by the numbers of the first and the last.

    Two seeks. Rows leave in their order, so this is the count; on PostgreSQL numbers
    may be missing (a transaction rolled back), and it is a little too high.
    """
    row = session.one("SELECT (SELECT MAX(id) FROM event_outbox) - (SELECT MIN(id) FROM event_outbox) + 1")
    return 0 if row is None or row[0] is None else int(row[0])


def oldest_at(session: Session) -> float | None:
    """Give when the oldest event became true that waits in the outbox."""
    row = session.one("SELECT created_at FROM event_outbox ORDER BY id LIMIT 1")
    return None if row is None else float(row[0])


def outbox_by_target(session: Session) -> list[tuple[str, str, str, int, float]]:
    """Count what waits in the outbox: account, region, target, how many, and when the oldest happened."""
    rows = session.execute(
        "SELECT account_id, region, target_arn, COUNT(*), MIN(created_at) FROM event_outbox"
        " GROUP BY account_id, region, target_arn"
    )
    return [(row[0], row[1], row[2], int(row[3]), float(row[4])) for row in rows]


def number(session: Session, key: MessageKey, *, limit: int) -> int:
    """Count a message's events, as far as `limit`."""
    row = session.one(
        """SELECT COUNT(*) FROM (SELECT 1 FROM event_record
        WHERE account_id = :account_id AND region = :region AND message_id = :message_id LIMIT :limit) AS found""",
        {"account_id": key.account_id, "region": key.region, "message_id": key.message_id, "limit": limit},
    )
    return 0 if row is None else int(row[0])


def number_by_message(
    session: Session, account_id: str, region: str, ids: tuple[str, str], kinds: Sequence[EventKind]
) -> dict[tuple[str, str], int]:
    """Count the events of these kinds of the messages from one id to another, by message and kind."""
    names: dict[str, Value] = {f"kind{number}": kind.value for number, kind in enumerate(kinds)}
    rows = session.execute(
        f"""SELECT message_id, kind, COUNT(*) FROM event_record
        WHERE account_id = :account_id AND region = :region AND message_id >= :first AND message_id <= :last
          AND kind IN ({", ".join(f":{name}" for name in names)}) GROUP BY message_id, kind""",
        {"account_id": account_id, "region": region, "first": ids[0], "last": ids[1], **names},
    )
    return {(message_id, kind): int(count) for message_id, kind, count in rows}


def recorded(session: Session, key: MessageKey) -> list[RecordedEvent]:
    """Give a message's events in their order."""
    rows = session.execute(
        """SELECT kind, at, detail FROM event_record
        WHERE account_id = :account_id AND region = :region AND message_id = :message_id ORDER BY id""",
        {"account_id": key.account_id, "region": key.region, "message_id": key.message_id},
    )
    return [RecordedEvent(EventKind(kind), at, detail) for kind, at, detail in rows]
