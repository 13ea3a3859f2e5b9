"""How writes travel in groups on PostgreSQL, and what makes a group run again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from hatobin.adapters.postgres import PostgresDatabase
from hatobin.adapters.postgres.group import MAX_SAVEPOINTS
from hatobin.ports.database import DatabaseUnavailable, Session
from tests.adapters.postgres.gate import Gate

pytestmark = pytest.mark.interop

TABLE = "CREATE TABLE line (id INTEGER PRIMARY KEY, body BLOB, name TEXT UNIQUE)"
Open = Callable[..., PostgresDatabase]


def add(session: Session) -> None:
    session.execute("INSERT INTO line (body) VALUES (:body)", {"body": b"x"})


def named(name: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.execute("INSERT INTO line (name) VALUES (:name)", {"name": name})
        return name

    return work


def count(session: Session) -> int:
    row = session.one("SELECT count(*) FROM line")
    assert row is not None
    return int(row[0])


async def in_one_group(database: PostgresDatabase, gate: Gate, *works: Callable[[Session], Any]) -> list[Any]:
    """Run works as one group and give their results or errors."""
    first = asyncio.ensure_future(database.write(add))
    await gate.closed()
    tasks = [asyncio.ensure_future(database.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_gathers_during_one_commit_is_the_next_group(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    await in_one_group(database, gate, *[add] * 50)
    assert gate.commits == 2
    assert await database.read(count) == 51


async def test_group_is_no_larger_than_its_limit(opened: Open) -> None:
    gate = Gate()
    database = opened(group_commit_items=10, on_write=gate)
    database.apply_schema(TABLE)
    await in_one_group(database, gate, *[add] * 50)
    assert gate.commits == 6


async def test_work_runs_once_where_nothing_goes_wrong(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    runs: list[int] = []

    def refused_before_it_writes(session: Session) -> None:
        session.one("SELECT 1")
        runs.append(0)
        raise LookupError("refused")

    def plain(session: Session) -> None:
        runs.append(1)
        add(session)

    def changes_nothing(session: Session) -> None:
        runs.append(2)
        assert session.one("UPDATE line SET body = NULL WHERE name = 'nobody' RETURNING id") is None
        raise LookupError("refused")

    await in_one_group(database, gate, plain, refused_before_it_writes, changes_nothing, plain)
    assert runs == [1, 0, 2, 1]
    assert await database.read(count) == 3


async def test_a_member_that_raises_after_it_wrote_is_rolled_back_alone(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)

    def regret(session: Session) -> None:
        add(session)
        raise LookupError("mine")

    results = await in_one_group(database, gate, named("a"), regret, named("b"), regret, named("c"))
    assert [result if isinstance(result, str) else type(result) for result in results] == [
        "a",
        LookupError,
        "b",
        LookupError,
        "c",
    ]
    assert await database.read(count) == 4


async def test_a_refused_statement_is_heard_by_its_own_work_even_if_nobody_waited_for_it(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    results = await in_one_group(database, gate, named("a"), named("a"), named("b"), count, named("b"), named("c"))
    kinds = [result if isinstance(result, str | int) else type(result) for result in results]
    assert kinds == ["a", psycopg.errors.UniqueViolation, "b", 3, psycopg.errors.UniqueViolation, "c"]
    assert await database.read(count) == 4


async def test_many_members_with_savepoints_are_several_transactions(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    works = [named(str(number % 100)) for number in range(2 * MAX_SAVEPOINTS)]
    results = await in_one_group(database, gate, *works)
    assert sum(isinstance(result, psycopg.errors.UniqueViolation) for result in results) == 2 * MAX_SAVEPOINTS - 100
    assert await database.read(count) == 101


async def test_a_wrong_statement_is_the_mistake_of_its_work(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    results = await in_one_group(
        database, gate, add, lambda s: s.execute("SELECT nothing FROM line"), lambda s: s.execute("INSERT"), add
    )
    assert [type(result) for result in results] == [
        type(None),
        psycopg.errors.UndefinedColumn,
        psycopg.errors.SyntaxError,
        type(None),
    ]
    assert await database.read(count) == 3


async def test_failed_commit_is_heard_by_every_member_and_the_writer_goes_on(opened: Open) -> None:
    broken = [True]

    def disk() -> None:
        if broken[0]:
            raise DatabaseUnavailable("no")

    database = opened(on_write=disk)
    database.apply_schema(TABLE)
    results = await asyncio.gather(*(database.write(add) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, DatabaseUnavailable) for result in results)
    assert await database.read(count) == 0
    broken[0] = False
    await database.write(add)
    assert await database.read(count) == 1


async def test_cancelled_waiter_is_not_begun(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)
    first = asyncio.ensure_future(database.write(add))
    await gate.closed()
    cancelled = asyncio.ensure_future(database.write(add))
    await asyncio.sleep(0)
    cancelled.cancel()
    gate.open.set()
    await first
    await database.write(add)
    assert await database.read(count) == 2


async def test_close_finishes_what_is_queued_and_refuses_the_rest(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    tasks = [asyncio.ensure_future(database.write(add)) for _ in range(100)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*tasks)
    for use in (database.write, database.read):
        with pytest.raises(DatabaseUnavailable):
            await use(count)
    assert await opened().read(count) == 100


async def test_thousands_of_statements_in_one_work_do_not_stall(opened: Open) -> None:
    database = opened()
    database.apply_schema(TABLE)
    body = bytes(1000)
    await database.write(
        lambda s: s.many("INSERT INTO line (body) VALUES (:body)", [{"body": body} for _ in range(5000)])
    )
    assert await database.read(count) == 5000


async def test_a_blocked_server_does_not_block_the_event_loop(url: str, opened: Open) -> None:
    """Megabytes wait behind a lock that only this loop can take away."""
    database = opened()
    database.apply_schema(TABLE)
    await database.write(named("held"))
    body = bytes(100_000)

    def work(session: Session) -> None:
        session.execute("UPDATE line SET body = NULL WHERE name = 'held'")
        session.many("INSERT INTO line (body) VALUES (:body)", [{"body": body} for _ in range(300)])

    with psycopg.connect(url) as holder:
        holder.execute("UPDATE line SET body = NULL")
        writing = asyncio.ensure_future(database.write(work))
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not writing.done()
        holder.commit()
    await writing
    assert await database.read(count) == 301


async def test_more_statements_than_a_connection_keeps_prepared(opened: Open) -> None:
    database = opened()
    for number in range(1200):
        assert await database.write(lambda s, number=number: s.one(f"SELECT {number}")) == (number,)  # type: ignore[misc]
    held = await database.write(lambda s: s.one("SELECT count(*) FROM pg_prepared_statements"))
    assert held is not None
    assert held[0] <= 520


async def test_neighbours_that_share_facts_do_and_others_do_not(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate)
    database.apply_schema(TABLE)

    def remember(session: Session) -> bool:
        known = "fact" in session.memo
        session.memo["fact"] = 1
        return known

    first = asyncio.ensure_future(database.write(add))
    await gate.closed()
    tasks = [database.write(remember, shares_memo=shares) for shares in (True, True, False, True)]
    waiting = asyncio.gather(*tasks)
    await asyncio.sleep(0)
    gate.open.set()
    await first
    assert await waiting == [False, True, False, False]
    assert not await database.write(remember, shares_memo=True)


async def test_more_than_may_wait_is_refused_and_what_waits_is_done(opened: Open) -> None:
    gate = Gate()
    database = opened(on_write=gate, max_waiting=5)
    database.apply_schema(TABLE)
    first = asyncio.ensure_future(database.write(add))
    await gate.closed()
    waiting = [asyncio.ensure_future(database.write(add)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseUnavailable, match="5 pieces of work wait"):
        await database.write(add)
    gate.open.set()
    await asyncio.gather(first, *waiting)
    assert await database.read(count) == 6
