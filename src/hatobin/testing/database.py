"""What every `Database` must do, whatever engine is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from hatobin.ports.database import Database, Session, Value

MakeDatabase = Callable[[], AbstractAsyncContextManager[Database]]
"""Gives a database without tables and takes it away again."""

_SCHEMA = (
    "CREATE TABLE counter (account_id TEXT PRIMARY KEY, total INTEGER NOT NULL)",
    "CREATE TABLE thing (account_id TEXT NOT NULL, name TEXT NOT NULL, number INTEGER, ratio REAL, body BLOB,"
    " PRIMARY KEY (account_id, name))",
)
_INSERT = (
    "INSERT INTO thing (account_id, name, number, ratio, body) VALUES (:account_id, :name, :number, :ratio, :body)"
)
_NAMES = "SELECT name FROM thing ORDER BY name"


class _Regret(Exception):
    """What work raises here to be rolled back."""


def _thing(name: str, number: Value = None, ratio: Value = None, body: Value = None) -> dict[str, Value]:
    return {"account_id": "1", "name": name, "number": number, "ratio": ratio, "body": body}


def _add(name: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.execute(_INSERT, _thing(name))
        return name

    return work


def _add_and_regret(name: str) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        session.execute(_INSERT, _thing(name))
        raise _Regret(name)

    return work


def _names(session: Session) -> list[str]:
    return [row[0] for row in session.execute(_NAMES)]


async def result_comes_back_and_is_read_afterwards(database: Database) -> None:
    """A write gives the work's own result, and the next read sees what it wrote."""
    assert await database.write(_add("a")) == "a", "write must give the result of the work"
    assert await database.read(_names) == ["a"], "a read must see what was committed before it was asked for"


async def every_kind_of_value_survives(database: Database) -> None:
    """Text, 64-bit integers, floats, bytes and null come back as they went in."""
    things = [
        _thing("null"),
        _thing("größe 鳩 🕊", 2**63 - 1, 0.1, bytes(range(256))),
        _thing("low", -(2**63), -1.5e300, b""),
    ]
    await database.write(lambda session: session.many(_INSERT, things))
    for thing in things:
        row = await database.read(
            lambda session, thing=thing: session.one(  # type: ignore[misc]
                "SELECT number, ratio, body FROM thing WHERE account_id = :account_id AND name = :name",
                {"account_id": "1", "name": thing["name"]},
            )
        )
        assert row == (thing["number"], thing["ratio"], thing["body"]), f"{thing} came back as {row}"


async def one_gives_none_without_rows(database: Database) -> None:
    """`one` says None, `execute` says the empty list."""
    assert await database.read(lambda session: session.one(_NAMES)) is None
    assert await database.read(lambda session: session.execute(_NAMES)) == []


async def one_reads_only_the_first_row_and_leaves_nothing_open(database: Database) -> None:
    """After `one` on several rows the transaction still commits."""

    def work(session: Session) -> str:
        session.many(_INSERT, [_thing("a"), _thing("b"), _thing("c")])
        first = session.one(_NAMES)
        session.execute("DELETE FROM thing WHERE name = :name", {"name": "c"})
        return str(first[0]) if first else ""

    assert await database.write(work) == "a"
    assert await database.read(_names) == ["a", "b"]


async def returning_gives_its_rows(database: Database) -> None:
    """RETURNING and ON CONFLICT belong to the common statement language."""

    def count(session: Session) -> int:
        rows = session.execute(
            "INSERT INTO counter (account_id, total) VALUES (:account_id, 1)"
            " ON CONFLICT (account_id) DO UPDATE SET total = counter.total + 1 RETURNING total",
            {"account_id": "1"},
        )
        return int(rows[0][0])

    assert [await database.write(count) for _ in range(3)] == [1, 2, 3]


