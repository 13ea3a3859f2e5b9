"""The SQL of groups and streams."""

from __future__ import annotations

from hatobin.companions.logs.model import Group, GroupKey, Stream
from hatobin.ports import Row, Session, Value

_ONE = "account_id = :account_id AND region = :region AND group_name = :group_name"
_GROUP = "account_id, region, group_name, retention_days, created_at, stored_bytes"
_STREAM = "stream_name, created_at, first_at_ms, last_at_ms, ingested_at"


def find_group(session: Session, key: GroupKey) -> Group | None:
    """Give a group; None when there is none of this name."""
    row = session.one(f"SELECT {_GROUP} FROM logs_group WHERE {_ONE}", _of(key))
    return None if row is None else _group(row)


def insert_group(session: Session, key: GroupKey, *, now: float) -> bool:
    """Make a group; false when there is one."""
    rows = session.execute(
        f"""INSERT INTO logs_group ({_GROUP}) VALUES (:account_id, :region, :group_name, NULL, :now, 0)
        ON CONFLICT DO NOTHING RETURNING group_name""",
        {**_of(key), "now": now},
    )
    return bool(rows)


def count_groups(session: Session, account_id: str, region: str) -> int:
    """Count the groups of an account in a region."""
    row = session.one(
        "SELECT COUNT(*) FROM logs_group WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row else 0


def list_groups(
    session: Session, account_id: str, region: str, *, prefix: str, part: str, after: str, limit: int
) -> list[Group]:
    """Give groups by name, those that begin with `prefix` and hold `part`, in whatever case, behind `after`."""
    rows = session.execute(
        f"""SELECT {_GROUP} FROM logs_group WHERE account_id = :account_id AND region = :region
        AND group_name > :after AND substr(group_name, 1, :length) = :prefix
        AND (:part = '' OR replace(lower(group_name), :part, '') <> lower(group_name))
        ORDER BY group_name LIMIT :limit""",
        {
            "account_id": account_id,
            "region": region,
            "after": after,
            "length": len(prefix),
            "prefix": prefix,
            "part": part.lower(),
            "limit": limit,
        },
    )
    return [_group(row) for row in rows]


def delete_group(session: Session, key: GroupKey) -> bool:
    """Remove a group and its streams; false when there is none. Its events are for `LogUpkeep`."""
    rows = session.execute(f"DELETE FROM logs_group WHERE {_ONE} RETURNING group_name", _of(key))
    session.execute(f"DELETE FROM logs_stream WHERE {_ONE}", _of(key))
    return bool(rows)


def set_retention(session: Session, key: GroupKey, days: int | None) -> bool:
    """Say how long events are kept; None is for ever. False when there is no such group."""
    rows = session.execute(
        f"UPDATE logs_group SET retention_days = :days WHERE {_ONE} RETURNING group_name", {**_of(key), "days": days}
    )
    return bool(rows)


def add_bytes(session: Session, key: GroupKey, size: int) -> int:
    """Count bytes that came or went; give how many there are."""
    rows = session.execute(
        f"UPDATE logs_group SET stored_bytes = stored_bytes + :size WHERE {_ONE} RETURNING stored_bytes",
        {**_of(key), "size": size},
    )
    return int(rows[0][0]) if rows else 0


def find_stream(session: Session, key: GroupKey, name: str) -> Stream | None:
    """Give a stream; None when there is none of this name."""
    row = session.one(
        f"SELECT {_STREAM} FROM logs_stream WHERE {_ONE} AND stream_name = :stream_name",
        {**_of(key), "stream_name": name},
    )
    return None if row is None else Stream(*row)


def insert_stream(session: Session, key: GroupKey, name: str, *, now: float) -> bool:
    """Make a stream; false when there is one."""
    rows = session.execute(
        """INSERT INTO logs_stream (account_id, region, group_name, stream_name, created_at)
        VALUES (:account_id, :region, :group_name, :stream_name, :now) ON CONFLICT DO NOTHING RETURNING stream_name""",
        {**_of(key), "stream_name": name, "now": now},
    )
    return bool(rows)


def count_streams(session: Session, key: GroupKey) -> int:
    """Count the streams of a group."""
    row = session.one(f"SELECT COUNT(*) FROM logs_stream WHERE {_ONE}", _of(key))
    return int(row[0]) if row else 0


def list_streams(
    session: Session, key: GroupKey, *, prefix: str, after: str | None, down: bool, limit: int
) -> list[Stream]:
    """Give streams by name, up or down, those that begin with `prefix`, from behind `after`."""
    place = "" if after is None else f" AND stream_name {'<' if down else '>'} :after"
    values: dict[str, Value] = {**_of(key), "length": len(prefix), "prefix": prefix, "limit": limit}
    if after is not None:
        values["after"] = after
    rows = session.execute(
        f"""SELECT {_STREAM} FROM logs_stream WHERE {_ONE} AND substr(stream_name, 1, :length) = :prefix{place}
        ORDER BY stream_name {"DESC" if down else "ASC"} LIMIT :limit""",
        values,
    )
    return [Stream(*row) for row in rows]


def streams_by_time(
    session: Session, key: GroupKey, *, after: tuple[int, str] | None, down: bool, limit: int
) -> list[Stream]:
    """Give streams by their last event, up or down, those without any as the oldest; behind time and name `after`."""
    sign, order = ("<", "DESC") if down else (">", "ASC")
    at = "COALESCE(last_at_ms, 0)"
    place = "" if after is None else f" AND ({at} {sign} :at OR ({at} = :at AND stream_name {sign} :after))"
    rows = session.execute(
        f"""SELECT {_STREAM} FROM logs_stream WHERE {_ONE}{place}
        ORDER BY {at} {order}, stream_name {order} LIMIT :limit""",
        {**_of(key), "limit": limit, **({} if after is None else {"at": after[0], "after": after[1]})},
    )
    return [Stream(*row) for row in rows]


def note_events(session: Session, key: GroupKey, name: str, first_at_ms: int, last_at_ms: int, *, now: float) -> None:
    """Note that events of these times came into a stream."""
    session.execute(
        f"""UPDATE logs_stream SET
        first_at_ms = CASE WHEN first_at_ms IS NULL OR first_at_ms > :first THEN :first ELSE first_at_ms END,
        last_at_ms = CASE WHEN last_at_ms IS NULL OR last_at_ms < :last THEN :last ELSE last_at_ms END,
        ingested_at = :now WHERE {_ONE} AND stream_name = :stream_name""",
        {**_of(key), "stream_name": name, "first": first_at_ms, "last": last_at_ms, "now": now},
    )


def delete_stream(session: Session, key: GroupKey, name: str) -> bool:
    """Remove a stream; false when there is none."""
    rows = session.execute(
        f"DELETE FROM logs_stream WHERE {_ONE} AND stream_name = :stream_name RETURNING stream_name",
        {**_of(key), "stream_name": name},
    )
    return bool(rows)


def idle_streams(session: Session, *, before: float, limit: int) -> list[tuple[GroupKey, str]]:
    """Give streams that hold no event any more and got none since `before`."""
    rows = session.execute(
        """SELECT account_id, region, group_name, stream_name FROM logs_stream s
        WHERE COALESCE(ingested_at, created_at) < :before AND NOT EXISTS (
            SELECT 1 FROM logs_event e WHERE e.account_id = s.account_id AND e.region = s.region
            AND e.group_name = s.group_name AND e.stream_name = s.stream_name)
        LIMIT :limit""",
        {"before": before, "limit": limit},
    )
    return [(GroupKey(account_id, region, group), stream) for account_id, region, group, stream in rows]


def expiring_groups(session: Session) -> list[Group]:
    """Give the groups that have a retention."""
    return [_group(row) for row in session.execute(f"SELECT {_GROUP} FROM logs_group WHERE retention_days IS NOT NULL")]


def _of(key: GroupKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "group_name": key.name}


def _group(row: Row) -> Group:
    return Group(GroupKey(row[0], row[1], row[2]), *row[3:])
