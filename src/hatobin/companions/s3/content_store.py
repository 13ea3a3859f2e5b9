"""The SQL of contents: which blobs hold the octets of an object or a part, and which are not needed any more.

A blob without a reference never gets one again: copies take theirs from a
content that still has it. So what was retired and has no reference can be
deleted without a lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.s3.model import Piece
from hatobin.ports import Session, Value

BLOB_PREFIX = "s3/"
"""Every blob of the companion begins so, and no other blob does."""

_CONTENT = "account_id = :account_id AND content_id = :content_id"


def blob_key(account_id: str, number: str) -> str:
    """Name a new blob by a number of its own (hexadecimal); the object's key is no part of it."""
    return f"{BLOB_PREFIX}{account_id}/{number[:2]}/{number}"


def insert_pieces(session: Session, account_id: str, content_id: str, pieces: Sequence[Piece]) -> None:
    """Keep where the octets of a new content lie."""
    session.many(
        "INSERT INTO s3_piece (account_id, content_id, place, blob_key, start, size)"
        " VALUES (:account_id, :content_id, :place, :blob_key, :start, :size)",
        [
            {
                "account_id": account_id,
                "content_id": content_id,
                "place": piece.place,
                "blob_key": piece.blob_key,
                "start": piece.start,
                "size": piece.size,
            }
            for piece in pieces
        ],
    )


def find_pieces(session: Session, account_id: str, content_id: str, start: int, end: int) -> list[Piece]:
    """Give the pieces that hold octets `start` up to before `end` of a content, in order."""
    rows = session.execute(
        f"SELECT place, blob_key, start, size FROM s3_piece WHERE {_CONTENT}"
        " AND place < :end AND place + size > :start ORDER BY place",
        {"account_id": account_id, "content_id": content_id, "start": start, "end": end},
    )
    return [Piece(*row) for row in rows]


def move_content(session: Session, account_id: str, source: str, target: str, place: int) -> None:
    """Make the pieces of one content the pieces of another, from `place` on; no reference is lost."""
    session.execute(
        f"UPDATE s3_piece SET content_id = :target, place = place + :moved WHERE {_CONTENT}",
        {"account_id": account_id, "content_id": source, "target": target, "moved": place},
    )


def retire_content(session: Session, account_id: str, content_id: str, *, now: float) -> None:
    """Take a content's references away; blobs are deleted later, when nothing else refers to them."""
    content: dict[str, Value] = {"account_id": account_id, "content_id": content_id}
    session.execute(
        "INSERT INTO s3_retired (account_id, blob_key, retired_at)"
        f" SELECT DISTINCT account_id, blob_key, CAST(:now AS DOUBLE PRECISION) FROM s3_piece WHERE {_CONTENT}"
        " ON CONFLICT (account_id, blob_key) DO UPDATE SET retired_at = excluded.retired_at",
        {**content, "now": now},
    )
    session.execute(f"DELETE FROM s3_piece WHERE {_CONTENT}", content)


def find_retired(session: Session, *, before: float, limit: int) -> list[tuple[str, str, bool]]:
    """Give blobs that were retired before a moment: account, key, and whether something still refers to it."""
    rows = session.execute(
        "SELECT r.account_id, r.blob_key, (SELECT COUNT(*) FROM s3_piece p"
        " WHERE p.account_id = r.account_id AND p.blob_key = r.blob_key)"
        " FROM s3_retired r WHERE r.retired_at < :before ORDER BY r.retired_at LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def forget_retired(session: Session, blobs: Sequence[tuple[str, str]], *, before: float) -> None:
    """Forget blobs that are deleted, or that something else needs; those retired anew meanwhile stay."""
    session.many(
        "DELETE FROM s3_retired WHERE account_id = :account_id AND blob_key = :blob_key AND retired_at < :before",
        [{"account_id": account_id, "blob_key": blob, "before": before} for account_id, blob in blobs],
    )


def unknown_blobs(session: Session, blob_keys: Sequence[str]) -> list[str]:
    """Give those of these blobs (of `BLOB_PREFIX`) that nothing refers to and nobody retired."""
    unknown: list[str] = []
    for blob in blob_keys:
        named: dict[str, Value] = {"account_id": [*blob.split("/"), "", ""][1], "blob_key": blob}
        known = session.one(
            "SELECT 1 FROM s3_piece WHERE account_id = :account_id AND blob_key = :blob_key LIMIT 1", named
        ) or session.one("SELECT 1 FROM s3_retired WHERE account_id = :account_id AND blob_key = :blob_key", named)
        if known is None:
            unknown.append(blob)
    return unknown
