"""The SQL of queues and messages.

Receiving takes rows in the order in which they became visible, straight from
an index; those of one moment in the order in which they were sent. It updates
on condition of what it has seen, so that two servers that receive at once
never hand out the same receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec

from hatobin.companions.sqs.model import (
    Counts,
    Draft,
    Message,
    MessageAttribute,
    Queue,
    QueueKey,
    Receipt,
    Redrive,
)
from hatobin.ports import Row, Session, Value

RECEIVE_ROUNDS = 16
QUEUES_READ = 256
"""So many queues are kept as what their rows say."""

_QUEUE = "account_id = :account_id AND region = :region AND queue_name = :queue_name"
MESSAGES = "account_id = :account_id AND region = :region AND queue_id = :queue_id"
"""The condition that names the messages of a queue."""
_MESSAGE = f"{MESSAGES} AND id = :id"

_attributes_decoder = msgspec.json.Decoder(dict[str, MessageAttribute])
_strings_decoder = msgspec.json.Decoder(dict[str, str])


class _Found(NamedTuple):
    """A row on its way to a receiver."""

    id: int
    message_id: str
    body: str
    attributes: str
    sender_id: str
    sent_at: float
    receive_count: int
    first_received_at: float | None
    trace_header: str | None
    dead_letter_source: str | None
    expires_at: float
    receive_base: int

    def receipt(self, queue: Queue) -> Receipt:
        """Give the latest receipt."""
        return Receipt(queue.queue_id, self.id, self.receive_count)


_RECEIVED = ", ".join(_Found._fields)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one receive took, and the dead-letter queues that got something on the way."""

    messages: tuple[Message, ...]
    moved_to: frozenset[QueueKey]


def find_queue(session: Session, key: QueueKey) -> Queue | None:
    """Give a queue, or None."""
    row = session.one(
        f"SELECT queue_id, attributes, created_at, modified_at FROM sqs_queue WHERE {_QUEUE}",
        _queue_parameters(key),
    )
    return None if row is None else queue_of(key, row)


@lru_cache(maxsize=QUEUES_READ)
def queue_of(key: QueueKey, row: Row) -> Queue:
    """Read a row of a queue: its id, its attributes, when it was made, and when it was changed."""
    queue_id, attributes, created_at, modified_at = row
    return Queue(key, queue_id, _strings_decoder.decode(attributes), created_at, modified_at)


def insert_queue(session: Session, queue: Queue, tags: Mapping[str, str]) -> None:
    """Keep a new queue."""
    session.execute(
        "INSERT INTO sqs_queue"
        " (account_id, region, queue_name, queue_id, attributes, tags, created_at, modified_at)"
        " VALUES (:account_id, :region, :queue_name, :queue_id, :attributes, :tags, :created_at, :modified_at)",
        {
            **_queue_parameters(queue.key),
            "queue_id": queue.queue_id,
            "attributes": _json(queue.attributes),
            "tags": _json(tags),
            "created_at": queue.created_at,
            "modified_at": queue.modified_at,
        },
    )


def update_attributes(session: Session, key: QueueKey, attributes: Mapping[str, str], *, now: float) -> None:
    """Replace the attributes of a queue."""
    session.execute(
        f"UPDATE sqs_queue SET attributes = :attributes, modified_at = :now WHERE {_QUEUE}",
        {**_queue_parameters(key), "attributes": _json(attributes), "now": now},
    )


def queue_tags(session: Session, key: QueueKey) -> dict[str, str] | None:
    """Give the tags of a queue, or None when there is no such queue."""
    row = session.one(f"SELECT tags FROM sqs_queue WHERE {_QUEUE}", _queue_parameters(key))
    return None if row is None else _strings_decoder.decode(row[0])


def update_tags(session: Session, key: QueueKey, tags: Mapping[str, str]) -> None:
    """Replace the tags of a queue."""
    session.execute(
        f"UPDATE sqs_queue SET tags = :tags WHERE {_QUEUE}",
        {**_queue_parameters(key), "tags": _json(tags)},
    )


def delete_queue(session: Session, queue: Queue) -> None:
    """Remove a queue; its messages are gone for everyone at once and removed later."""
    session.execute(f"DELETE FROM sqs_queue WHERE {_QUEUE}", _queue_parameters(queue.key))
    _retire(session, queue)


