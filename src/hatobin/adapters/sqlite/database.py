"""`SqliteDatabase`: the database port, in a file with threads or in memory without any."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw

from hatobin.adapters.migrations import Migration, migrate
from hatobin.adapters.sqlite.checkpoint import Checkpointer
from hatobin.adapters.sqlite.connection import (
    UNAVAILABLE,
    SqliteSession,
    check_version,
    open_writer,
    unavailable,
)
from hatobin.adapters.sqlite.facts import MEMORY, Facts
from hatobin.adapters.sqlite.readers import Readers
from hatobin.adapters.sqlite.turn import WriteTurn
from hatobin.adapters.sqlite.writer import Writer, run_group
from hatobin.adapters.work import MAX_WAITING, Hooks, Work
from hatobin.ports.database import DatabaseUnavailable, Session

T = TypeVar("T")


def _nothing() -> None:
    """Stand where no hook is given."""


class SqliteDatabase(ABC):
    """A store in one SQLite file, or in memory; the package says how it works.

    Both forms keep the port's promises. In memory the work runs inline in the
    calling task, one piece per transaction, and never waits.
    """

    @staticmethod
    def open(
        path: str,
        *,
        group_commit_items: int = 512,
        group_commit_delay_s: float = 0.0,
        checkpoints: bool = True,
        max_waiting: int = MAX_WAITING,
        volatile: frozenset[str] | None = None,
        on_write: Callable[[], None] = _nothing,
        on_written: Callable[[], None] = _nothing,
    ) -> SqliteDatabase:
        """Open the file, made if it is missing, or a fresh store for ":memory:".

        `checkpoints` is false in all but one of the processes that share a file.
        `volatile` names the tables that nothing in `Session.memo` is read from: with it facts hold
        from one group to the next until another table is written (see `facts`).
        More than `max_waiting` writes, or reads, that wait are refused as `DatabaseUnavailable`.
        `on_write` is called before each commit and `on_written` after it, on the
        thread that commits: a simulation crashes there by raising. What `on_write`
        raises rolls the group back; whoever waits for a member hears what either raises.

        Raises `SqliteTooOld`, and `DatabaseUnavailable` when the file cannot be used.
        """
        check_version()
        hooks = Hooks(before_commit=on_write, after_commit=on_written)
        if path == MEMORY:
            return _InMemory(hooks, volatile)
        return _InFile(
            path,
            hooks,
            group_items=group_commit_items,
            group_delay_s=group_commit_delay_s,
            checkpoints=checkpoints,
            max_waiting=max_waiting,
            volatile=volatile,
        )

    def apply_schema(self, sql: str) -> None:
        """Run a script of statements in one transaction; blocks, so call it before serving.

        Raises `DatabaseUnavailable`, or `apsw.Error` when the script is wrong.
        """
        self._at_start(lambda session: session.execute(sql))

    def migrate(self, migrations: Sequence[Migration]) -> int:
        """Bring the schema up to date in one transaction and give its version; blocks.

        Raises `SchemaTooNew` when the store was written by a newer hatobin.
        """
        return self._at_start(lambda session: migrate(session, migrations, session.execute))

    @abstractmethod
    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent snapshot (see the port)."""

    @abstractmethod
    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        """Run `work` in the next group commit (see the port)."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued, checkpoint and close; later work raises `DatabaseUnavailable`."""

    @abstractmethod
    def _at_start(self, work: Callable[[Session], T]) -> T: ...


def _transact(connection: apsw.Connection, session: SqliteSession, work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of its own, on the caller's thread and past the hooks."""
    try:
        session.run("BEGIN IMMEDIATE")
        session.memo = {}
        result = work(session)
        session.run("COMMIT")
        if session.facts is not None:
            session.facts.forget()
    except BaseException as error:
        if connection.in_transaction:
            session.run("ROLLBACK")
        if isinstance(error, UNAVAILABLE):
            raise unavailable(error) from error
        raise
    return result


class _InMemory(SqliteDatabase):
    """One connection, no threads: the same calls in the same order give the same trace."""

    def __init__(self, hooks: Hooks, volatile: frozenset[str] | None) -> None:
        self._connection = open_writer(MEMORY)
        self._session = SqliteSession(self._connection, None if volatile is None else Facts(MEMORY, volatile))
        self._hooks = hooks
        self._closed = False

    async def read(self, work: Callable[[Session], T]) -> T:
        self._check_free()
        # The same refusal that a read-only connection gives to a statement that writes.
        self._session.memo = {}
        self._session.run("PRAGMA query_only = 1")
        try:
            return work(self._session)
        except UNAVAILABLE as error:
            raise unavailable(error) from error
        finally:
            self._session.run("PRAGMA query_only = 0")

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        self._check_free()
        item = Work(work, asyncio.get_running_loop().create_future(), shares_memo=shares_memo)
        run_group(self._connection, self._session, [item], self._hooks)
        item.settle()
        result: T = await item.future
        return result

    async def close(self) -> None:
        self._closed = True
        self._connection.close()

    def _at_start(self, work: Callable[[Session], T]) -> T:
        return _transact(self._connection, self._session, work)

    def _check_free(self) -> None:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        if self._connection.in_transaction:
            raise RuntimeError("work must not start other work")


class _InFile(SqliteDatabase):
    """A file in WAL mode: a writer thread, reader threads and, in one process, a checkpointer."""

    def __init__(
        self,
        path: str,
        hooks: Hooks,
        *,
        group_items: int,
        group_delay_s: float,
        checkpoints: bool,
        max_waiting: int,
        volatile: frozenset[str] | None,
    ) -> None:
        self._path = path
        self._closed = False
        connection = open_writer(path)
        self._checkpointer = Checkpointer(path) if checkpoints else None
        if self._checkpointer is not None:
            connection.set_wal_hook(self._checkpointer.log_grew)
        self._readers = Readers(path, max_waiting)
        self._writer = Writer(
            connection,
            WriteTurn(path),
            hooks,
            facts=None if volatile is None else Facts(path, volatile),
            group_items=group_items,
            group_delay_s=group_delay_s,
            max_waiting=max_waiting,
        )

    async def read(self, work: Callable[[Session], T]) -> T:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._readers.put(Work(work, future))
        return await future

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer.put(Work(work, future, shares_memo=shares_memo))
        return await future

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._readers.stop()
        if self._checkpointer is not None:
            self._checkpointer.stop()
        self._writer.stop()  # The last connection to close checkpoints and removes the log.

    def _at_start(self, work: Callable[[Session], T]) -> T:
        connection = open_writer(self._path)
        try:
            return _transact(connection, SqliteSession(connection), work)
        finally:
            connection.close()
