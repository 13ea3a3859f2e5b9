"""How writes travel in groups, and what happens when a commit fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Event

import apsw
import pytest

from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.ports.database import DatabaseUnavailable, Session

TABLE = "CREATE TABLE line (id INTEGER PRIMARY KEY, body BLOB)"


def add(session: Session) -> None:
    session.execute("INSERT INTO line (body) VALUES (:body)", {"body": b"x"})


def count(session: Session) -> int:
    row = session.one("SELECT count(*) FROM line")
    assert row is not None
    return int(row[0])


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Callable[..., SqliteDatabase]]:
    databases: list[SqliteDatabase] = []

    def open_store(**options: object) -> SqliteDatabase:
        database = SqliteDatabase.open(str(tmp_path / "store.db"), **options)  # type: ignore[arg-type]
        databases.append(database)
        return database

    yield open_store
    for database in databases:
        await database.close()


async def test_what_gathers_during_one_commit_is_the_next_group(opened: Callable[..., SqliteDatabase]) -> None:
    go_on = Event()
    commits: list[bool] = []

    def hold_the_first_commit() -> None:
        if not commits:
            go_on.wait(10)
        commits.append(True)

    database = opened(on_write=hold_the_first_commit)
    database.apply_schema(TABLE)
    tasks = [asyncio.ensure_future(database.write(add)) for _ in range(50)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*tasks)
    # The writer may have taken a few of the fifty into the first group before it held.
    assert len(commits) <= 2
    assert await database.read(count) == 50


async def test_group_is_no_larger_than_its_limit(opened: Callable[..., SqliteDatabase]) -> None:
    commits: list[bool] = []
    database = opened(group_commit_items=10, on_write=lambda: commits.append(True))
    database.apply_schema(TABLE)
    await asyncio.gather(*(database.write(add) for _ in range(50)))
    assert len(commits) >= 5
    assert await database.read(count) == 50


async def test_gather_delay_makes_one_group(opened: Callable[..., SqliteDatabase]) -> None:
    commits: list[bool] = []
    database = opened(group_commit_delay_s=0.2, on_write=lambda: commits.append(True))
    database.apply_schema(TABLE)
    await asyncio.gather(*(database.write(add) for _ in range(20)))
    assert len(commits) == 1


async def test_failed_commit_is_heard_by_every_member_and_the_writer_goes_on(
    opened: Callable[..., SqliteDatabase],
) -> None:
    broken = [True]

    def disk() -> None:
        if broken[0]:
            raise apsw.FullError("database or disk is full")

    database = opened(on_write=disk)
    database.apply_schema(TABLE)
    results = await asyncio.gather(*(database.write(add) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, DatabaseUnavailable) for result in results)
    assert await database.read(count) == 0
    broken[0] = False
    await database.write(add)
    assert await database.read(count) == 1


async def test_member_that_failed_by_itself_keeps_its_own_error_when_the_commit_fails(
    opened: Callable[..., SqliteDatabase],
) -> None:
    def disk() -> None:
        raise apsw.IOError("disk I/O error")

    def mistaken(session: Session) -> None:
        raise LookupError("mine")

    database = opened(on_write=disk, group_commit_delay_s=0.05)
    database.apply_schema(TABLE)
    results = await asyncio.gather(database.write(add), database.write(mistaken), return_exceptions=True)
    assert isinstance(results[0], DatabaseUnavailable)
    assert isinstance(results[1], LookupError)


async def _three_at_once(database: SqliteDatabase, second: Callable[[Session], None]) -> list[int]:
    """Run `second` between two that add a row, in one group; give how often each ran."""
    runs = [0, 0, 0]

    def counted(number: int, work: Callable[[Session], None]) -> Callable[[Session], None]:
        def run(session: Session) -> None:
            runs[number] += 1
            work(session)

        return run

    members = [counted(number, work) for number, work in enumerate((add, second, add))]
    answers = await asyncio.gather(*map(database.write, members), return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), ValueError, type(None)]
    return runs


async def test_group_of_a_member_that_fails_after_writing_runs_again_and_keeps_the_others_once(
    opened: Callable[..., SqliteDatabase],
) -> None:
    def write_and_fail(session: Session) -> None:
        add(session)
        raise ValueError

    database = opened(group_commit_delay_s=0.2)
    database.apply_schema(TABLE)
    assert await _three_at_once(database, write_and_fail) == [2, 2, 1]
    assert await database.read(count) == 2
    # The next groups expect it, and do not run twice.
    assert await _three_at_once(database, write_and_fail) == [1, 1, 1]
    assert await database.read(count) == 4


async def test_group_of_a_member_that_fails_before_it_writes_runs_once(opened: Callable[..., SqliteDatabase]) -> None:
    def fail(session: Session) -> None:
        raise ValueError

    database = opened(group_commit_delay_s=0.2)
    database.apply_schema(TABLE)
    assert await _three_at_once(database, fail) == [1, 1, 1]
    assert await database.read(count) == 2


async def test_member_alone_that_fails_after_writing_leaves_nothing_and_runs_once(
    opened: Callable[..., SqliteDatabase],
) -> None:
    runs: list[bool] = []

    def write_and_fail(session: Session) -> None:
        runs.append(True)
        add(session)
        raise ValueError

    database = opened()
    database.apply_schema(TABLE)
    with pytest.raises(ValueError):
        await database.write(write_and_fail)
    assert len(runs) == 1
    await database.write(add)
    assert await database.read(count) == 1


async def test_full_database_loses_the_group_that_filled_it_and_takes_smaller_work_afterwards(
    opened: Callable[..., SqliteDatabase],
) -> None:
    database = opened(group_commit_delay_s=0.05)
    database.apply_schema(TABLE)
    await database.write(lambda session: session.execute("PRAGMA max_page_count = 20"))

    def add_large(session: Session) -> None:
        session.execute("INSERT INTO line (body) VALUES (:body)", {"body": bytes(200_000)})

    results = await asyncio.gather(
        database.write(add), database.write(add_large), database.write(add), return_exceptions=True
    )
    assert [type(result) for result in results] == [DatabaseUnavailable] * 3
    await database.write(add)
    assert await database.read(count) == 1


class _FaultyFile(apsw.VFSFile):
    """A file whose fsync fails while the test says so."""

    failing = False

    def __init__(self, filename: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("unix", filename, flags)

    def xSync(self, flags: int) -> None:
        if _FaultyFile.failing:
            raise apsw.IOError("fsync failed")
        super().xSync(flags)


class _FaultyDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("hatobin-faulty-disk", "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _FaultyFile(name or "", flags)


@pytest.fixture
def faulty_disk() -> Iterator[type[_FaultyFile]]:
    usual = apsw.vfs_names()[0]
    disk = _FaultyDisk()
    yield _FaultyFile
    _FaultyFile.failing = False
    apsw.set_default_vfs(usual)
    disk.unregister()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_failed_fsync_is_never_answered_as_kept(
    faulty_disk: type[_FaultyFile], opened: Callable[..., SqliteDatabase]
) -> None:
    database = opened(checkpoints=False)
    database.apply_schema(TABLE)
    await database.write(add)
    faulty_disk.failing = True
    results = await asyncio.gather(*(database.write(add) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(result, DatabaseUnavailable) for result in results), results
    faulty_disk.failing = False
    await database.write(add)
    assert await database.read(count) == 2


async def test_cancelled_waiter_is_not_begun(opened: Callable[..., SqliteDatabase]) -> None:
    held, go_on, ran = Event(), Event(), []

    def hold(session: Session) -> None:
        held.set()
        go_on.wait(10)

    database = opened()
    database.apply_schema(TABLE)
    first = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(held.wait, 10)
    second = asyncio.ensure_future(database.write(lambda session: ran.append(True)))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await first
    await database.write(add)
    assert ran == []


async def test_close_finishes_what_is_queued_and_refuses_the_rest(opened: Callable[..., SqliteDatabase]) -> None:
    database = opened()
    database.apply_schema(TABLE)
    tasks = [asyncio.ensure_future(database.write(add)) for _ in range(30)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*tasks)
    with pytest.raises(DatabaseUnavailable):
        await database.write(add)
    with pytest.raises(DatabaseUnavailable):
        await database.read(count)
    again = opened()
    assert await again.read(count) == 30


async def test_more_than_may_wait_is_refused_and_what_waits_is_done(opened: Callable[..., SqliteDatabase]) -> None:
    held, go_on = Event(), Event()

    def hold() -> None:
        held.set()
        go_on.wait(10)

    database = opened(on_write=hold, max_waiting=5)
    database.apply_schema(TABLE)
    first = asyncio.ensure_future(database.write(add))
    await asyncio.to_thread(held.wait, 10)
    waiting = [asyncio.ensure_future(database.write(add)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseUnavailable, match="5 pieces of work wait"):
        await database.write(add)
    # Reading has a line of its own.
    assert await database.read(count) == 0
    go_on.set()
    await asyncio.gather(first, *waiting)
    assert await database.read(count) == 6