def purge_queue(session: Session, queue: Queue, *, new_queue_id: str) -> None:
    """Empty a queue at once, whatever its length."""
    session.execute(
        f"UPDATE sqs_queue SET queue_id = :queue_id WHERE {_QUEUE}",
        {**_queue_parameters(queue.key), "queue_id": new_queue_id},
    )
    _retire(session, queue)


def list_queue_names(
    session: Session, *, account_id: str, region: str, prefix: str, after: str, limit: int
) -> list[str]:
    """Give queue names that start with `prefix` and follow `after`, in order."""
    rows = session.execute(
        "SELECT queue_name FROM sqs_queue WHERE account_id = :account_id AND region = :region"
        " AND queue_name > :after AND substr(queue_name, 1, :length) = :prefix ORDER BY queue_name LIMIT :limit",
        {
            "account_id": account_id,
            "region": region,
            "after": after,
            "length": len(prefix),
            "prefix": prefix,
            "limit": limit,
        },
    )
    return [row[0] for row in rows]


def count_messages(session: Session, queue: Queue, *, now: float) -> Counts:
    """Count what is visible, in flight and delayed."""
    row = session.one(
        "SELECT COUNT(CASE WHEN visible_at <= :now THEN 1 END),"
        " COUNT(CASE WHEN visible_at > :now AND receive_count > 0 THEN 1 END),"
        " COUNT(CASE WHEN visible_at > :now AND receive_count = 0 THEN 1 END)"
        f" FROM sqs_message WHERE {MESSAGES}",
        {**message_parameters(queue), "now": now},
    )
    return Counts(*row) if row else Counts(0, 0, 0)


def send(session: Session, queue: Queue, drafts: Sequence[Draft], *, now: float) -> None:
    """Put messages into a queue."""
    alike = {
        **message_parameters(queue),
        "now": now,
        "expires_at": now + queue.seconds("MessageRetentionPeriod"),
    }
    session.many(
        "INSERT INTO sqs_message"
        " (account_id, region, queue_id, message_id, body, attributes, trace_header, sender_id, sent_at,"
        " visible_at, expires_at, receive_count, receive_base)"
        " VALUES (:account_id, :region, :queue_id, :message_id, :body, :attributes, :trace_header, :sender_id, :now,"
        " :visible_at, :expires_at, 0, 0)",
        [
            {
                **alike,
                "message_id": draft.message_id,
                "body": draft.body,
                "attributes": _json(draft.attributes) if draft.attributes else "{}",
                "trace_header": draft.trace_header,
                "sender_id": draft.sender_id,
                "visible_at": now + draft.delay_s,
            }
            for draft in drafts
        ],
    )


def has_visible(session: Session, queue: Queue, *, now: float) -> bool:
    """Say whether a receive would look at something now."""
    return (
        session.one(
            f"SELECT 1 FROM sqs_message WHERE {MESSAGES} AND visible_at <= :now LIMIT 1",
            {**message_parameters(queue), "now": now},
        )
        is not None
    )


def receive(session: Session, queue: Queue, *, limit: int, visibility_s: int, now: float) -> Batch:
    """Take up to `limit` visible messages out of sight for `visibility_s` seconds.

    Expired messages on the way are removed, those received too often move to
    the dead-letter queue. The work is bounded: behind a long row of such
    messages a receive may come back empty, and the next one gets further.
    """
    dead_letters = _dead_letter_queue(session, queue.redrive)
    taken: dict[int, Message] = {}
    moved = False
    for _ in range(RECEIVE_ROUNDS):
        rows = session.execute(
            f"SELECT {_RECEIVED} FROM sqs_message"
            f" WHERE {MESSAGES} AND visible_at <= :now ORDER BY visible_at, id LIMIT :limit",
            {**message_parameters(queue), "now": now, "limit": limit},
        )
        fresh = [found for found in map(_Found._make, rows) if found.id not in taken]
        for found in fresh:
            if found.expires_at <= now:
                delete_message(session, queue, found.receipt(queue))
            elif dead_letters is not None and found.receive_count - found.receive_base >= dead_letters[1]:
                _move(session, queue, found, dead_letters[0], now=now)
                moved = True
            elif len(taken) < limit and _take(session, queue, found, visible_at=now + visibility_s, now=now):
                taken[found.id] = _message(queue, found, now=now)
        if not fresh or len(taken) >= limit:
            break
    targets = frozenset([dead_letters[0].key]) if moved and dead_letters is not None else frozenset()
    return Batch(tuple(taken.values()), targets)


