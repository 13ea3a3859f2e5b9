"""The SQL of delivery streams."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.companions.firehose.model import Backlog, S3Destination, Stream, StreamKey, Totals
from hatobin.ports import Row, Session, Value

_COLUMNS = "account_id, region, stream_name, stream_id, destination, tags, created_at, lost_records"
_ONE = "account_id = :account_id AND region = :region AND stream_name = :stream_name"
_encode = msgspec.json.Encoder().encode
_destination = msgspec.json.Decoder(S3Destination).decode
_tags = msgspec.json.Decoder(tuple[tuple[str, str | None], ...]).decode


def find_stream(session: Session, key: StreamKey) -> Stream | None:
    """Give a stream; None when there is none of this name."""
    row = session.one(f"SELECT {_COLUMNS} FROM firehose_stream WHERE {_ONE}", _parameters(key))
    return None if row is None else _stream(row)


def insert_stream(session: Session, stream: Stream) -> bool:
    """Make a stream; false when its name is taken."""
    rows = session.execute(
        f"""INSERT INTO firehose_stream ({_COLUMNS})
        VALUES (:account_id, :region, :stream_name, :stream_id, :destination, :tags, :created_at, 0)
        ON CONFLICT DO NOTHING RETURNING stream_id""",
        {
            **_parameters(stream.key),
            "stream_id": stream.stream_id,
            "destination": _encode(stream.destination).decode(),
            "tags": _encode(stream.tags).decode(),
            "created_at": stream.created_at,
        },
    )
    return bool(rows)


def count_streams(session: Session, account_id: str, region: str) -> int:
    """Count the streams of an account in a region."""
    row = session.one(
        "SELECT COUNT(*) FROM firehose_stream WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row else 0


def stream_names(session: Session, account_id: str, region: str, *, after: str, limit: int) -> list[str]:
    """Give up to `limit` names that follow `after`, in their order."""
    rows = session.execute(
        """SELECT stream_name FROM firehose_stream
        WHERE account_id = :account_id AND region = :region AND stream_name > :after
        ORDER BY stream_name LIMIT :limit""",
        {"account_id": account_id, "region": region, "after": after, "limit": limit},
    )
    return [name for (name,) in rows]


def delete_stream(session: Session, key: StreamKey) -> bool:
    """Remove a stream and the object that it was about to write; false when there is none.

    What is buffered stays for the sweep of `StreamFlusher`.
    """
    rows = session.execute(
        f"DELETE FROM firehose_stream WHERE {_ONE} RETURNING stream_id",
        _parameters(key),
    )
    for (stream_id,) in rows:
        session.execute(
            "DELETE FROM firehose_batch WHERE account_id = :account_id AND region = :region AND stream_id = :stream_id",
            {"account_id": key.account_id, "region": key.region, "stream_id": stream_id},
        )
    return bool(rows)


def set_tags(session: Session, key: StreamKey, tags: Sequence[tuple[str, str | None]]) -> None:
    """Replace the tags of a stream."""
    session.execute(
        f"UPDATE firehose_stream SET tags = :tags WHERE {_ONE}",
        {**_parameters(key), "tags": _encode(tags).decode()},
    )


def count_lost(session: Session, stream: Stream, records: int) -> None:
    """Count records that were given up."""
    session.execute(
        f"UPDATE firehose_stream SET lost_records = lost_records + :records WHERE {_ONE}",
        {**_parameters(stream.key), "records": records},
    )


def every_stream(session: Session) -> list[Stream]:
    """Give all streams that have something buffered or are writing an object."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM firehose_stream s
        WHERE EXISTS (SELECT 1 FROM firehose_buffer b WHERE b.account_id = s.account_id AND b.region = s.region
            AND b.stream_id = s.stream_id)
        OR EXISTS (SELECT 1 FROM firehose_batch o WHERE o.account_id = s.account_id AND o.region = s.region
            AND o.stream_id = s.stream_id)"""
    )
    return [_stream(row) for row in rows]


def backlog(session: Session) -> list[Backlog]:
    """Give what each stream has not delivered yet, for streams that have anything, or lost something."""
    rows = session.execute(
        """SELECT s.account_id, s.region, s.stream_name, s.lost_records, b.records, b.size, b.oldest_at
        FROM firehose_stream s LEFT JOIN (
            SELECT account_id, region, stream_id, SUM(records) AS records, SUM(size) AS size, MIN(put_at) AS oldest_at
            FROM firehose_buffer GROUP BY account_id, region, stream_id
        ) b ON b.account_id = s.account_id AND b.region = s.region AND b.stream_id = s.stream_id
        WHERE b.records IS NOT NULL OR s.lost_records > 0 ORDER BY s.account_id, s.region, s.stream_name"""
    )
    return [
        Backlog(StreamKey(account_id, region, name).arn, int(records or 0), int(size or 0), oldest_at, lost)
        for account_id, region, name, lost, records, size, oldest_at in rows
    ]


def totals(session: Session) -> Totals:
    """Give the figures of all streams together."""
    row = session.one(
        """SELECT (SELECT SUM(records) FROM firehose_buffer), (SELECT SUM(size) FROM firehose_buffer),
            (SELECT SUM(lost_records) FROM firehose_stream)"""
    )
    records, size, lost_records = row or (0, 0, 0)
    return Totals(int(records or 0), int(size or 0), int(lost_records or 0))


def _parameters(key: StreamKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "stream_name": key.name}


def _stream(row: Row) -> Stream:
    account_id, region, name, stream_id, destination, tags, created_at, lost_records = row
    return Stream(
        StreamKey(account_id, region, name),
        stream_id,
        _destination(destination),
        _tags(tags),
        created_at,
        lost_records,
    )
