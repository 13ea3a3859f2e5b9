"""The SQL of what waits for its object: rows of octets, and the one batch that a stream is writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hatobin.companions.firehose.model import MAX_OBJECT_ROWS, MEGABYTE, Batch, Stream
from hatobin.ports import Session, Value

SWEPT_ROWS = 200
SWEPT_OCTETS = 16
"""Rows of one transaction that removes octets: a row has 4 MiB at most, and mostly less than one."""
_READ_ROWS = 500

KeyOf = Callable[[float], str]
"""The key of a new object, from the moment of its oldest record."""

_STREAM = "account_id = :account_id AND region = :region AND stream_id = :stream_id"


def append(session: Session, stream: Stream, data: bytes, *, records: int, now: float) -> None:
    """Add octets of so many records to what the stream has buffered."""
    made = session.one(
        """INSERT INTO firehose_buffer (account_id, region, stream_id, batch_id, records, size, put_at)
        VALUES (:account_id, :region, :stream_id, '', :records, :size, :now) RETURNING id""",
        {**_scope(stream), "records": records, "size": len(data), "now": now},
    )
    assert made is not None, "an insert gives its row"
    session.execute(
        """INSERT INTO firehose_octets (account_id, region, stream_id, buffer_id, data)
        VALUES (:account_id, :region, :stream_id, :number, :data)""",
        {**_scope(stream), "number": made[0], "data": data},
    )


def is_due(session: Session, stream: Stream, now: float) -> bool:
    """Say whether the stream has an object to write now."""
    begun = session.one(f"SELECT due_at FROM firehose_batch WHERE {_STREAM}", _scope(stream))
    if begun is not None:
        return bool(begun[0] <= now)
    row = session.one(
        f"""SELECT MIN(put_at), SUM(size), COUNT(*) FROM (
            SELECT put_at, size FROM firehose_buffer WHERE {_STREAM} AND batch_id = '' ORDER BY id
            LIMIT {MAX_OBJECT_ROWS}
        ) waiting""",
        _scope(stream),
    )
    if row is None or row[0] is None:
        return False
    oldest_at, size, count = row
    destination = stream.destination
    is_full = size >= destination.size_mb * MEGABYTE or count == MAX_OBJECT_ROWS
    return bool(is_full or oldest_at + destination.interval_s <= now)


def claim(
    session: Session, stream: Stream, *, batch_id: str, key_of: KeyOf, now: float, lease_s: float
) -> Batch | None:
    """Take the stream's object to write for `lease_s`: the one that was begun, or a new one; None when none is due.

    The rows of a batch are marked, so what comes later is never part of it. Two
    processes that claim at once get one batch between them.
    """
    parameters = {**_scope(stream), "now": now, "lease_end": now + lease_s}
    begun = session.one(
        f"""UPDATE firehose_batch SET attempts = attempts + 1, due_at = :lease_end WHERE {_STREAM} AND due_at <= :now
        RETURNING batch_id, object_key, records, size, oldest_at, attempts""",
        parameters,
    )
    if begun is not None:
        return Batch(*begun)
    rows = _next_rows(session, stream, now)
    if not rows:
        return None
    oldest_at = rows[0][2]
    made = session.one(
        """INSERT INTO firehose_batch
            (account_id, region, stream_id, batch_id, object_key, records, size, oldest_at, attempts, due_at)
        VALUES (:account_id, :region, :stream_id, :batch_id, :object_key, 0, 0, :oldest_at, 1, :lease_end)
        ON CONFLICT DO NOTHING RETURNING batch_id""",
        {
            **_scope(stream),
            "batch_id": batch_id,
            "object_key": key_of(oldest_at),
            "oldest_at": oldest_at,
            "lease_end": now + lease_s,
        },
    )
    if made is None:
        return None
    marked = session.execute(
        f"""UPDATE firehose_buffer SET batch_id = :batch_id
        WHERE {_STREAM} AND batch_id = '' AND id >= :first AND id <= :last RETURNING records, size""",
        {**_scope(stream), "batch_id": batch_id, "first": rows[0][0], "last": rows[-1][0]},
    )
    records, octets = sum(count for count, _ in marked), sum(size for _, size in marked)
    session.execute(
        f"UPDATE firehose_batch SET records = :records, size = :size WHERE {_STREAM}",
        {**_scope(stream), "records": records, "size": octets},
    )
    return Batch(batch_id, key_of(oldest_at), records, octets, oldest_at, 1)


def read_batch(session: Session, stream: Stream, batch_id: str, after: int, octets: int) -> tuple[int, list[bytes]]:
    """Give rows of a batch that follow number `after`, of about so many octets in all, and the last one's number.

    An empty list is the end.
    """
    sizes = session.execute(
        f"""SELECT id, size FROM firehose_buffer WHERE {_STREAM} AND batch_id = :batch_id AND id > :after
        ORDER BY id LIMIT {_READ_ROWS}""",
        {**_scope(stream), "batch_id": batch_id, "after": after},
    )
    chosen: list[int] = []
    together = 0
    for number, size in sizes:
        if chosen and together + size > octets:
            break
        chosen.append(number)
        together += size
    found = (
        session.one(
            f"SELECT data FROM firehose_octets WHERE {_STREAM} AND buffer_id = :number",
            {**_scope(stream), "number": number},
        )
        for number in chosen
    )
    return (chosen[-1] if chosen else after), [row[0] for row in found if row is not None]


def finish(session: Session, stream: Stream, batch_id: str) -> None:
    """Forget a batch with its rows: its object is durable, or it was given up. Its octets stay for `sweep`."""
    for table in ("firehose_buffer", "firehose_batch"):
        session.execute(
            f"DELETE FROM {table} WHERE {_STREAM} AND batch_id = :batch_id",
            {**_scope(stream), "batch_id": batch_id},
        )


def postpone(session: Session, stream: Stream, batch_id: str, *, due_at: float) -> None:
    """Let a batch be tried again then."""
    session.execute(
        f"UPDATE firehose_batch SET due_at = :due_at WHERE {_STREAM} AND batch_id = :batch_id",
        {**_scope(stream), "batch_id": batch_id, "due_at": due_at},
    )


def sweep_octets(session: Session) -> int:
    """Remove some octets that no row needs any more, a few, as they may be large; give their number."""
    rows = session.execute(
        """DELETE FROM firehose_octets WHERE (account_id, region, stream_id, buffer_id) IN (
            SELECT o.account_id, o.region, o.stream_id, o.buffer_id FROM firehose_octets o
            WHERE NOT EXISTS (SELECT 1 FROM firehose_buffer b WHERE b.id = o.buffer_id)
            ORDER BY o.account_id, o.region, o.stream_id, o.buffer_id LIMIT :limit
        ) RETURNING buffer_id""",
        {"limit": SWEPT_OCTETS},
    )
    return len(rows)


def has_idle_octets(session: Session) -> bool:
    """Say whether there are octets that no row needs any more."""
    return bool(
        session.execute(
            """SELECT 1 FROM firehose_octets o
            WHERE NOT EXISTS (SELECT 1 FROM firehose_buffer b WHERE b.id = o.buffer_id) LIMIT 1"""
        )
    )


def orphans(session: Session) -> list[tuple[str, str, str]]:
    """Give account, region and id of deleted streams that have rows left."""
    rows = session.execute(
        """SELECT b.account_id, b.region, b.stream_id
        FROM (SELECT DISTINCT account_id, region, stream_id FROM firehose_buffer) b
        WHERE NOT EXISTS (SELECT 1 FROM firehose_stream s WHERE s.account_id = b.account_id
            AND s.region = b.region AND s.stream_id = b.stream_id)"""
    )
    return [(account_id, region, stream_id) for account_id, region, stream_id in rows]


def sweep_stream(session: Session, orphan: tuple[str, str, str]) -> int:
    """Remove some rows of a deleted stream; give their number, 0 when there are no more."""
    account_id, region, stream_id = orphan
    rows = session.execute(
        f"""DELETE FROM firehose_buffer WHERE id IN (
            SELECT id FROM firehose_buffer WHERE {_STREAM} LIMIT {SWEPT_ROWS}
        ) RETURNING id""",
        {"account_id": account_id, "region": region, "stream_id": stream_id},
    )
    return len(rows)


def _next_rows(session: Session, stream: Stream, now: float) -> Sequence[tuple[int, int, float]]:
    """Give number, size and moment of the rows of the next object: enough of them, or old enough; else none."""
    rows = session.execute(
        f"""SELECT id, size, put_at FROM firehose_buffer WHERE {_STREAM} AND batch_id = ''
        ORDER BY id LIMIT {MAX_OBJECT_ROWS}""",
        _scope(stream),
    )
    if not rows:
        return ()
    full, together = stream.destination.size_mb * MEGABYTE, 0
    for position, (_, size, _) in enumerate(rows):
        together += size
        if together >= full:
            return [(number, octets, at) for number, octets, at in rows[: position + 1]]
    is_old = rows[0][2] + stream.destination.interval_s <= now
    return [(number, octets, at) for number, octets, at in rows] if is_old or len(rows) == MAX_OBJECT_ROWS else ()


def _scope(stream: Stream) -> dict[str, Value]:
    return {"account_id": stream.key.account_id, "region": stream.key.region, "stream_id": stream.stream_id}
