"""Facts that are remembered from one group commit to the next, and what makes them be forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hatobin.adapters.sqlite import SqliteDatabase, facts
from hatobin.adapters.sqlite.facts import MEMORY, Facts
from hatobin.ports.database import Session

TABLES = "CREATE TABLE fact (value INTEGER); CREATE TABLE busy (value INTEGER);"
VOLATILE = frozenset({"busy"})


def remembered(session: Session) -> int:
    """Give how many facts there are, as it was when that was asked first."""
    if "facts" not in session.memo:
        row = session.one("SELECT COUNT(*) FROM fact")
        assert row is not None
        session.memo["facts"] = row[0]
    found: int = session.memo["facts"]
    return found


def add(table: str) -> Callable[[Session], None]:
    return lambda session: session.many(f"INSERT INTO {table} (value) VALUES (:value)", [{"value": 1}])


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts do not get old while a test runs."""
    monkeypatch.setattr(facts, "KEPT_S", 60.0)


async def ask(database: SqliteDatabase) -> int:
    return await database.write(remembered, shares_memo=True)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[SqliteDatabase, SqliteDatabase]]:
    """Two openings of one file, as two processes have them."""
    path = str(tmp_path / "store.db")
    opened = [SqliteDatabase.open(path, volatile=VOLATILE, checkpoints=first) for first in (True, False)]
    opened[0].apply_schema(TABLES)
    yield opened[0], opened[1]
    for database in opened:
        await database.close()


async def test_a_fact_holds_for_the_next_group(tmp_path: Path, two: tuple[SqliteDatabase, SqliteDatabase]) -> None:
    one, _ = two
    assert await ask(one) == 0
    past = SqliteDatabase.open(str(tmp_path / "store.db"))  # It notes nothing.
    await past.write(add("fact"))
    await past.close()
    assert await ask(one) == 0


async def test_what_is_written_past_everybody_is_seen_after_a_while(
    tmp_path: Path, two: tuple[SqliteDatabase, SqliteDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = two
    assert await ask(one) == 0
    past = SqliteDatabase.open(str(tmp_path / "store.db"))
    await past.write(add("fact"))
    await past.close()
    monkeypatch.setattr(facts, "KEPT_S", 0.0)
    assert await ask(one) == 1


@pytest.mark.parametrize("shares", [True, False])
async def test_whoever_writes_facts_makes_all_processes_forget(
    two: tuple[SqliteDatabase, SqliteDatabase], *, shares: bool
) -> None:
    for writer in two:
        before = await ask(two[0])
        assert await ask(two[1]) == before
        await writer.write(add("fact"), shares_memo=shares)
        assert [await ask(database) for database in two] == [before + 1, before + 1]


async def test_a_volatile_table_makes_nobody_forget(two: tuple[SqliteDatabase, SqliteDatabase]) -> None:
    one, other = two
    assert await ask(one) == 0
    await one.write(add("busy"))
    await other.write(add("busy"))

    def still(session: Session) -> bool:
        return "facts" in session.memo

    assert await one.write(still, shares_memo=True)


async def test_many_rows_that_are_none_change_nothing(two: tuple[SqliteDatabase, SqliteDatabase]) -> None:
    one, _ = two

    def write_nothing(session: Session) -> bool:
        session.many("INSERT INTO fact (value) VALUES (:value)", [])
        return "facts" in session.memo

    assert await ask(one) == 0
    assert await one.write(write_nothing, shares_memo=True)
    assert await one.write(write_nothing, shares_memo=True)


async def test_a_fact_read_of_what_is_rolled_back_is_forgotten(two: tuple[SqliteDatabase, SqliteDatabase]) -> None:
    one, _ = two

    def add_ask_and_fail(session: Session) -> None:
        add("fact")(session)
        assert remembered(session) == 1
        raise ValueError

    with pytest.raises(ValueError):
        await one.write(add_ask_and_fail, shares_memo=True)
    assert await ask(one) == 0


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("SELECT * FROM fact", False),
        ("INSERT INTO busy (value) VALUES (:value) ON CONFLICT (value) DO UPDATE SET value = :value", False),
        ("  update busy SET value = 1 WHERE value IN (SELECT value FROM fact)", False),
        ("DELETE FROM busy RETURNING value", False),
        ("WITH gone AS (SELECT 1) DELETE FROM busy", False),
        ("INSERT INTO fact (value) SELECT value FROM busy", True),
        ("INSERT OR REPLACE INTO fact (value) VALUES (1)", True),
        ("REPLACE INTO fact VALUES (1)", True),
        ("UPDATE\n fact SET value = 2", True),
        ("WITH new AS (SELECT 1) INSERT INTO fact SELECT * FROM new", True),
        ("delete from fact", True),
        ("DROP TABLE IF EXISTS fact", True),
        ("CREATE TABLE fresh (value INTEGER)", True),
        ("ALTER TABLE fact ADD COLUMN more INTEGER", True),
    ],
)
def test_a_statement_tells_what_it_writes(sql: str, *, changes: bool) -> None:
    assert Facts(MEMORY, VOLATILE).changed_by(sql) is changes


def test_as_many_facts_are_remembered_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MAX_KEPT", 2)
    found = Facts(MEMORY, VOLATILE)
    found.begin()
    for number in range(2):
        found.kept[number] = number
        found.begin()
        assert number in found.kept
    found.kept[2] = 2
    found.begin()
    assert not found.kept
