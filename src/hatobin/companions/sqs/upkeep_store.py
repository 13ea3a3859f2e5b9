"""The SQL of the upkeep: messages whose retention is over, and what purged and deleted queues left behind."""

from __future__ import annotations

from hatobin.companions.sqs.model import Queue, QueueKey
from hatobin.companions.sqs.store import MESSAGES, message_parameters, queue_of
from hatobin.ports import Session, Value

UPKEEP_ROWS = 500
"""Messages that one transaction removes."""
UPKEEP_QUEUES = 50
"""Queues that are looked at in one step."""
LOOKED_AT = 20
"""Messages of a queue that are looked at."""


def queues_after(session: Session, after: Queue | None) -> list[Queue]:
    """Give up to `UPKEEP_QUEUES` queues of all accounts, in order, from behind one."""
    key = QueueKey("", "", "") if after is None else after.key
    rows = session.execute(
        "SELECT account_id, region, queue_name, queue_id, attributes, created_at, modified_at FROM sqs_queue"
        " WHERE (account_id, region, queue_name) > (:account_id, :region, :queue_name)"
        " ORDER BY account_id, region, queue_name LIMIT :limit",
        {"account_id": key.account_id, "region": key.region, "queue_name": key.name, "limit": UPKEEP_QUEUES},
    )
    return [queue_of(QueueKey(*row[:3]), row[3:]) for row in rows]


def has_expired(session: Session, queue: Queue, *, now: float) -> bool:
    """Say whether the retention of one of the first messages of a queue is over."""
    row = session.one(
        f"SELECT MIN(expires_at) FROM (SELECT expires_at FROM sqs_message WHERE {MESSAGES}"
        " ORDER BY visible_at, id LIMIT :limit) AS first",
        {**message_parameters(queue), "limit": LOOKED_AT},
    )
    return row is not None and row[0] is not None and row[0] <= now


def remove_expired(session: Session, queue: Queue, *, now: float) -> int:
    """Remove messages whose retention is over among the first `UPKEEP_ROWS` of a queue, and say how many.

    Those behind longer-lived ones, which there are where somebody shortened the
    queue's retention, go when they come to the front, or when a receive meets them.
    """
    return len(
        session.execute(
            f"DELETE FROM sqs_message WHERE expires_at <= :now AND id IN (SELECT id FROM sqs_message"
            f" WHERE {MESSAGES} ORDER BY visible_at, id LIMIT :limit) RETURNING 1",
            {**message_parameters(queue), "now": now, "limit": UPKEEP_ROWS},
        )
    )


def remove_retired(session: Session) -> bool:
    """Remove up to `UPKEEP_ROWS` messages of one purged or deleted queue; false when none is left."""
    row = session.one("SELECT account_id, region, queue_id FROM sqs_retired LIMIT 1")
    if row is None:
        return False
    parameters: dict[str, Value] = {"account_id": row[0], "region": row[1], "queue_id": row[2]}
    removed = session.execute(
        f"DELETE FROM sqs_message WHERE id IN (SELECT id FROM sqs_message WHERE {MESSAGES} LIMIT :limit) RETURNING 1",
        {**parameters, "limit": UPKEEP_ROWS},
    )
    if not removed:
        session.execute(f"DELETE FROM sqs_retired WHERE {MESSAGES}", parameters)
    return True
