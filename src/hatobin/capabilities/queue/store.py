"""The queue's SQL. Nobody else touches these tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from hatobin.capabilities.queue import counting
from hatobin.capabilities.queue.model import (
    DkimKeyChoice,
    Lease,
    MessageKey,
    NewMessage,
    NewRecipient,
    QueuedRecipient,
    QueueFigures,
    ReadyMessage,
)
from hatobin.capabilities.queue.settling import FinalState, finish_all
from hatobin.ports import Session, Value
from hatobin.words.outcome import RecipientState

_KEY = "account_id = :account_id AND region = :region AND message_id = :message_id"

_INSERT_MESSAGE = """
INSERT INTO queue_message (account_id, region, message_id, accepted_at, expires_at, source, reverse_path,
  identity_arn, configuration_set, tls_required, dkim, size, certificate, return_path, tenant, subject, tracked,
  tags, mail)
VALUES (:account_id, :region, :message_id, :accepted_at, :expires_at, :source, :reverse_path,
  :identity_arn, :configuration_set, :tls_required, :dkim, :size, :certificate, :return_path, :tenant, :subject,
  :tracked, :tags, :mail)"""
_INSERT_BODY = """
INSERT INTO queue_body (account_id, region, message_id, content, blob_key)
VALUES (:account_id, :region, :message_id, :content, :blob_key)"""
_INSERT_RECIPIENT = """
INSERT INTO queue_recipient (account_id, region, message_id, position, address, state, attempts, due_at,
  lease_worker, lease_epoch, settled_at, reply)
VALUES (:account_id, :region, :message_id, :position, :address, :state, :attempts, :due_at,
  :lease_worker, :lease_epoch, :settled_at, :reply)"""
# A deferral is the holder's word only: a stale one is dropped.
_DEFER = f"""
UPDATE queue_recipient SET attempts = attempts + 1, due_at = :due_at, reply = :reply,
  lease_worker = NULL, lease_epoch = NULL
WHERE {_KEY} AND position = :position AND state = 0
  AND lease_worker = :worker AND lease_epoch = :epoch RETURNING position"""
_CLAIM = """
UPDATE queue_recipient SET lease_worker = :worker, lease_epoch = :epoch
WHERE (account_id, region, message_id, position) IN (
  SELECT account_id, region, message_id, position FROM queue_recipient
  WHERE state = 0 AND lease_worker IS NULL AND due_at <= :now ORDER BY due_at LIMIT :limit)
