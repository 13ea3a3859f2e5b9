"""Commit marks: how a writer finds out what became of a commit whose answer was lost.

Every writer has one row, in which each of its transactions leaves its number.
Whoever has to ask afterwards reads the row: the number is there exactly if the
transaction is, on whatever server answers by then.

The server's own memory (pg_xact_status) does not serve: a transaction id that
was given out and never reached the log is given out again after a crash, and
then speaks of another transaction.
"""

from __future__ import annotations

import uuid

from hatobin.adapters.postgres.session import PostgresSession

TABLE = """
CREATE TABLE IF NOT EXISTS commit_mark (
  writer TEXT NOT NULL PRIMARY KEY,
  mark INTEGER NOT NULL,
  begun_at REAL NOT NULL
)"""

KEPT_S = 7 * 86_400.0
"""A mark this old is nobody's any more: a writer that lives longer makes itself a new row."""

_EXISTS = "SELECT to_regclass('commit_mark') IS NOT NULL"
_BEGIN_ROW = """
INSERT INTO commit_mark (writer, mark, begun_at) VALUES (:writer, 0, extract(epoch FROM clock_timestamp()))
ON CONFLICT (writer) DO UPDATE SET begun_at = excluded.begun_at"""
_FORGET_OLD = "DELETE FROM commit_mark WHERE begun_at < extract(epoch FROM clock_timestamp()) - :kept_s"
_LEAVE = "UPDATE commit_mark SET mark = :mark WHERE writer = :writer"
_END = "DELETE FROM commit_mark WHERE writer = :writer"
# With the row's lock, so that a commit that is still under way on a connection we have lost is waited for.
_LOOK = "SELECT mark FROM commit_mark WHERE writer = :writer FOR UPDATE"


def is_prepared(session: PostgresSession) -> bool:
    """Whether the table of marks is there."""
    row = session.one(_EXISTS)
    return row is not None and bool(row[0])


class CommitMarks:
    """The marks of one writer."""

    def __init__(self) -> None:
        self._writer = str(uuid.uuid4())
        self._last = 0

    def begin(self, session: PostgresSession) -> None:
        """Make the row, in a transaction of its own, before a connection is used."""
        session.execute("BEGIN")
        session.execute(_FORGET_OLD, {"kept_s": KEPT_S})
        session.execute(_BEGIN_ROW, {"writer": self._writer})
        session.commit()

    def leave(self, session: PostgresSession) -> int:
        """Leave a new mark in the open transaction and give it."""
        self._last += 1
        session.execute(_LEAVE, {"writer": self._writer, "mark": self._last})
        return self._last

    def has(self, session: PostgresSession, mark: int) -> bool:
        """Whether the transaction that left `mark` is committed. Raises `DatabaseUnavailable` while it is under way.

        A row that is not there was made on another server, whose last commits this one has not: ours is among them.
        """
        session.execute("BEGIN")
        row = session.one(_LOOK, {"writer": self._writer})
        session.commit()
        return row is not None and int(row[0]) == mark

    def end(self, session: PostgresSession) -> None:
        """Remove the row."""
        session.execute("BEGIN")
        session.execute(_END, {"writer": self._writer})
        session.commit()
