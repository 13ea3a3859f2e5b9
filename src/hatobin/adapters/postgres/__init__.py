"""The database port over PostgreSQL: one writer with group commit, many readers, any number of nodes.

`PostgresDatabase.open("postgresql://user:password@host/name")` connects; the
extra `hatobin[postgres]` brings psycopg.

How a write travels: the coroutine puts its work into a queue; the writer
thread takes everything that is ready, runs it in one transaction of its one
connection, commits once and wakes the event loop once for the whole group.
Statements whose rows nobody wants are sent without waiting (pipeline mode),
so a group of inserts is a few round trips, however many there are.

What differs from SQLite, and what the port allows for it:

* A statement without rows is refused late, and a group with a refused
  statement, with a member that raised after it wrote, or with a deadlock, is
  rolled back and run again. Work runs once where nothing goes wrong.
* Other nodes write at the same time. A transaction is read committed: an
  UPDATE on condition is safe, a SELECT followed by an UPDATE of what it
  showed needs the condition in the UPDATE.
* A connection that is lost before the commit was asked for is opened anew and
  the group run again; while the server is away, work fails at once with
  `DatabaseUnavailable`. A commit whose answer was lost is asked for
  afterwards (`marks`). Only when that cannot be answered, because the
  server stays away or a standby took over, work may have been kept although
  its waiter heard `DatabaseUnavailable`.
* Text cannot hold U+0000; it becomes U+FFFD.

Law: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html,
https://www.postgresql.org/docs/current/transaction-iso.html.
"""

from __future__ import annotations

from hatobin.adapters.postgres.connection import MINIMUM_POSTGRES, PostgresTooOld
from hatobin.adapters.postgres.database import PostgresDatabase
from hatobin.adapters.postgres.writer import CommitUnknown

__all__ = ["MINIMUM_POSTGRES", "CommitUnknown", "PostgresDatabase", "PostgresTooOld"]