def delete_message(session: Session, queue: Queue, receipt: Receipt) -> bool:
    """Remove a message if this is its latest receipt; false when it is not or is gone."""
    return bool(
        session.execute(
            f"DELETE FROM sqs_message WHERE {_MESSAGE} AND receive_count = :receive_count RETURNING id",
            {**message_parameters(queue), "id": receipt.id, "receive_count": receipt.receive_count},
        )
    )


def change_visibility(
    session: Session, queue: Queue, receipt: Receipt, *, visible_at: float, now: float
) -> bool | None:
    """Set when a message in flight is seen again: false when it is not in flight, None when it is gone."""
    parameters = {**message_parameters(queue), "id": receipt.id}
    row = session.one(
        f"SELECT visible_at, receive_count FROM sqs_message WHERE {_MESSAGE}",
        parameters,
    )
    if row is None or receipt.queue_id != queue.queue_id:
        return None
    if row[0] <= now or row[1] != receipt.receive_count:
        return False
    session.execute(
        f"UPDATE sqs_message SET visible_at = :visible_at WHERE {_MESSAGE} AND receive_count = :receive_count",
        {**parameters, "visible_at": visible_at, "receive_count": receipt.receive_count},
    )
    return True


def _dead_letter_queue(session: Session, redrive: Redrive | None) -> tuple[Queue, int] | None:
    # Without a target the messages stay where they are, as at AWS.
    target = find_queue(session, redrive.target) if redrive is not None else None
    return None if redrive is None or target is None else (target, redrive.max_receives)


def _take(session: Session, queue: Queue, found: _Found, *, visible_at: float, now: float) -> bool:
    return bool(
        session.execute(
            "UPDATE sqs_message SET visible_at = :visible_at, receive_count = receive_count + 1,"
            " first_received_at = COALESCE(first_received_at, :now)"
            f" WHERE {_MESSAGE} AND receive_count = :seen RETURNING id",
            {
                **message_parameters(queue),
                "id": found.id,
                "visible_at": visible_at,
                "now": now,
                "seen": found.receive_count,
            },
        )
    )


def _move(session: Session, queue: Queue, found: _Found, target: Queue, *, now: float) -> None:
    # Retention keeps counting from when the message was first sent: SQS developer guide, "dead-letter queues".
    session.execute(
        "UPDATE sqs_message SET account_id = :to_account, region = :to_region, queue_id = :to_queue,"
        " visible_at = :now, expires_at = sent_at + :retention_s, receive_base = receive_count,"
        f" dead_letter_source = :source WHERE {_MESSAGE} AND receive_count = :seen",
        {
            **message_parameters(queue),
            "id": found.id,
            "seen": found.receive_count,
            "to_account": target.key.account_id,
            "to_region": target.key.region,
            "to_queue": target.queue_id,
            "retention_s": target.seconds("MessageRetentionPeriod"),
            "source": queue.key.arn,
            "now": now,
        },
    )


def _message(queue: Queue, found: _Found, *, now: float) -> Message:
    receive_count = found.receive_count + 1
    return Message(
        message_id=found.message_id,
        body=found.body,
        attributes=_attributes_decoder.decode(found.attributes),
        sender_id=found.sender_id,
        sent_at=found.sent_at,
        receive_count=receive_count,
        first_received_at=found.first_received_at if found.first_received_at is not None else now,
        receipt_handle=Receipt(queue.queue_id, found.id, receive_count).handle,
        trace_header=found.trace_header,
        dead_letter_source=found.dead_letter_source,
    )


def _retire(session: Session, queue: Queue) -> None:
    session.execute(
        "INSERT INTO sqs_retired (account_id, region, queue_id) VALUES (:account_id, :region, :queue_id)",
        message_parameters(queue),
    )


def _queue_parameters(key: QueueKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "queue_name": key.name}


def message_parameters(queue: Queue) -> dict[str, Value]:
    """Give the parameters of `MESSAGES`."""
    return {"account_id": queue.key.account_id, "region": queue.key.region, "queue_id": queue.queue_id}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
