"""The file on disk: how it is opened, shared, checkpointed and survives."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import apsw
import pytest

from hatobin.adapters.sqlite import (
    MINIMUM_SQLITE,
    Migration,
    SchemaTooNew,
    SqliteDatabase,
    SqliteTooOld,
    checkpoint,
    connection,
)
from hatobin.adapters.sqlite.turn import WriteTurn
from hatobin.ports.database import DatabaseUnavailable, Session

SOURCE = Path(__file__).resolve().parents[3] / "src"
COUNTER = "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, total INTEGER NOT NULL)"
ADD_ONE = "INSERT INTO counter (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = counter.total + 1"


def total(session: Session) -> int:
    row = session.one("SELECT total FROM counter WHERE id = 1")
    return int(row[0]) if row else 0


def start_child(path: Path, code: str) -> subprocess.Popen[bytes]:
    program = (
        "import asyncio, sys\n"
        "from hatobin.adapters.sqlite import SqliteDatabase\n"
        f"database = SqliteDatabase.open({str(path)!r}, checkpoints=False)\n"
        f"ADD_ONE = {ADD_ONE!r}\n"
        "async def add_one():\n"
        "    await database.write(lambda session: session.execute(ADD_ONE))\n" + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
    )


async def test_every_connection_is_durable_and_checks_references(tmp_path: Path) -> None:
    database = SqliteDatabase.open(str(tmp_path / "store.db"))

    def pragmas(session: Session) -> list[object]:
        return [session.execute(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert await database.write(pragmas) == ["wal", 2, 1]
    assert (await database.read(pragmas))[0] == "wal"
    await database.close()


async def test_two_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    database = SqliteDatabase.open(str(path))
    database.apply_schema(COUNTER)
    child = start_child(
        path,
        "async def main():\n"
        "    for _ in range(20):\n"
        "        await asyncio.gather(*(add_one() for _ in range(5)))\n"
        "    await database.close()\n"
        "asyncio.run(main())\n",
    )
    try:
        for _ in range(20):
            await asyncio.gather(*(database.write(lambda session: session.execute(ADD_ONE)) for _ in range(5)))
        assert await asyncio.to_thread(child.wait, 30) == 0
        assert await database.read(total) == 200
    finally:
        child.kill()
        child.communicate()
        await database.close()


async def test_answered_writes_survive_the_death_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    first = SqliteDatabase.open(str(path))
    first.apply_schema(COUNTER)
    await first.close()
    child = start_child(
        path,
        "async def main():\n"
        "    while True:\n"
        "        await add_one()\n"
        "        print('.', end='', flush=True)\n"
        "asyncio.run(main())\n",
    )
    assert child.stdout is not None
    answered = len(await asyncio.to_thread(child.stdout.read, 25))
    child.send_signal(signal.SIGKILL)
    answered += len(child.communicate()[0])
    again = SqliteDatabase.open(str(path))
    # One write may be kept whose answer the child had no time to print.
    assert answered <= await again.read(total) <= answered + 1
    await again.close()


async def test_log_starts_over_instead_of_growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "WAL_SOFT_PAGES", 32)
    database = SqliteDatabase.open(str(tmp_path / "store.db"))
    database.apply_schema("CREATE TABLE body (id INTEGER PRIMARY KEY, data BLOB)")
    log, written = tmp_path / "store.db-wal", 0
    # The checkpointer runs beside us, so how soon it comes is not sure; that it comes is.
    while written < 1_000_000 or (log.stat().st_size > written / 2 and written < 100_000_000):
        await database.write(
            lambda session: session.execute("INSERT INTO body (data) VALUES (:data)", {"data": bytes(40_000)})
        )
        written += 40_000
    assert log.stat().st_size <= written / 2
    await database.close()
    assert not log.exists()


async def test_log_is_cut_again_after_a_long_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "WAL_SOFT_PAGES", 32)
    monkeypatch.setattr(connection, "WAL_KEPT_BYTES", 1_000_000)
    path, log = tmp_path / "store.db", tmp_path / "store.db-wal"
    database = SqliteDatabase.open(str(path))
    database.apply_schema("CREATE TABLE body (id INTEGER PRIMARY KEY, data BLOB)")

    def write_piece(session: Session) -> None:
        session.execute("INSERT INTO body (data) VALUES (:data)", {"data": bytes(40_000)})

    await database.write(write_piece)
    long_read = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    long_read.execute("BEGIN")
    assert long_read.execute("SELECT count(*) FROM body").fetchall() == [(1,)]
    for _ in range(100):
        await database.write(write_piece)
    assert log.stat().st_size > 4_000_000, "what the reader sees has to stay"
    assert long_read.execute("SELECT count(*) FROM body").fetchall() == [(1,)]
    long_read.close()
    written = 0
    while log.stat().st_size > 1_000_000 and written < 10_000:
        await database.write(write_piece)
        written += 1
    assert log.stat().st_size <= 1_000_000
    await database.close()


def test_checkpoint_says_whether_the_log_can_start_over(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    writer = connection.open_writer(path)
    writer.execute("CREATE TABLE line (id INTEGER PRIMARY KEY)")
    checkpointer = checkpoint.Checkpointer(path)
    long_read = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    long_read.execute("BEGIN")
    long_read.execute("SELECT count(*) FROM line").fetchall()
    writer.execute("INSERT INTO line DEFAULT VALUES")
    assert not checkpointer._checkpoint(restart=True)
    assert checkpointer._checkpoint(restart=False)
    long_read.close()
    assert checkpointer._checkpoint(restart=True)
    checkpointer.stop()
    writer.close()


def modes_for_others(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()}


async def test_file_is_ours_alone(tmp_path: Path) -> None:
    database = SqliteDatabase.open(str(tmp_path / "store.db"))
    database.apply_schema(COUNTER)
    assert set(modes_for_others(tmp_path).values()) == {0}, modes_for_others(tmp_path)
    await database.close()


def test_turn_is_waited_for_and_given_up_in_time(tmp_path: Path) -> None:
    first, second = WriteTurn(str(tmp_path / "x")), WriteTurn(str(tmp_path / "x"))
    assert first.take()
    assert not second.take(timeout_s=0.01)
    first.give()
    assert second.take(timeout_s=0.01)
    first.close()
    second.close()


def gate_is_held(path: Path) -> bool:
    with path.open() as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_who_waits_for_the_turn_comes_before_who_just_had_it(tmp_path: Path) -> None:
    busy, waiting = WriteTurn(str(tmp_path / "x")), WriteTurn(str(tmp_path / "x"))
    order: list[str] = []

    def wait_and_write() -> None:
        assert waiting.take()
        order.append("waiting")
        waiting.give()

    assert busy.take()
    thread = Thread(target=wait_and_write)
    thread.start()
    while not gate_is_held(tmp_path / "x-gate"):
        time.sleep(0.001)
    busy.give()
    assert busy.take()
    order.append("busy")
    busy.close()
    thread.join()
    waiting.close()
    assert order == ["waiting", "busy"]


async def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(DatabaseUnavailable):
        SqliteDatabase.open(str(path))


async def test_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        SqliteDatabase.open(str(tmp_path / "missing" / "store.db"))


def test_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MINIMUM_SQLITE == (3, 51, 3)
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(SqliteTooOld, match=r"3\.51\.2 .* 3\.51\.3"):
        SqliteDatabase.open(":memory:")


ONE = Migration(1, "first", "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY)")
TWO = Migration(2, "second", "ALTER TABLE a ADD COLUMN name TEXT")
WRONG = Migration(3, "third", "CREATE TABLE c (id INTEGER); ALTER TABLE nothing ADD COLUMN name TEXT")


@pytest.mark.parametrize("name", [":memory:", "store.db"])
async def test_migrations_run_once_and_in_order(tmp_path: Path, name: str) -> None:
    database = SqliteDatabase.open(name if name == ":memory:" else str(tmp_path / name))
    assert database.migrate([ONE]) == 1
    assert database.migrate([ONE, TWO]) == 2
    assert database.migrate([ONE, TWO]) == 2
    rows = await database.read(lambda session: session.execute("SELECT version, name FROM schema_version"))
    assert rows == [(1, "first"), (2, "second")]
    await database.close()


async def test_failing_migration_leaves_nothing_behind() -> None:
    database = SqliteDatabase.open(":memory:")
    database.migrate([ONE, TWO])
    with pytest.raises(apsw.SQLError):
        database.migrate([ONE, TWO, WRONG])
    tables = await database.read(lambda session: session.execute("SELECT name FROM sqlite_schema ORDER BY name"))
    assert tables == [("a",), ("b",), ("schema_version",)]
    assert database.migrate([ONE, TWO]) == 2


def test_store_of_a_newer_hatobin_is_refused() -> None:
    database = SqliteDatabase.open(":memory:")
    database.migrate([ONE, TWO])
    with pytest.raises(SchemaTooNew):
        database.migrate([ONE])


def test_migrations_with_a_gap_are_refused() -> None:
    with pytest.raises(ValueError):
        SqliteDatabase.open(":memory:").migrate([TWO])
