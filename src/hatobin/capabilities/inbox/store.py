"""The inbox's SQL."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.capabilities import queue
from hatobin.capabilities.inbox.model import Captured, InboxEntry
from hatobin.capabilities.queue import MessageKey
from hatobin.ports import Row, Session
from hatobin.ports.walk import Place, Table, conditions

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ENTRIES = Table("inbox_message", "message_id", "")
_COLUMNS = "id, account_id, region, message_id, reverse_path, recipients, subject, received_at"
_KEEP = """
INSERT INTO inbox_message (account_id, region, message_id, reverse_path, recipients, subject, received_at)
VALUES (:account_id, :region, :message_id, :reverse_path, :recipients, :subject, :received_at)"""


def keep(session: Session, captured: Sequence[Captured]) -> None:
    """Put messages into the inbox, in order."""
    session.many(
        _KEEP,
        [
            {
                "account_id": one.key.account_id,
                "region": one.key.region,
                "message_id": one.key.message_id,
                "reverse_path": one.reverse_path,
                "recipients": msgspec.json.encode(one.recipients).decode(),
                "subject": one.subject,
                "received_at": one.at,
            }
            for one in captured
        ],
    )


def holds(session: Session, key: MessageKey) -> bool:
    """Say whether the inbox shows a message, and so needs its content."""
    row = session.one(
        """SELECT 1 FROM inbox_message
        WHERE account_id = :account_id AND region = :region AND message_id = :message_id LIMIT 1""",
        {"account_id": key.account_id, "region": key.region, "message_id": key.message_id},
    )
    return row is not None


def search(
    session: Session,
    *,
    to: str | None = None,
    subject: str | None = None,
    message_id: str | None = None,
    limit: int,
    before: int | None = None,
) -> list[InboxEntry]:
    """Give the newest entries that match: recipient (whole address, any case) and part of the subject."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM inbox_message
        WHERE (id < :before OR :before IS NULL)
          AND (message_id = :message_id OR :message_id IS NULL)
          AND (LOWER(recipients) LIKE :to_pattern ESCAPE '!' OR :to_pattern IS NULL)
          AND (LOWER(subject) LIKE :subject_pattern ESCAPE '!' OR :subject_pattern IS NULL)
        ORDER BY id DESC LIMIT :limit""",
        {
            "before": before,
            "message_id": message_id,
            "to_pattern": None if to is None else f'%"{_like(to)}"%',
            "subject_pattern": None if subject is None else f"%{_like(subject)}%",
            "limit": limit,
        },
    )
    return [_entry(session, row) for row in rows]


def find(session: Session, entry_id: int) -> InboxEntry | None:
    """Give one entry with its content."""
    row = session.one(f"SELECT {_COLUMNS} FROM inbox_message WHERE id = :id", {"id": entry_id})
    return None if row is None else _entry(session, row)


def clear(session: Session, *, message_id: str | None = None) -> list[str]:
    """Empty the inbox, or drop one message; give the blob keys to delete after the commit."""
    rows = session.execute(
        """DELETE FROM inbox_message WHERE (message_id = :message_id OR :message_id IS NULL)
        RETURNING account_id, region, message_id""",
        {"message_id": message_id},
    )
    return queue.drop_bodies(session, {MessageKey(*row) for row in rows})


def trim(session: Session, keep_messages: int, batch: int = 200) -> list[str]:
    """Drop the oldest entries above `keep_messages`, at most `batch`; give blob keys to delete after the commit."""
    newest = session.one("SELECT MAX(id) FROM inbox_message")
    if newest is None or newest[0] is None:
        return []
    rows = session.execute(
        """DELETE FROM inbox_message
        WHERE id IN (SELECT id FROM inbox_message WHERE id <= :last ORDER BY id LIMIT :batch)
        RETURNING account_id, region, message_id""",
        {"last": newest[0] - keep_messages, "batch": batch},
    )
    return queue.drop_bodies(session, {MessageKey(*row) for row in rows})


def remove(session: Session, expired: Sequence[Place[str]]) -> None:
    """Remove the entries of messages whose time in the store is over; their bodies are the queue's to remove."""
    for condition, parameters in conditions(_ENTRIES, expired):
        session.execute(f"DELETE FROM inbox_message WHERE {condition}", parameters)


def _like(text: str) -> str:
    """Escape what LIKE would read as a pattern, and lower what LOWER lowers on every engine: ASCII."""
    lowered = text.translate(_ASCII_LOWER)
    return lowered.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _entry(session: Session, row: Row) -> InboxEntry:
    key = MessageKey(row[1], row[2], row[3])
    content, blob_key = queue.body(session, key)
    recipients = tuple(msgspec.json.decode(row[5], type=list[str]))
    return InboxEntry(row[0], key, row[4], recipients, row[6], row[7], content, blob_key)
