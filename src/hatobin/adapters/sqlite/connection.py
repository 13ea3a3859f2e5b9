"""Connections as hatobin wants them, and the session that runs work on one.

Refs: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from hatobin.adapters.sqlite.facts import MEMORY, Facts
from hatobin.adapters.sqlite.inserts import FEWEST_ROWS, multi_row_insert
from hatobin.ports.database import DatabaseUnavailable, Dialect, Row, Value

MINIMUM_SQLITE = (3, 51, 3)
"""SQLite 3.7.0 to 3.51.2 can corrupt a WAL that two connections write and checkpoint at once (wal.html §11)."""

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another process before the work fails as `DatabaseUnavailable`."""

CACHE_KIB = 32 * 1024
"""Page cache of one connection."""

WAL_KEPT_BYTES = 64 * 1024 * 1024
"""The WAL file is cut to this size when it starts over."""

STATEMENTS_CACHED = 512
"""Prepared statements kept by one connection; the whole server has a few hundred."""


class SqliteTooOld(Exception):
    """The SQLite library in this process has the WAL-reset bug."""


UNAVAILABLE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.ConnectionClosedError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
)
"""The store's own troubles. Everything else that SQLite raises is a wrong statement of ours."""


def check_version() -> None:
    """Raise `SqliteTooOld` when the bundled SQLite is older than `MINIMUM_SQLITE`."""
    found = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if found < MINIMUM_SQLITE:
        wanted = ".".join(map(str, MINIMUM_SQLITE))
        raise SqliteTooOld(f"SQLite {apsw.sqlite_lib_version()} is in use, hatobin needs at least {wanted}")


def unavailable(error: BaseException) -> DatabaseUnavailable:
    """Wrap one of `UNAVAILABLE` in the port's own error."""
    wrapped = DatabaseUnavailable(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


def _connect(path: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(path, flags=flags, statementcachesize=STATEMENTS_CACHED)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def open_writer(path: str) -> apsw.Connection:
    """Open or create the file for writing: WAL, every commit fsynced, no automatic checkpoint.

    Raises `DatabaseUnavailable` when the file cannot be opened or is no database.
    """
    if path == MEMORY:
        return _connect(path, apsw.SQLITE_OPEN_READWRITE)
    try:
        # Keys lie in this file: it is ours alone. SQLite gives the log the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(path, apsw.SQLITE_OPEN_READWRITE)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchall()[0][0]
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}").fetchall()
        connection.wal_autocheckpoint(0)
    except (apsw.Error, OSError) as error:
        raise unavailable(error) from error
    if mode != "wal":
        raise DatabaseUnavailable(f"{path} cannot use a write-ahead log (its journal mode stays {mode})")
    return connection


def open_reader(path: str) -> apsw.Connection:
    """Open an existing file for reading only."""
    return _connect(path, apsw.SQLITE_OPEN_READONLY)


class SqliteSession:
    """The port's `Session` over one cursor, used again for every statement of its connection."""

    __slots__ = ("_cursor", "_execute", "changed_facts", "facts", "memo")

    def __init__(self, connection: apsw.Connection, facts: Facts | None = None) -> None:
        self._cursor = connection.cursor()
        self._execute = self._cursor.execute
        self.facts = facts
        self.changed_facts = False
        """A statement wrote what facts may be read from; whoever runs the work takes it back."""
        self.memo: dict[object, Any] = {}

    @property
    def dialect(self) -> Dialect:
        """Say which engine this is."""
        return "sqlite"

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and give all its rows."""
        self._look_at(sql)
        rows: list[Any] = self._execute(sql, parameters).fetchall()
        return rows

    def one(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Row | None:
        """Run one statement and give its first row, or None."""
        self._look_at(sql)
        row: Row | None = self._execute(sql, parameters).fetchone()
        return row

    def many(self, sql: str, parameters: Sequence[Mapping[str, Value]]) -> None:
        """Run one statement once per parameter set; plain inserts several rows at a step.

        Each step of SQLite gives up the interpreter lock and takes it again,
        which in a busy process costs more than the row.
        """
        if not parameters:
            return
        self._look_at(sql)
        insert = multi_row_insert(sql) if len(parameters) >= FEWEST_ROWS else None
        if insert is None:
            self._cursor.executemany(sql, parameters)
            return
        start = 0
        for rows, statement in insert.statements:
            while len(parameters) - start >= rows:
                self._execute(statement, insert.values(parameters[start : start + rows]))
                start += rows
        if start < len(parameters):
            self._cursor.executemany(sql, parameters[start:])

    def _look_at(self, sql: str) -> None:
        if self.facts is not None and self.facts.changed_by(sql):
            self.changed_facts = True

    def run(self, sql: str) -> None:
        """Run one statement without bindings or rows (transaction control)."""
        self._execute(sql)
