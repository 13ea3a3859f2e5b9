"""The SQL of objects. Whoever writes here holds the bucket (`store.lock_bucket`)."""

from __future__ import annotations

import msgspec

from hatobin.companions.s3 import content_store
from hatobin.companions.s3.model import Bucket, Facts, StoredObject
from hatobin.ports import Row, Session, Value

_BUCKET = "account_id = :account_id AND bucket = :bucket"
_OBJECT = f"{_BUCKET} AND object_key = :object_key"
_COLUMNS = "object_key, content_id, size, etag, modified_at, facts"

_facts_decoder = msgspec.json.Decoder(Facts)


def find_object(session: Session, bucket: Bucket, key: str) -> StoredObject | None:
    """Give what stands under a key."""
    row = session.one(f"SELECT {_COLUMNS} FROM s3_object WHERE {_OBJECT}", _key(bucket, key))
    return None if row is None else _object(row)


def has_objects(session: Session, bucket: Bucket) -> bool:
    """Say whether a bucket holds anything."""
    return session.one(f"SELECT 1 FROM s3_object WHERE {_BUCKET} LIMIT 1", _bucket(bucket)) is not None


def put_object(session: Session, bucket: Bucket, new: StoredObject) -> None:
    """Let an object stand under its key; what stood there is retired. Its pieces are the caller's to keep."""
    delete_object(session, bucket, new.key, now=new.modified_at)
    session.execute(
        f"INSERT INTO s3_object (account_id, bucket, {_COLUMNS})"
        " VALUES (:account_id, :bucket, :object_key, :content_id, :size, :etag, :modified_at, :facts)",
        {
            **_key(bucket, new.key),
            "content_id": new.content_id,
            "size": new.size,
            "etag": new.etag,
            "modified_at": new.modified_at,
            "facts": facts_text(new.facts),
        },
    )


def delete_object(session: Session, bucket: Bucket, key: str, *, now: float) -> None:
    """Remove what stands under a key, if anything."""
    for row in session.execute(f"DELETE FROM s3_object WHERE {_OBJECT} RETURNING content_id", _key(bucket, key)):
        content_store.retire_content(session, bucket.account_id, row[0], now=now)


def list_objects(
    session: Session, bucket: Bucket, *, low: str, takes_low: bool, high: str | None, limit: int
) -> list[StoredObject]:
    """Give the objects from `low` on (or behind it) up to before `high`, in the order of their keys' octets."""
    upper = " AND object_key < :high" if high is not None else ""
    bounds: dict[str, Value] = {"low": low, "limit": limit, **({"high": high} if high is not None else {})}
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM s3_object WHERE {_BUCKET} AND object_key {'>=' if takes_low else '>'} :low{upper}"
        " ORDER BY object_key LIMIT :limit",
        {**_bucket(bucket), **bounds},
    )
    return [_object(row) for row in rows]


def facts_text(facts: Facts) -> str:
    """Write facts as they are kept."""
    return msgspec.json.encode(facts).decode()


def read_facts(text: str) -> Facts:
    """Read facts as they are kept."""
    return _facts_decoder.decode(text)


def _object(row: Row) -> StoredObject:
    return StoredObject(row[0], row[1], row[2], row[3], row[4], read_facts(row[5]))


def _bucket(bucket: Bucket) -> dict[str, Value]:
    return {"account_id": bucket.account_id, "bucket": bucket.name}


def _key(bucket: Bucket, key: str) -> dict[str, Value]:
    return {**_bucket(bucket), "object_key": key}
