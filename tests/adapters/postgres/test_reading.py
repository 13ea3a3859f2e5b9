"""What comes back from PostgreSQL, and in what order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import pytest

from hatobin.adapters.postgres import PostgresDatabase
from hatobin.ports.database import Session

pytestmark = pytest.mark.interop

Open = Callable[..., PostgresDatabase]
TABLE = "CREATE TABLE thing (name TEXT PRIMARY KEY, number INTEGER, ratio REAL, body BLOB)"


async def test_sums_averages_and_truth_values_are_plain_numbers(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    rows = [{"name": str(number), "number": number * 10**15} for number in range(1, 4)]
    await database.write(lambda s: s.many("INSERT INTO thing (name, number) VALUES (:name, :number)", rows))
    found = await database.read(
        lambda s: s.one("SELECT SUM(number), AVG(number) / 4, SUM(number) > 5, COUNT(*), MIN(ratio), 1.5 FROM thing")
    )
    assert found == (6 * 10**15, 5 * 10**14, 1, 3, None, 1.5)
    assert [type(value) for value in found or ()] == [int, int, int, int, type(None), float]


async def test_a_table_of_values_has_the_types_of_its_values(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    await database.write(lambda s: s.execute("INSERT INTO thing (name) VALUES ('a'), ('b')"))
    statement = """WITH new (name, number, ratio, body) AS (VALUES (:n0, :i0, :r0, :b0), (:n1, :i1, :r1, :b1))
        UPDATE thing SET number = new.number, ratio = new.ratio, body = new.body FROM new
        WHERE thing.name = new.name RETURNING thing.name"""
    values = {"n0": "a", "i0": 1, "r0": 0.1, "b0": b"\0", "n1": "b", "i1": 2**62, "r1": 2.5, "b1": None}
    for changes in ({}, {"i0": None, "b1": b"1"}, {}):
        rows = await database.write(lambda s, changes=changes: s.execute(statement, {**values, **changes}))  # type: ignore[misc]
        assert sorted(rows) == [("a",), ("b",)]
    found = await database.read(lambda s: s.execute("SELECT * FROM thing ORDER BY name"))
    assert found == [("a", 1, 0.1, b"\0"), ("b", 2**62, 2.5, None)]


async def test_text_is_ordered_by_its_bytes(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    names = ["a", "B", "ä", "-", "Z", "鳩", "_", "aa", "a-b"]
    await database.write(lambda s: s.many("INSERT INTO thing (name) VALUES (:n)", [{"n": name} for name in names]))
    rows = await database.read(lambda s: s.execute("SELECT name FROM thing ORDER BY name"))
    assert [row[0] for row in rows] == sorted(names, key=str.encode)
    assert await database.read(lambda s: s.one("SELECT count(*) FROM thing WHERE name > :a", {"a": "Z"})) == (6,)


async def test_a_nul_in_text_comes_back_as_a_replacement_character(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    await database.write(lambda s: s.execute("INSERT INTO thing (name) VALUES (:name)", {"name": "a\0b"}))
    assert await database.read(lambda s: s.execute("SELECT name FROM thing")) == [("a\ufffdb",)]
    assert await database.read(lambda s: s.one("SELECT 1 FROM thing WHERE name = :name", {"name": "a\0b"})) == (1,)


async def test_a_large_body_comes_back_whole(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    body = bytes(range(256)) * 40_000
    await database.write(lambda s: s.execute("INSERT INTO thing (name, body) VALUES ('l', :b)", {"b": body}))
    assert await database.read(lambda s: s.one("SELECT body FROM thing")) == (body,)


async def test_one_snapshot_holds_still_while_others_write(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    loop = asyncio.get_running_loop()

    def add(session: Session) -> None:
        session.execute("INSERT INTO thing (name) VALUES ('new')")

    def look_twice(session: Session) -> list[object]:
        before = session.execute("SELECT name FROM thing")
        asyncio.run_coroutine_threadsafe(database.write(add), loop).result(10)
        return [before, session.execute("SELECT name FROM thing")]

    assert await database.read(look_twice) == [[], []]
    assert await database.read(lambda s: s.execute("SELECT name FROM thing")) == [("new",)]


async def test_a_refused_statement_ends_its_own_read_only(opened: Open) -> None:
    database = opened(reader_threads=1)
    database.apply_schema(TABLE)
    results = await asyncio.gather(
        database.read(lambda s: s.execute("SELECT name FROM thing")),
        database.read(lambda s: s.execute("SELECT nothing FROM thing")),
        database.read(lambda s: s.execute("SELECT name FROM thing")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [list, psycopg.errors.UndefinedColumn, list]


async def test_reads_do_not_share_facts(opened: Open) -> None:
    database = opened(reader_threads=1)

    def remember(session: Session) -> bool:
        known = "fact" in session.memo
        session.memo["fact"] = 1
        return known

    assert await asyncio.gather(*(database.read(remember) for _ in range(3))) == [False] * 3
