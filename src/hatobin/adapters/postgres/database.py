"""`PostgresDatabase`: the database port over a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from hatobin.adapters.migrations import Migration, migrate
from hatobin.adapters.postgres.connection import Line, connect
from hatobin.adapters.postgres.marks import TABLE as MARKS
from hatobin.adapters.postgres.marks import is_prepared
from hatobin.adapters.postgres.readers import READER_THREADS, Readers
from hatobin.adapters.postgres.session import PostgresSession
from hatobin.adapters.postgres.writer import Writer
from hatobin.adapters.work import MAX_WAITING, Hooks, Work
from hatobin.ports.database import DatabaseUnavailable, Session

T = TypeVar("T")

SCHEMA_LOCK = 0x6861746F
"""The advisory lock under which workers that start together change the schema one after the other ("hato")."""


def _nothing() -> None:
    """Stand where no hook is given."""


class PostgresDatabase:
    """A store on a PostgreSQL server; the package says how it works."""

    @staticmethod
    def open(
        url: str,
        *,
        group_commit_items: int = 512,
        group_commit_delay_s: float = 0.0,
        reader_threads: int = READER_THREADS,
        max_waiting: int = MAX_WAITING,
        on_write: Callable[[], None] = _nothing,
        on_written: Callable[[], None] = _nothing,
    ) -> PostgresDatabase:
        """Connect to the server; blocks.

        `on_write` is called before each commit and `on_written` after it, on the
        thread that commits; more than `max_waiting` writes, or reads, that wait are refused
        (see `SqliteDatabase.open`).

        Raises `DatabaseUnavailable` when the server cannot be reached,
        `PostgresTooOld`, and `ValueError` for a URL that is none.
        """
        # A wrong password is heard at start, not at the first message.
        session = connect(url)
        try:
            session.execute("BEGIN")
            if not is_prepared(session):
                session.one("SELECT pg_advisory_xact_lock(:lock)", {"lock": SCHEMA_LOCK})
                session.script(MARKS)
            session.commit()
        finally:
            session.close()
        return PostgresDatabase(
            url,
            Hooks(before_commit=on_write, after_commit=on_written),
            group_items=group_commit_items,
            group_delay_s=group_commit_delay_s,
            reader_threads=reader_threads,
            max_waiting=max_waiting,
        )

    def __init__(
        self,
        url: str,
        hooks: Hooks,
        *,
        group_items: int,
        group_delay_s: float,
        reader_threads: int,
        max_waiting: int,
    ) -> None:
        self._url = url
        self._closed = False
        self._readers = Readers([Line(url, reading=True) for _ in range(reader_threads)], max_waiting)
        self._writer = Writer(
            Line(url), hooks, group_items=group_items, group_delay_s=group_delay_s, max_waiting=max_waiting
        )

    def apply_schema(self, sql: str) -> None:
        """Run a script of statements in one transaction; blocks, so call it before serving.

        Raises `DatabaseUnavailable`, or `psycopg.Error` when the script is wrong.
        """
        self._at_start(lambda session: session.script(sql))

    def migrate(self, migrations: Sequence[Migration]) -> int:
        """Bring the schema up to date in one transaction and give its version; blocks.

        Raises `SchemaTooNew` when the store was written by a newer hatobin.
        """
        return self._at_start(lambda session: migrate(session, migrations, session.script))

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent snapshot (see the port)."""
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._readers.put(Work(work, future))
        return await future

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        """Run `work` in the next group commit (see the port)."""
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer.put(Work(work, future, shares_memo=shares_memo, turn=turn))
        return await future

    async def close(self) -> None:
        """Finish what is queued and disconnect; later work raises `DatabaseUnavailable`."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._readers.stop()
        self._writer.stop()

    def _at_start(self, work: Callable[[PostgresSession], T]) -> T:
        session = connect(self._url)
        try:
            session.execute("BEGIN")
            session.one("SELECT pg_advisory_xact_lock(:lock)", {"lock": SCHEMA_LOCK})
            result = work(session)
            session.commit()
            return result
        finally:
            session.close()