RETURNING account_id, region, message_id, position, address, attempts"""
# Where many nodes claim at once, each takes rows that no other is just taking, and waits for nobody
# (postgresql.org/docs/current/sql-select.html, "The Locking Clause"). MATERIALIZED: the rows are chosen once.
_CLAIM_BESIDE_OTHERS = """
WITH due AS MATERIALIZED (
  SELECT account_id, region, message_id, position FROM queue_recipient
  WHERE state = 0 AND lease_worker IS NULL AND due_at <= :now ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE queue_recipient AS r SET lease_worker = :worker, lease_epoch = :epoch FROM due
WHERE r.account_id = due.account_id AND r.region = due.region AND r.message_id = due.message_id
  AND r.position = due.position
RETURNING r.account_id, r.region, r.message_id, r.position, r.address, r.attempts"""


def _key(key: MessageKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "message_id": key.message_id}


def _encode_dkim(choice: DkimKeyChoice | None) -> str:
    return "" if choice is None else f"{choice.domain} {choice.selector} {choice.key_id}"


def _decode_dkim(text: str) -> DkimKeyChoice | None:
    return DkimKeyChoice(*text.split(" ")) if text else None


def enqueue(session: Session, message: NewMessage, lease: Lease | None) -> None:
    """Insert one message; see `enqueue_all`."""
    enqueue_all(session, [(message, lease)])


def enqueue_all(session: Session, messages: Sequence[tuple[NewMessage, Lease | None]]) -> None:
    """Insert messages, their bodies and their recipients, each leased as given or due at once."""
    session.many(_INSERT_MESSAGE, [_message_row(message) for message, _ in messages])
    session.many(_INSERT_BODY, [_body_row(message) for message, _ in messages if _has_body(message)])
    session.many(
        _INSERT_RECIPIENT,
        [
            _recipient_row(message, position, recipient, lease)
            for message, lease in messages
            for position, recipient in enumerate(message.recipients)
        ],
    )
    counting.add(
        session,
        Counter(
            (message.key.account_id, message.key.region, recipient.state.name)
            for message, _ in messages
            for recipient in message.recipients
            if recipient.state
        ),
    )


def _has_body(message: NewMessage) -> bool:
    """Say whether anybody needs the content: a recipient who waits for it, or the inbox."""
    needing = (RecipientState.QUEUED, RecipientState.DELIVERED)
    return any(recipient.state in needing for recipient in message.recipients)


def _message_row(message: NewMessage) -> dict[str, Value]:
    return {
        "account_id": message.key.account_id,
        "region": message.key.region,
        "message_id": message.key.message_id,
        "accepted_at": message.accepted_at,
        "expires_at": message.expires_at,
        "source": message.source,
        "reverse_path": message.reverse_path,
        "identity_arn": message.identity_arn,
        "configuration_set": message.configuration_set,
        "tls_required": int(message.tls_required),
        "dkim": _encode_dkim(message.dkim),
        "size": len(message.content) if message.stored_size is None else message.stored_size,
        "certificate": message.certificate,
        "return_path": message.return_path,
        "tenant": message.tenant,
        "subject": message.subject,
        "tracked": message.tracked,
        "tags": message.tags,
        "mail": message.mail,
    }


def _body_row(message: NewMessage) -> dict[str, Value]:
    return {
        "account_id": message.key.account_id,
        "region": message.key.region,
        "message_id": message.key.message_id,
        "content": message.content if message.blob_key is None else None,
        "blob_key": message.blob_key,
    }


def _recipient_row(
    message: NewMessage, position: int, recipient: NewRecipient, lease: Lease | None
) -> dict[str, Value]:
    queued = recipient.state is RecipientState.QUEUED
    held = lease if queued else None
    return {
        "account_id": message.key.account_id,
        "region": message.key.region,
        "message_id": message.key.message_id,
        "position": position,
        "address": recipient.address,
        "state": int(recipient.state),
        "attempts": int(recipient.state is RecipientState.DELIVERED),
        "due_at": message.accepted_at,
        "lease_worker": None if held is None else held.worker,
        "lease_epoch": None if held is None else held.epoch,
        "settled_at": None if queued else message.accepted_at,
        "reply": recipient.reply,
    }


def finish(
    session: Session, key: MessageKey, position: int, state: RecipientState, *, settled_at: float, reply: str
) -> bool:
    """Give a recipient its final state; False when it had one already (nothing changes then)."""
    return bool(finish_all(session, [FinalState(key, position, state, settled_at, reply)]))


def defer(session: Session, key: MessageKey, position: int, lease: Lease, *, due_at: float, reply: str) -> bool:
    """Put a recipient back with a new due time; False when `lease` does not hold it any more."""
    parameters = {
        **_key(key),
        "position": position,
        "due_at": due_at,
        "reply": reply,
        "worker": lease.worker,
        "epoch": lease.epoch,
    }
    return session.one(_DEFER, parameters) is not None


def claim_due(session: Session, lease: Lease, *, now: float, limit: int) -> list[ReadyMessage]:
    """Lease up to `limit` due recipients and give them grouped by message, with the bodies."""
    statement = _CLAIM_BESIDE_OTHERS if session.dialect == "postgres" else _CLAIM
    rows = session.execute(statement, {"worker": lease.worker, "epoch": lease.epoch, "now": now, "limit": limit})
    grouped: dict[MessageKey, list[QueuedRecipient]] = defaultdict(list)
    for account_id, region, message_id, position, address, attempts in rows:
        recipient = QueuedRecipient(position, address, address.rpartition("@")[2].lower(), attempts)
        grouped[MessageKey(account_id, region, message_id)].append(recipient)
    return [_ready(session, key, recipients) for key, recipients in grouped.items()]


def _ready(session: Session, key: MessageKey, recipients: list[QueuedRecipient]) -> ReadyMessage:
    row = session.one(
        f"""SELECT accepted_at, expires_at, reverse_path, configuration_set, tls_required, dkim, size, certificate,
        tenant FROM queue_message WHERE {_KEY}""",
        _key(key),
    )
    if row is None:
        raise LookupError(f"recipients of {key.message_id} have no message row")
    content = session.one(f"SELECT content, blob_key FROM queue_body WHERE {_KEY}", _key(key)) or (b"", None)
    return ReadyMessage(
        key=key,
        accepted_at=row[0],
        expires_at=row[1],
        reverse_path=row[2],
        configuration_set=row[3],
        tls_required=bool(row[4]),
        dkim=_decode_dkim(row[5]),
        content=content[0] or b"",
        blob_key=content[1],
        recipients=tuple(sorted(recipients, key=lambda recipient: recipient.position)),
        size=row[6],
        certificate=row[7],
        tenant=row[8],
    )


def next_due_at(session: Session) -> float | None:
    """When the next unleased recipient is due, in seconds since the epoch."""
    row = session.one("SELECT MIN(due_at) FROM queue_recipient WHERE state = 0 AND lease_worker IS NULL")
    return None if row is None else row[0]


def give_back(session: Session, lease: Lease, rows: Sequence[tuple[MessageKey, int]], *, now: float) -> None:
    """Give back these recipients (by position), as far as `lease` still holds them, due at once."""
    session.many(
        f"""UPDATE queue_recipient SET lease_worker = NULL, lease_epoch = NULL, due_at = :now
        WHERE {_KEY} AND position = :position AND state = 0 AND lease_worker = :worker AND lease_epoch = :epoch""",
        [
            {**_key(key), "position": position, "worker": lease.worker, "epoch": lease.epoch, "now": now}
            for key, position in rows
        ],
    )


def leased_to(session: Session, worker: int) -> list[tuple[Lease, MessageKey]]:
    """Give the messages with rows that a worker slot holds, in whatever epoch. Bounded by the ready queue's size."""
    rows = session.execute(
        """SELECT DISTINCT lease_epoch, account_id, region, message_id FROM queue_recipient
        WHERE state = 0 AND lease_worker IS NOT NULL AND lease_worker = :worker
        ORDER BY account_id, region, message_id""",
        {"worker": worker},
    )
    return [(Lease(worker, row[0]), MessageKey(*row[1:])) for row in rows]


def give_back_message(session: Session, lease: Lease, key: MessageKey, *, now: float) -> None:
    """Give back a message's rows, as far as `lease` still holds them, due at once."""
    session.execute(
        f"""UPDATE queue_recipient SET lease_worker = NULL, lease_epoch = NULL, due_at = :now
        WHERE {_KEY} AND state = 0 AND lease_worker = :worker AND lease_epoch = :epoch""",
        {**_key(key), "worker": lease.worker, "epoch": lease.epoch, "now": now},
    )


def release(session: Session, lease: Lease, *, now: float) -> None:
    """Give back every row that `lease` holds, due at once."""
    session.execute(
        """UPDATE queue_recipient SET lease_worker = NULL, lease_epoch = NULL, due_at = :now
        WHERE state = 0 AND lease_worker IS NOT NULL AND lease_worker = :worker AND lease_epoch = :epoch""",
        {"worker": lease.worker, "epoch": lease.epoch, "now": now},
    )


def count_possible_duplicates(session: Session, key: MessageKey, positions: Sequence[int]) -> None:
    """Record that these recipients may get the message twice: an attempt began and its end is unknown."""
    session.many(
        f"""UPDATE queue_recipient SET possible_duplicates = possible_duplicates + 1
        WHERE {_KEY} AND position = :position AND state = 0""",
        [{**_key(key), "position": position} for position in positions],
    )
    scope = (key.account_id, key.region, counting.POSSIBLE_DUPLICATE)
    counting.add(session, Counter({scope: len(positions)}))


def figures(session: Session) -> QueueFigures:
    """Count recipients by state. Scans the table: for tests, the ledger and rare calls only."""
    rows = session.execute(
        "SELECT state, COUNT(*), COALESCE(SUM(possible_duplicates), 0) FROM queue_recipient GROUP BY state"
    )
    return QueueFigures(
        by_state={RecipientState(state): count for state, count, _ in rows},
        possible_duplicates=sum(duplicates for _, _, duplicates in rows),
    )
