"""The store of a test's world: SQLite in memory, or PostgreSQL with HATOBIN_TEST_STORE=postgres.

Both answer at once, in the calling task, so a simulated world runs on either:
the same calls in the same order give the same trace.

On PostgreSQL each world gets a database of its own, made from one template,
emptied and used again after the test.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import pytest

from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.app.schema import VOLATILE_TABLES, schema
from hatobin.ports import Database, Session
from tests.peers import postgres

T = TypeVar("T")

ON_POSTGRES = os.environ.get("HATOBIN_TEST_STORE") == "postgres"
not_on_postgres = pytest.mark.skipif(
    ON_POSTGRES, reason="hours in which loops ask every second, each time PostgreSQL; they are run on SQLite"
)
_TEMPLATE = "hatobin_template"


sqlite_only = pytest.mark.skipif(ON_POSTGRES, reason="asks SQLite how it will search")


class Store(Database, Protocol):
    """A database that a test may also use without waiting."""

    def _at_start(self, work: Callable[[Session], T]) -> T: ...

    async def close(self) -> None:
        """Let it go."""
        ...


def _nothing() -> None:
    """Stand where no hook is given."""


def open_store(*, on_write: Callable[[], None] = _nothing, on_written: Callable[[], None] = _nothing) -> Store:
    """Give an empty store with the whole schema; the hooks are those of `SqliteDatabase.open`."""
    if ON_POSTGRES:
        return _InlinePostgres(on_write, on_written)
    database = SqliteDatabase.open(":memory:", volatile=VOLATILE_TABLES, on_write=on_write, on_written=on_written)
    database.apply_schema(schema())
    return cast(Store, database)


def give_back() -> None:
    """Take back what the test left open."""
    for store in list(_open):
        store.give_back()


class _InlinePostgres:
    """The adapter's own runners over one session, without its threads."""

    def __init__(self, on_write: Callable[[], None], on_written: Callable[[], None]) -> None:
        from hatobin.adapters.work import Hooks

        self._hooks = Hooks(on_write, on_written)
        self._session = _idle.pop() if _idle else _new_session()
        _open.append(self)

    async def read(self, work: Callable[[Session], T]) -> T:
        from hatobin.adapters.postgres.readers import run_reads
        from hatobin.adapters.work import Work

        item = Work(work, cast(Any, None))
        run_reads(self._session, [item])
        self._session.end_reading()
        return self._answer(item)

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        from hatobin.adapters.postgres.group import run_group
        from hatobin.adapters.work import Work

        item = Work(work, cast(Any, None))
        run_group(self._session, [item], self._hooks)
        return self._answer(item)

    async def close(self) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Empty the database and keep it for the next test."""
        if self in _open:
            _open.remove(self)
            self._session.execute("BEGIN")
            for statement in _emptying():
                self._session.execute(statement)
            self._session.commit()
            _idle.append(self._session)

    def _at_start(self, work: Callable[[Session], T]) -> T:
        self._session.execute("BEGIN")
        try:
            result = work(self._session)
            self._session.commit()
        except BaseException:
            self._session.roll_back()
            raise
        return result

    def _answer(self, item: Any) -> Any:
        if item.error is not None:
            raise item.error
        return item.result


_open: list[_InlinePostgres] = []
_idle: list[Any] = []


@cache
def _emptying() -> list[str]:
    with postgres.shared().connect(_TEMPLATE) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        sequences = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
    return [f'DELETE FROM "{name}"' for (name,) in tables] + [f'ALTER SEQUENCE "{s}" RESTART' for (s,) in sequences]


@cache
def _make_template() -> None:
    from hatobin.adapters.postgres.database import PostgresDatabase

    database = PostgresDatabase.open(postgres.shared().create_database(_TEMPLATE), reader_threads=0)
    database.apply_schema(schema())
    database._stop()


def _new_session() -> Any:
    from hatobin.adapters.postgres.connection import connect

    _make_template()
    return connect(postgres.shared().create_database(f"world_{len(_open) + len(_idle)}", template=_TEMPLATE))


def close_all() -> None:
    """Close every session; at the end of the tests."""
    give_back()
    while _idle:
        _idle.pop().close()
