"""The store in memory: inline, deterministic, and a place to crash."""

from __future__ import annotations

import threading

import pytest

from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.ports.database import DatabaseUnavailable, Session

TABLE = "CREATE TABLE line (id INTEGER PRIMARY KEY)"


def add(session: Session) -> None:
    session.execute("INSERT INTO line DEFAULT VALUES")


def count(session: Session) -> int:
    row = session.one("SELECT count(*) FROM line")
    assert row is not None
    return int(row[0])


class Crash(BaseException):
    """The simulated machine stops here."""


async def test_work_runs_inline_without_threads() -> None:
    before = threading.active_count()
    database = SqliteDatabase.open(":memory:")
    here = threading.get_ident()
    assert await database.write(lambda session: threading.get_ident()) == here
    assert await database.read(lambda session: threading.get_ident()) == here
    assert threading.active_count() == before


async def test_crash_before_the_commit_keeps_nothing() -> None:
    crashing: list[bool] = []

    def machine() -> None:
        if crashing:
            raise Crash

    database = SqliteDatabase.open(":memory:", on_write=machine)
    database.apply_schema(TABLE)
    await database.write(add)
    crashing.append(True)
    with pytest.raises(Crash):
        await database.write(add)
    crashing.clear()
    assert await database.read(count) == 1


async def test_crash_after_the_commit_keeps_the_work_without_an_answer() -> None:
    def machine() -> None:
        raise Crash

    database = SqliteDatabase.open(":memory:", on_written=machine)
    database.apply_schema(TABLE)
    with pytest.raises(Crash):
        await database.write(add)
    assert await database.read(count) == 1


async def test_two_stores_in_memory_are_two_stores() -> None:
    first, second = SqliteDatabase.open(":memory:"), SqliteDatabase.open(":memory:")
    first.apply_schema(TABLE)
    second.apply_schema(TABLE)
    await first.write(add)
    assert await second.read(count) == 0


async def test_closed_store_refuses() -> None:
    database = SqliteDatabase.open(":memory:")
    await database.close()
    with pytest.raises(DatabaseUnavailable):
        await database.read(count)
