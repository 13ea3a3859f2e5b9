"""The SQL of uploads in parts. Whoever writes here holds the bucket (`store.lock_bucket`)."""

from __future__ import annotations

from hatobin.companions.s3 import content_store
from hatobin.companions.s3.model import Bucket, Part, Upload
from hatobin.companions.s3.object_store import facts_text, read_facts
from hatobin.ports import Row, Session, Value

_BUCKET = "account_id = :account_id AND bucket = :bucket"
_UPLOAD = f"{_BUCKET} AND object_key = :object_key AND upload_id = :upload_id"
_UPLOAD_COLUMNS = "object_key, upload_id, begun_at, facts"
_PARTS = "account_id = :account_id AND upload_id = :upload_id"
_PART_COLUMNS = "part_number, content_id, size, etag, checksum, modified_at"


def insert_upload(session: Session, bucket: Bucket, upload: Upload) -> None:
    """Keep a new upload."""
    session.execute(
        f"INSERT INTO s3_upload (account_id, bucket, {_UPLOAD_COLUMNS})"
        " VALUES (:account_id, :bucket, :object_key, :upload_id, :begun_at, :facts)",
        {
            **_key(bucket, upload.key, upload.upload_id),
            "begun_at": upload.begun_at,
            "facts": facts_text(upload.facts),
        },
    )


def find_upload(session: Session, bucket: Bucket, key: str, upload_id: str) -> Upload | None:
    """Give an upload under way."""
    row = session.one(f"SELECT {_UPLOAD_COLUMNS} FROM s3_upload WHERE {_UPLOAD}", _key(bucket, key, upload_id))
    return None if row is None else _upload(row)


def list_uploads(
    session: Session, bucket: Bucket, *, low: str, low_id: str, takes_low: bool, high: str | None, limit: int
) -> list[Upload]:
    """Give the uploads from a key and id on (or behind them) up to before the key `high`, in order."""
    upper = " AND object_key < :high" if high is not None else ""
    bounds: dict[str, Value] = {"low": low, "low_id": low_id, "limit": limit}
    rows = session.execute(
        f"SELECT {_UPLOAD_COLUMNS} FROM s3_upload WHERE {_BUCKET}"
        f" AND (object_key, upload_id) {'>=' if takes_low else '>'} (:low, :low_id){upper}"
        " ORDER BY object_key, upload_id LIMIT :limit",
        {**_bucket(bucket), **bounds, **({"high": high} if high is not None else {})},
    )
    return [_upload(row) for row in rows]


def find_part(session: Session, account_id: str, upload_id: str, number: int) -> Part | None:
    """Give one part."""
    row = session.one(
        f"SELECT {_PART_COLUMNS} FROM s3_part WHERE {_PARTS} AND part_number = :number",
        {"account_id": account_id, "upload_id": upload_id, "number": number},
    )
    return None if row is None else Part(*row)


def list_parts(session: Session, account_id: str, upload_id: str, *, after: int, limit: int) -> list[Part]:
    """Give the parts behind a number, in order."""
    rows = session.execute(
        f"SELECT {_PART_COLUMNS} FROM s3_part WHERE {_PARTS} AND part_number > :after"
        " ORDER BY part_number LIMIT :limit",
        {"account_id": account_id, "upload_id": upload_id, "after": after, "limit": limit},
    )
    return [Part(*row) for row in rows]


def put_part(session: Session, account_id: str, upload_id: str, part: Part) -> None:
    """Keep a part in place of a former one of its number, which is retired."""
    former = find_part(session, account_id, upload_id, part.number)
    if former is not None:
        content_store.retire_content(session, account_id, former.content_id, now=part.modified_at)
    key: dict[str, Value] = {"account_id": account_id, "upload_id": upload_id, "number": part.number}
    session.execute(f"DELETE FROM s3_part WHERE {_PARTS} AND part_number = :number", key)
    session.execute(
        f"INSERT INTO s3_part (account_id, upload_id, {_PART_COLUMNS})"
        " VALUES (:account_id, :upload_id, :number, :content_id, :size, :etag, :checksum, :modified_at)",
        {
            **key,
            "content_id": part.content_id,
            "size": part.size,
            "etag": part.etag,
            "checksum": part.checksum,
            "modified_at": part.modified_at,
        },
    )


def end_upload(session: Session, bucket: Bucket, upload: Upload) -> list[Part]:
    """Forget an upload and its parts, and give the parts: their contents are the caller's to move or to retire."""
    session.execute(f"DELETE FROM s3_upload WHERE {_UPLOAD}", _key(bucket, upload.key, upload.upload_id))
    rows = session.execute(
        f"DELETE FROM s3_part WHERE {_PARTS} RETURNING {_PART_COLUMNS}",
        {"account_id": bucket.account_id, "upload_id": upload.upload_id},
    )
    return [Part(*row) for row in rows]


def abort_upload(session: Session, bucket: Bucket, upload: Upload, *, now: float) -> None:
    """Forget an upload; what its parts hold is retired."""
    for part in end_upload(session, bucket, upload):
        content_store.retire_content(session, bucket.account_id, part.content_id, now=now)


def find_old_uploads(session: Session, *, before: float, limit: int) -> list[tuple[str, Upload]]:
    """Give uploads that were begun before a moment, each with the name of its bucket."""
    rows = session.execute(
        f"SELECT bucket, {_UPLOAD_COLUMNS} FROM s3_upload WHERE begun_at < :before ORDER BY begun_at LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [(row[0], _upload(row[1:])) for row in rows]


def _upload(row: Row) -> Upload:
    return Upload(row[0], row[1], row[2], read_facts(row[3]))


def _bucket(bucket: Bucket) -> dict[str, Value]:
    return {"account_id": bucket.account_id, "bucket": bucket.name}


def _key(bucket: Bucket, key: str, upload_id: str) -> dict[str, Value]:
    return {**_bucket(bucket), "object_key": key, "upload_id": upload_id}
