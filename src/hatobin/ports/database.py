"""The database, as a port: snapshots to read, group-committed transactions to write.

One statement language serves both engines: the common subset of SQLite and
PostgreSQL with `:name` placeholders. Work is a plain function over a
`Session`, run where the engine wants it (a writer thread, a reader, inline in
a simulation), so it must not await, and must not touch loop-bound objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")

Value = str | int | float | bytes | None
Row = tuple[Any, ...]

Dialect = Literal["sqlite", "postgres"]
"""The engine that a session speaks to; only `capabilities/queue/store.py` asks (house §5)."""


class Session(Protocol):
    """A transaction that is open while one piece of work runs.

    A statement that gives no rows may be refused late: at the next statement
    that gives some, or at the end of the work. So work must not catch what
    these methods raise.
    """

    @property
    def dialect(self) -> Dialect:
        """Say which engine this is."""
        ...

    @property
    def memo(self) -> dict[object, Any]:
        """Facts read by pieces of work that share them (see `Database.write`), of this group commit or earlier ones.

        Keyed by the asking room. An engine may remember nothing; one that remembers facts beyond a group forgets
        them when a table is written that facts may be read from.
        """
        ...

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and give all its rows (also those of RETURNING)."""
        ...

    def one(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Row | None:
        """Run one statement and give its first row, or None."""
        ...

    def many(self, sql: str, parameters: Sequence[Mapping[str, Value]]) -> None:
        """Run one statement once per parameter set."""
        ...


class Database(Protocol):
    """A durable store with one writer and many readers."""

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent snapshot; it must not write."""
        ...

    async def write(self, work: Callable[[Session], T], *, shares_memo: bool = False, turn: str = "") -> T:
        """Run `work` in the next group commit and return its result once that is durable.

        Work that raises is rolled back alone: its exception is raised here and
        the rest of the group commits. When the commit itself fails, every
        member gets `DatabaseUnavailable`.

        `shares_memo` promises that `work` writes nothing that facts in
        `Session.memo` are read from, unless it does not mind old ones itself;
        whoever promises the same then shares those facts.

        `turn` gives work a place in its group: where several nodes write at
        once, all must lock the rows that they share in one order, or they block
        each other. Work that counts in rows of an account, a topic or the like
        says so ("accept 123456789012 us-east-1"); a group runs in the order of
        these texts, and what has none first, as it came.

        An engine may roll `work` back and run it again, when another member of
        its group or another writer stood in its way. What it does beside the
        session must bear that: give results back, do not gather them outside.
        """
        ...


def remembered(session: Session, asked: object, ask: Callable[[], T]) -> T:
    """Give the fact of `Session.memo` under this key, after asking for it where it is not there."""
    memo = session.memo
    if asked not in memo:
        memo[asked] = ask()
    found: T = memo[asked]
    return found


class DatabaseUnavailable(Exception):
    """The store cannot record anything now; nothing of this piece of work was kept.

    One exception, which only an engine behind a network knows: when it is lost
    after a commit was asked for and cannot be asked about it, the work may have
    been kept.
    """
