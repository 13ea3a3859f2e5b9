"""The SQL of events."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.logs.model import GroupKey, LogEvent, Place, Span, StoredEvent
from hatobin.ports import Session, Value

UPKEEP_ROWS = 2000
_ONE = "account_id = :account_id AND region = :region AND group_name = :group_name"
_EVENT = "id, stream_name, at_ms, ingested_at, message"


def insert(session: Session, key: GroupKey, stream_name: str, events: Sequence[LogEvent], *, now: float) -> None:
    """Keep events of a stream."""
    session.many(
        """INSERT INTO logs_event (account_id, region, group_name, stream_name, at_ms, ingested_at, size, message)
        VALUES (:account_id, :region, :group_name, :stream_name, :at_ms, :now, :size, :message)""",
        [
            {
                **_of(key),
                "stream_name": stream_name,
                "at_ms": event.at_ms,
                "now": now,
                "size": event.size,
                # PostgreSQL's text holds no NUL, and UTF-8 no half of a surrogate pair.
                "message": event.message.replace("\0", "\ufffd").encode("utf-8", "replace").decode(),
            }
            for event in events
        ],
    )


def read(
    session: Session, key: GroupKey, span: Span, *, after: Place | None = None, before: Place | None = None, limit: int
) -> list[StoredEvent]:
    """Give events by their places: the first behind `after`, or the last before `before` where that is given.

    Either way in ascending order. Streams are told apart by name here and by prefix by the caller.
    """
    conditions, values = [_ONE], dict(_of(key))
    if span.start_ms is not None:
        conditions.append("at_ms >= :start")
        values["start"] = span.start_ms
    if span.end_ms is not None:
        conditions.append("at_ms < :end")
        values["end"] = span.end_ms
    if span.streams:
        names = {f"stream{number}": name for number, name in enumerate(span.streams)}
        conditions.append(f"stream_name IN ({', '.join(f':{name}' for name in names)})")
        values |= names
    if span.stream_prefix:
        conditions.append("substr(stream_name, 1, :length) = :prefix")
        values |= {"length": len(span.stream_prefix), "prefix": span.stream_prefix}
    down = before is not None
    if (place := before if down else after) is not None:
        sign = "<" if down else ">"
        conditions.append(f"(at_ms {sign} :at OR (at_ms = :at AND id {sign} :number))")
        values |= {"at": place[0], "number": place[1]}
    order = "DESC" if down else "ASC"
    rows = session.execute(
        f"SELECT {_EVENT} FROM logs_event WHERE {' AND '.join(conditions)}"
        f" ORDER BY at_ms {order}, id {order} LIMIT :limit",
        {**values, "limit": limit},
    )
    events = [StoredEvent(*row) for row in rows]
    return events[::-1] if down else events


def remove_oldest(session: Session, key: GroupKey, *, size: int) -> int:
    """Remove the oldest events of a group until so many bytes have gone, a few thousand at most; give the bytes."""
    rows = session.execute(
        f"SELECT id, size FROM logs_event WHERE {_ONE} ORDER BY at_ms, id LIMIT :limit",
        {**_of(key), "limit": UPKEEP_ROWS},
    )
    gone: list[int] = []
    removed = 0
    for number, of_one in rows:
        if removed >= size:
            break
        gone.append(number)
        removed += of_one
    _remove(session, gone)
    return removed


def remove_aged(session: Session, key: GroupKey, *, before_ms: int) -> tuple[int, int]:
    """Remove a few thousand events that are older; give how many, and their bytes."""
    rows = session.execute(
        f"SELECT id, size FROM logs_event WHERE {_ONE} AND at_ms < :before ORDER BY at_ms, id LIMIT :limit",
        {**_of(key), "before": before_ms, "limit": UPKEEP_ROWS},
    )
    _remove(session, [number for number, _ in rows])
    return len(rows), sum(size for _, size in rows)


def remove_of_stream(session: Session, key: GroupKey, stream_name: str) -> int:
    """Remove the events of a stream; give their bytes."""
    rows = session.execute(
        f"DELETE FROM logs_event WHERE {_ONE} AND stream_name = :stream_name RETURNING size",
        {**_of(key), "stream_name": stream_name},
    )
    return sum(size for (size,) in rows)


def remove_orphans(session: Session) -> int:
    """Remove a few thousand events whose stream is no more; give how many."""
    rows = session.execute(
        """SELECT id FROM logs_event e WHERE NOT EXISTS (
            SELECT 1 FROM logs_stream s WHERE s.account_id = e.account_id AND s.region = e.region
            AND s.group_name = e.group_name AND s.stream_name = e.stream_name)
        LIMIT :limit""",
        {"limit": UPKEEP_ROWS},
    )
    _remove(session, [number for (number,) in rows])
    return len(rows)


def _remove(session: Session, numbers: Sequence[int]) -> None:
    session.many("DELETE FROM logs_event WHERE id = :id", [{"id": number} for number in numbers])


def _of(key: GroupKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "group_name": key.name}
