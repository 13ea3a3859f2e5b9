"""Messages whose time in the store is over: finding them by key, and removing them whole.

A message id begins with the time of acceptance, so old messages are one range
of the primary key. One that still has a queued recipient is never removed,
however old it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities.queue.model import MessageKey
from hatobin.ports import Session
from hatobin.ports.walk import Piece, Place, Table, conditions, walk
from hatobin.words.identifiers import id_bound

_MESSAGES = Table("queue_message", "message_id", "")
_BLOBS = "messages"


def find_expired(session: Session, start: Place[str] | None, *, before: float, limit: int) -> Piece[str]:
    """Look at up to `limit` messages accepted before `before`, and give those whose recipients are all final.

    What it gives stays removable: a final recipient is never queued again.
    """
    piece = walk(session, _MESSAGES, start, bound=lambda region: id_bound(region, before), limit=limit)
    queued: set[Place[str]] = set()
    for condition, parameters in conditions(_MESSAGES, piece.found):
        rows = session.execute(
            f"SELECT account_id, region, message_id FROM queue_recipient WHERE {condition} AND state = 0",  # noqa: S608
            parameters,
        )
        queued.update(Place(*row) for row in rows)
    return Piece([place for place in piece.found if place not in queued], piece.stopped_at)


def remove(session: Session, expired: Sequence[Place[str]]) -> list[str]:
    """Remove messages with their recipients and bodies; give the blob keys to delete after the commit."""
    blobs: list[str] = []
    for condition, parameters in conditions(_MESSAGES, expired):
        # The condition is made of names only.
        bodies = session.execute(f"DELETE FROM queue_body WHERE {condition} RETURNING blob_key", parameters)  # noqa: S608
        blobs += [row[0] for row in bodies if row[0]]
        session.execute(f"DELETE FROM queue_recipient WHERE {condition}", parameters)  # noqa: S608
        session.execute(f"DELETE FROM queue_message WHERE {condition}", parameters)  # noqa: S608
    return blobs


def blob_key(key: MessageKey) -> str:
    """Name the blob that holds the body of a message, where it does not fit into its row."""
    return f"{_BLOBS}/{key.account_id}/{key.region}/{key.message_id}"


BLOB_PREFIX = f"{_BLOBS}/"
"""Every blob of a body begins so, and no other blob does."""


def unknown_blobs(session: Session, blob_keys: Sequence[str]) -> list[str]:
    """Give those of these blobs (of `BLOB_PREFIX`) that no body refers to."""
    unknown: list[str] = []
    for blob in blob_keys:
        _, account_id, region, message_id = [*blob.split("/"), "", "", ""][:4]
        row = session.one(
            """SELECT 1 FROM queue_body WHERE account_id = :account_id AND region = :region
            AND message_id = :message_id AND blob_key = :blob""",
            {"account_id": account_id, "region": region, "message_id": message_id, "blob": blob},
        )
        if row is None:
            unknown.append(blob)
    return unknown
