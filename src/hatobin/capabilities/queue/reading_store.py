"""Reading the queue's tables back: one message, its recipients and body, and the newest messages of all."""

from __future__ import annotations

from collections.abc import Iterator

from hatobin.capabilities.queue.model import MessageKey, StoredMessage, StoredRecipient
from hatobin.ports import Session, Value
from hatobin.words import identifiers
from hatobin.words.outcome import RecipientState

_KEY = "account_id = :account_id AND region = :region AND message_id = :message_id"

# One step from an account and region to the next: two statements, because SQLite goes through all
# rows of the account for one comparison of both columns.
_NEXT_REGION = """
SELECT account_id, region FROM queue_message WHERE account_id = :account_id AND region > :region
ORDER BY region LIMIT 1"""
_NEXT_ACCOUNT = """
SELECT account_id, region FROM queue_message WHERE account_id > :account_id
ORDER BY account_id, region LIMIT 1"""
_AFTER_ANY_ID = "g"  # Ids begin with a hexadecimal digit.


def _key(key: MessageKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "message_id": key.message_id}


def message(session: Session, key: MessageKey) -> StoredMessage | None:
    """Read one message row."""
    row = session.one(
        f"""SELECT accepted_at, expires_at, source, reverse_path, identity_arn, configuration_set, tags, mail, size,
        return_path, tenant, subject, tracked FROM queue_message WHERE {_KEY}""",
        _key(key),
    )
    return None if row is None else StoredMessage(key, *row)


def recipients(session: Session, key: MessageKey) -> list[StoredRecipient]:
    """Read a message's recipients in their order."""
    rows = session.execute(
        f"""SELECT position, address, state, attempts, due_at, settled_at, reply, possible_duplicates
        FROM queue_recipient WHERE {_KEY} ORDER BY position""",
        _key(key),
    )
    return [StoredRecipient(row[0], row[1], RecipientState(row[2]), *row[3:]) for row in rows]


def last_outcomes(
    session: Session, account_id: str, region: str, address: str, limit: int
) -> list[tuple[RecipientState, str]]:
    """Give what the last messages to an address have come to, the newest first, with the last reply."""
    rows = session.execute(
        """SELECT state, reply FROM queue_recipient WHERE account_id = :account_id AND region = :region
        AND lower(address) = lower(:address) ORDER BY message_id DESC LIMIT :limit""",
        {"account_id": account_id, "region": region, "address": address, "limit": limit},
    )
    return [(RecipientState(state), reply or "") for state, reply in rows]


def body(session: Session, key: MessageKey) -> tuple[bytes | None, str | None]:
    """Read a message's content, or the key of the blob that holds it; (None, None) when it is gone."""
    row = session.one(f"SELECT content, blob_key FROM queue_body WHERE {_KEY}", _key(key))
    return (None, None) if row is None else (row[0], row[1])


def recent(session: Session, message_id: str) -> list[MessageKey]:
    """Find the keys with this message id in any account and region (for the local explain page)."""
    keys = (MessageKey(account_id, region, message_id) for account_id, region in scopes(session))
    return [key for key in keys if session.one(f"SELECT 1 FROM queue_message WHERE {_KEY}", _key(key)) is not None]


def recent_messages(session: Session, before: str | None, limit: int) -> list[StoredMessage]:
    """Give the newest messages of all accounts and regions, newest first, for the console.

    `before` is the cursor of the last message of the page above: its id
    without the four digits of the region, which begins with the time of
    acceptance. Each account and region is one range of the primary key, so
    the cost does not grow with the table.
    """
    found: list[StoredMessage] = []
    for account_id, region in scopes(session):
        bound = _AFTER_ANY_ID if before is None else identifiers.message_id(region, 0, "")[:4] + before
        rows = session.execute(
            """SELECT message_id, accepted_at, expires_at, source, reverse_path, identity_arn, configuration_set,
            tags, mail, size, return_path, tenant, subject, tracked FROM queue_message
            WHERE account_id = :account_id AND region = :region AND message_id < :bound
            ORDER BY message_id DESC LIMIT :limit""",
            {"account_id": account_id, "region": region, "bound": bound, "limit": limit},
        )
        found += [StoredMessage(MessageKey(account_id, region, row[0]), *row[1:]) for row in rows]
    found.sort(key=lambda message: message.key.message_id[4:], reverse=True)
    return found[:limit]


def scopes(session: Session) -> Iterator[tuple[str, str]]:
    """Visit each account and region that has messages, by two seeks each."""
    here: dict[str, Value] = {"account_id": "", "region": ""}
    while row := session.one(_NEXT_REGION, here) or session.one(_NEXT_ACCOUNT, {"account_id": here["account_id"]}):
        here = {"account_id": row[0], "region": row[1]}
        yield row[0], row[1]
