"""What becomes of work when the connection or the server goes away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator

import pytest

from hatobin.adapters.postgres import CommitUnknown, PostgresDatabase, PostgresTooOld, connection, marks, writer
from hatobin.adapters.postgres.errors import ConnectionLost
from hatobin.adapters.postgres.session import PostgresSession
from hatobin.ports.database import DatabaseUnavailable, Session
from tests.peers.postgres import Postgres

pytestmark = [pytest.mark.interop, pytest.mark.alone]

Open = Callable[..., PostgresDatabase]
TABLE = "CREATE TABLE line (id INTEGER PRIMARY KEY, name TEXT)"


def add(session: Session) -> None:
    session.execute("INSERT INTO line (name) VALUES ('x')")


def count(session: Session) -> int:
    row = session.one("SELECT count(*) FROM line")
    assert row is not None
    return int(row[0])


def end_other_sessions(session: Session) -> None:
    """Let the server end every connection but the one that asks."""
    session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of our own, which may be killed."""
    with Postgres(durable=True) as running:
        yield running


@pytest.fixture
def killable(server: Postgres) -> str:
    """An empty database on that server."""
    return server.create_database("killable")


@pytest.fixture(autouse=True)
def _try_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect without the pauses of production."""
    monkeypatch.setattr(connection, "FIRST_RECONNECT_S", 0.0)
    monkeypatch.setattr(connection, "LAST_RECONNECT_S", 0.0)


async def test_a_connection_lost_while_idle_is_not_noticed(opened: Open) -> None:
    database, other = opened(), opened()
    database.apply_schema(TABLE)
    await database.write(add)
    assert await database.read(count) == 1
    await other.write(end_other_sessions)
    await database.write(add)
    assert await database.read(count) == 2


async def test_a_connection_lost_in_the_middle_of_a_group_is_not_noticed(opened: Open) -> None:
    database, other = opened(), opened()
    database.apply_schema(TABLE)
    loop = asyncio.get_running_loop()
    runs: list[int] = []

    def work(session: Session) -> int:
        runs.append(1)
        add(session)
        if len(runs) == 1:
            count(session)
            asyncio.run_coroutine_threadsafe(other.write(end_other_sessions), loop).result(10)
        return count(session)

    assert await database.write(work) == 1
    assert len(runs) == 2
    assert await database.read(count) == 1


async def test_a_reading_connection_lost_in_the_middle_is_not_noticed(opened: Open) -> None:
    database, other = opened(reader_threads=1), opened()
    database.apply_schema(TABLE)
    loop = asyncio.get_running_loop()
    ended: list[int] = []

    def work(session: Session) -> int:
        if not ended:
            ended.append(1)
            count(session)
            asyncio.run_coroutine_threadsafe(other.write(end_other_sessions), loop).result(10)
        return count(session)

    assert await asyncio.gather(database.read(count), database.read(work), database.read(count)) == [0, 0, 0]


async def test_a_server_that_is_away_is_said_at_once_and_found_again(server: Postgres, killable: str) -> None:
    database = PostgresDatabase.open(killable)
    database.apply_schema(TABLE)
    await database.write(add)
    server.stop()
    results = await asyncio.gather(*(database.write(add) for _ in range(20)), return_exceptions=True)
    assert {type(result) for result in results} == {DatabaseUnavailable}
    with pytest.raises(DatabaseUnavailable):
        await database.read(count)
    server.start()
    await database.write(add)
    assert await database.read(count) == 2
    await database.close()


async def test_what_was_answered_survives_a_crash_of_the_server(server: Postgres, killable: str) -> None:
    database = PostgresDatabase.open(killable)
    database.apply_schema(TABLE)
    answered = 0
    go_on = True

    async def keep_adding() -> None:
        nonlocal answered
        while go_on:
            try:
                await database.write(add)
                answered += 1
            except DatabaseUnavailable:
                await asyncio.sleep(0.01)

    tasks = [asyncio.ensure_future(keep_adding()) for _ in range(20)]
    for _ in range(2):
        while_before = answered
        await asyncio.to_thread(server.restart, signal.SIGQUIT)
        await database.write(add)
        answered += 1
        assert answered > while_before
    go_on = False
    await asyncio.gather(*tasks)
    assert await database.read(count) >= answered
    await database.close()


async def test_after_a_failed_attempt_the_next_one_waits(
    monkeypatch: pytest.MonkeyPatch, server: Postgres, killable: str
) -> None:
    monkeypatch.setattr(connection, "FIRST_RECONNECT_S", 60.0)
    monkeypatch.setattr(connection, "LAST_RECONNECT_S", 60.0)
    line = connection.Line(killable)
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="socket"):
        line.session()
    server.start()
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        line.session()


class _LosesAnAnswer:
    """The connection breaks once around a commit, before the server has it or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self._commit = PostgresSession.commit
        self._after = after
        self.is_armed = False
        answer = self

        def commit(session: PostgresSession) -> None:
            answer(session)

        monkeypatch.setattr(PostgresSession, "commit", commit)

    def __call__(self, session: PostgresSession) -> None:
        if not self.is_armed:
            self._commit(session)
            return
        self.is_armed = False
        if self._after:
            self._commit(session)
        session.close()
        raise ConnectionLost("the cable is cut")


