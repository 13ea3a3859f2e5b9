"""The database port over SQLite: one writer with group commit, many readers.

`SqliteDatabase.open("/data/hatobin.db")` gives a durable store (WAL,
`synchronous=FULL`); `SqliteDatabase.open(":memory:")` gives the same engine
without threads or files, for tests and for the simulation.

How a write travels: the coroutine puts its work into a queue; the writer
thread takes everything that is ready, opens one transaction, runs each piece,
commits with one fsync and wakes the event loop once for the whole group. Where
a piece fails that has written something, the group runs again with a savepoint
each. While that fsync runs, the next group gathers, so a busy server forms
large groups and an idle one answers without delay.

Law: https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html.
"""

from __future__ import annotations

from hatobin.adapters.migrations import Migration, SchemaTooNew
from hatobin.adapters.sqlite.connection import MINIMUM_SQLITE, SqliteTooOld
from hatobin.adapters.sqlite.database import SqliteDatabase

__all__ = ["MINIMUM_SQLITE", "Migration", "SchemaTooNew", "SqliteDatabase", "SqliteTooOld"]
