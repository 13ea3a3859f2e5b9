"""The queue's SQL for many rows at once: final states, and bodies that nobody needs any more.

One statement takes up to sixteen rows as a table of values. Each step of the
engine costs a hand-over of the interpreter lock (SQLite) or a round trip
(PostgreSQL), so steps are what a busy server saves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from hatobin.capabilities.queue import counting
from hatobin.capabilities.queue.model import MessageKey
from hatobin.ports import Session, Value
from hatobin.words.outcome import RecipientState

T = TypeVar("T")

_SIZES = (16, 4, 1)
_FINISHED_COLUMNS = ("account_id", "region", "message_id", "position", "state", "settled_at", "reply")


class FinalState(Struct, frozen=True):
    """What one recipient has come to."""

    key: MessageKey
    position: int
    state: RecipientState
    settled_at: float
    reply: str


def finish_all(session: Session, finals: Sequence[FinalState]) -> set[tuple[MessageKey, int]]:
    """Give recipients their final states; give those that had none yet (nothing changes for the others).

    A fact about a delivery stands whoever holds the row now, unless the row is final (house §3).
    """
    changed: set[tuple[MessageKey, int]] = set()
    for part in _parts(finals):
        parameters: dict[str, Value] = {}
        for number, final in enumerate(part):
            values: tuple[Value, ...] = (
                *_key(final.key),
                final.position,
                int(final.state),
                final.settled_at,
                final.reply,
            )
            parameters |= {f"{name}_{number}": value for name, value in zip(_FINISHED_COLUMNS, values, strict=True)}
        for account_id, region, message_id, position in session.execute(_finish_sql(len(part)), parameters):
            changed.add((MessageKey(account_id, region, message_id), position))
    counting.add(session, _counts(finals, changed))
    return changed


def _counts(finals: Sequence[FinalState], changed: set[tuple[MessageKey, int]]) -> counting.Counts:
    """Count the rows that changed; two words about one recipient in one group count once."""
    settled: Iterable[FinalState] = finals
    if len(changed) < len(finals):
        by_row = {(final.key, final.position): final for final in finals}
        settled = (final for row, final in by_row.items() if row in changed)
    return Counter((final.key.account_id, final.key.region, final.state.name) for final in settled)


def drop_bodies(session: Session, keys: Iterable[MessageKey]) -> list[str]:
    """Delete the bodies that no queued recipient needs any more; give the blob keys to delete after the commit."""
    blobs: list[str] = []
    for part in _parts(list(keys)):
        parameters: dict[str, Value] = {}
        for number, key in enumerate(part):
            parameters |= {
                f"account_id_{number}": key.account_id,
                f"region_{number}": key.region,
                f"message_id_{number}": key.message_id,
            }
        blobs += [row[0] for row in session.execute(_drop_sql(len(part)), parameters) if row[0]]
    return blobs


def _key(key: MessageKey) -> tuple[str, str, str]:
    return key.account_id, key.region, key.message_id


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut rows into parts of few sizes, so that few statements are prepared."""
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=len(_SIZES))
def _finish_sql(rows: int) -> str:
    values = ", ".join(f"({', '.join(f':{name}_{number}' for name in _FINISHED_COLUMNS)})" for number in range(rows))
    return f"""
    WITH final ({", ".join(_FINISHED_COLUMNS)}) AS (VALUES {values})
    UPDATE queue_recipient SET state = final.state, attempts = attempts + 1, settled_at = final.settled_at,
      reply = final.reply, lease_worker = NULL, lease_epoch = NULL
    FROM final
    WHERE queue_recipient.account_id = final.account_id AND queue_recipient.region = final.region
      AND queue_recipient.message_id = final.message_id AND queue_recipient.position = final.position
      AND queue_recipient.state = 0
    RETURNING queue_recipient.account_id, queue_recipient.region, queue_recipient.message_id,
      queue_recipient.position"""  # noqa: S608 - only names and numbers


@lru_cache(maxsize=len(_SIZES))
def _drop_sql(rows: int) -> str:
    values = ", ".join(f"(:account_id_{number}, :region_{number}, :message_id_{number})" for number in range(rows))
    return f"""
    DELETE FROM queue_body WHERE (account_id, region, message_id) IN (VALUES {values})
      AND NOT EXISTS (SELECT 1 FROM queue_recipient waiting WHERE waiting.account_id = queue_body.account_id
        AND waiting.region = queue_body.region AND waiting.message_id = queue_body.message_id AND waiting.state = 0)
    RETURNING blob_key"""  # noqa: S608 - only names and numbers