@pytest.mark.parametrize("after", [False, True], ids=["before the server had it", "after it was durable"])
async def test_a_commit_without_an_answer_is_asked_for(
    opened: Open, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    database = opened()
    database.apply_schema(TABLE)
    await database.write(add)
    cable = _LosesAnAnswer(monkeypatch, after=after)
    runs: list[int] = []

    def work(session: Session) -> int:
        runs.append(1)
        add(session)
        return len(runs)

    cable.is_armed = True
    assert await database.write(work) == (1 if after else 2)
    assert await database.read(count) == 2


async def test_a_commit_whose_outcome_nobody_can_tell_says_so(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    database = opened()
    database.apply_schema(TABLE)
    await database.write(add)
    cable = _LosesAnAnswer(monkeypatch, after=True)
    monkeypatch.setattr(marks, "_LOOK", "SELECT pg_terminate_backend(pg_backend_pid()) WHERE :writer <> ''")
    monkeypatch.setattr(writer, "OUTCOME_TIMEOUT_S", 0.1)
    cable.is_armed = True
    with pytest.raises(CommitUnknown):
        await database.write(add)
    await database.write(add)
    assert await database.read(count) == 3


async def test_a_server_that_never_heard_of_us_has_not_our_commit_either(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby took over that lacks the last commits of the server we knew."""
    database, other = opened(), opened()
    database.apply_schema(TABLE)
    await database.write(add)
    cable = _LosesAnAnswer(monkeypatch, after=False)
    await other.write(lambda session: session.execute("DELETE FROM commit_mark"))
    cable.is_armed = True
    await database.write(add)
    assert await database.read(count) == 2


async def test_a_commit_that_is_still_under_way_is_waited_for(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has not noticed yet that our old connection is gone, and goes on with its transaction."""
    database = opened()
    database.apply_schema(TABLE)
    await database.write(add)
    original = PostgresSession.commit
    under_way: list[PostgresSession] = []

    def commit(session: PostgresSession) -> None:
        if database_is_cut and not under_way:
            under_way.append(session)
            raise ConnectionLost("the cable is cut")
        original(session)

    database_is_cut = False
    monkeypatch.setattr(PostgresSession, "commit", commit)
    monkeypatch.setattr(connection.Line, "drop", lambda line: setattr(line, "_session", None))
    database_is_cut = True
    writing = asyncio.ensure_future(database.write(add))
    await asyncio.sleep(0.5)
    assert not writing.done()
    original(under_way[0])
    await writing
    assert await database.read(count) == 2
    under_way[0].close()


async def test_a_writer_that_ends_takes_its_mark_along(opened: Open, url: str) -> None:
    first, other = opened(), opened()
    first.apply_schema(TABLE)
    await first.write(add)
    await other.write(add)
    rows = await other.read(lambda session: session.execute("SELECT mark FROM commit_mark"))
    assert [mark for (mark,) in rows] == [1, 1]
    await first.close()
    assert len(await other.read(lambda session: session.execute("SELECT mark FROM commit_mark"))) == 1


def test_what_cannot_be_opened_is_said(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        PostgresDatabase.open(server.url("nowhere"))
    with pytest.raises(ValueError, match="PostgreSQL"):
        PostgresDatabase.open("postgresql://[")
    monkeypatch.setattr(connection, "MINIMUM_POSTGRES", 990000)
    with pytest.raises(PostgresTooOld, match="99"):
        PostgresDatabase.open(server.url())


async def test_another_writer_s_lock_is_waited_for_only_so_long(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SETTINGS", connection._SETTINGS.replace("'10s'", "'50ms'"))
    one, other = opened(), opened()
    one.apply_schema(TABLE)
    await one.write(add)
    loop = asyncio.get_running_loop()
    heard: list[BaseException] = []

    def hold(session: Session) -> None:
        session.one("UPDATE line SET name = 'mine' RETURNING id")
        waiting = asyncio.run_coroutine_threadsafe(other.write(lambda s: s.execute("UPDATE line SET name = 'b'")), loop)
        heard.append(waiting.exception(10) or AssertionError("it did not wait"))

    await one.write(hold)
    assert isinstance(heard[0], DatabaseUnavailable)


async def test_the_settings_of_the_connections(opened: Open) -> None:
    database = opened()

    def show(session: Session) -> list[str]:
        names = ("synchronous_commit", "transaction_isolation", "transaction_read_only", "application_name")
        return [str(row[0]) for name in names for row in session.execute(f"SELECT current_setting('{name}')")]

    assert await database.write(show) == ["on", "read committed", "off", "hatobin"]
    assert await database.read(show) == ["on", "repeatable read", "on", "hatobin"]