async def work_that_raises_is_rolled_back_alone(database: Database) -> None:
    """In a group, one member's exception is its own and its rows go; the others stay."""
    results = await asyncio.gather(
        database.write(_add("a")),
        database.write(_add_and_regret("b")),
        database.write(_add("c")),
        database.write(_add_and_regret("d")),
        database.write(_add("e")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [str, _Regret, str, _Regret, str], f"results were {results}"
    assert str(results[1]) == "b", "each member must hear its own exception"
    assert await database.read(_names) == ["a", "c", "e"]


async def refused_statement_leaves_the_others(database: Database) -> None:
    """A broken constraint fails its own piece of work and nothing else."""
    await database.write(_add("a"))
    results = await asyncio.gather(
        database.write(_add("b")), database.write(_add("a")), database.write(_add("c")), return_exceptions=True
    )
    assert isinstance(results[1], Exception), "a second row under one primary key must raise"
    assert await database.read(_names) == ["a", "b", "c"]


async def no_write_is_lost_among_many(database: Database) -> None:
    """Concurrent read-modify-write work is serialized."""

    def add_one(session: Session) -> None:
        row = session.one("SELECT total FROM counter WHERE account_id = :id", {"id": "1"})
        total = int(row[0]) if row else 0
        session.execute(
            "INSERT INTO counter (account_id, total) VALUES (:id, :total)"
            " ON CONFLICT (account_id) DO UPDATE SET total = excluded.total",
            {"id": "1", "total": total + 1},
        )

    async def add_twenty() -> None:
        for _ in range(20):
            await database.write(add_one)

    await asyncio.gather(*(add_twenty() for _ in range(20)))
    row = await database.read(lambda session: session.one("SELECT total FROM counter"))
    assert row == (400,), f"400 increments gave {row}"


async def reading_work_may_not_write(database: Database) -> None:
    """A read that writes raises, and what it wrote does not stay."""
    try:
        await database.read(_add("a"))
    except Exception:  # noqa: S110 - each engine refuses in its own words
        pass
    else:
        raise AssertionError("a read that writes must raise")
    assert await database.read(_names) == []
    await database.write(_add("b"))
    assert await database.read(_names) == ["b"], "a refused read must not disturb later work"


async def read_that_raises_is_heard(database: Database) -> None:
    """A read's own exception reaches its caller, and only that one."""

    def regret(session: Session) -> None:
        raise _Regret("read")

    await database.write(_add("a"))
    results = await asyncio.gather(
        database.read(_names), database.read(regret), database.read(_names), return_exceptions=True
    )
    assert results[0] == ["a"], results
    assert isinstance(results[1], _Regret), results
    assert results[2] == ["a"], results


async def forgotten_parameter_raises(database: Database) -> None:
    """A placeholder without a value is a mistake, not null."""
    try:
        await database.write(lambda session: session.execute(_INSERT, {"account_id": "1", "name": "a"}))
    except Exception:
        assert await database.read(_names) == []
    else:
        raise AssertionError("a missing parameter must raise")


async def impatient_waiter_harms_nobody(database: Database) -> None:
    """Cancelling one waiting task leaves the work of the others untouched."""
    tasks = [asyncio.ensure_future(database.write(_add(name))) for name in "abc"]
    tasks[1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] == "a", results
    assert results[2] == "c", results
    assert set(await database.read(_names)) >= {"a", "c"}


DatabaseCheck = Callable[[Database], Awaitable[None]]

DATABASE_CHECKS: tuple[DatabaseCheck, ...] = (
    result_comes_back_and_is_read_afterwards,
    every_kind_of_value_survives,
    one_gives_none_without_rows,
    one_reads_only_the_first_row_and_leaves_nothing_open,
    returning_gives_its_rows,
    work_that_raises_is_rolled_back_alone,
    refused_statement_leaves_the_others,
    no_write_is_lost_among_many,
    reading_work_may_not_write,
    read_that_raises_is_heard,
    forgotten_parameter_raises,
    impatient_waiter_harms_nobody,
)


async def run_database_check(make: MakeDatabase, check: DatabaseCheck) -> None:
    """Run one check on a database of its own, with the tables that the checks use."""
    async with make() as database:
        for statement in _SCHEMA:
            await database.write(lambda session, statement=statement: session.execute(statement))  # type: ignore[misc]
        await check(database)


async def check_database(make: MakeDatabase) -> None:
    """Raise `AssertionError` at the first promise of the database port that is not kept."""
    for check in DATABASE_CHECKS:
        await run_database_check(make, check)
