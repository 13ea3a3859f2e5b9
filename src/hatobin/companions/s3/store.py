"""The SQL of buckets."""

from __future__ import annotations

from hatobin.companions.s3.model import Bucket
from hatobin.ports import Row, Session, Value

_BUCKET = "account_id = :account_id AND bucket = :bucket"
_COLUMNS = "account_id, bucket, region, created_at, policy"


def find_bucket(session: Session, name: str) -> Bucket | None:
    """Give the bucket of this name, whosever it is."""
    row = session.one(f"SELECT {_COLUMNS} FROM s3_bucket WHERE bucket = :bucket", {"bucket": name})
    return None if row is None else _bucket(row)


def insert_bucket(session: Session, bucket: Bucket) -> bool:
    """Keep a new bucket; false when the name is taken."""
    return bool(
        session.execute(
            "INSERT INTO s3_bucket (account_id, bucket, region, created_at, policy, writes)"
            " VALUES (:account_id, :bucket, :region, :created_at, NULL, 0) ON CONFLICT DO NOTHING RETURNING 1",
            {**_key(bucket), "region": bucket.region, "created_at": bucket.created_at},
        )
    )


def lock_bucket(session: Session, bucket: Bucket) -> bool:
    """Hold the bucket until the end of the transaction; false when it is gone.

    Whoever changes objects or uploads does this first, so one follows the other on all nodes.
    """
    return bool(session.execute(f"UPDATE s3_bucket SET writes = writes + 1 WHERE {_BUCKET} RETURNING 1", _key(bucket)))


def delete_bucket(session: Session, bucket: Bucket) -> None:
    """Remove an empty bucket."""
    session.execute(f"DELETE FROM s3_bucket WHERE {_BUCKET}", _key(bucket))


def count_buckets(session: Session, account_id: str) -> int:
    """Say how many buckets an account has."""
    row = session.one("SELECT COUNT(*) FROM s3_bucket WHERE account_id = :account_id", {"account_id": account_id})
    return row[0] if row is not None else 0


def list_buckets(
    session: Session, account_id: str, *, prefix: str, after: str, region: str, limit: int
) -> list[Bucket]:
    """Give an account's buckets behind `after` in order; with `region`, those there."""
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM s3_bucket WHERE account_id = :account_id AND bucket > :after"
        " AND substr(bucket, 1, :length) = :prefix AND (:region = '' OR region = :region)"
        " ORDER BY bucket LIMIT :limit",
        {
            "account_id": account_id,
            "after": after,
            "length": len(prefix),
            "prefix": prefix,
            "region": region,
            "limit": limit,
        },
    )
    return [_bucket(row) for row in rows]


def update_policy(session: Session, bucket: Bucket, policy: str | None) -> None:
    """Keep a bucket's policy, or none."""
    session.execute(f"UPDATE s3_bucket SET policy = :policy WHERE {_BUCKET}", {**_key(bucket), "policy": policy})


def _bucket(row: Row) -> Bucket:
    return Bucket(row[0], row[1], row[2], row[3], row[4])


def _key(bucket: Bucket) -> dict[str, Value]:
    return {"account_id": bucket.account_id, "bucket": bucket.name}
