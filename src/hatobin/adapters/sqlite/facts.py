"""Facts that work remembers from one group commit to the next, and how long they hold.

What changes rarely (identities, configuration sets, subscriptions) is asked for
by every group of messages. It is remembered until a table is written that is
not volatile, by whichever process: each notes that, before it commits, in eight
octets of shared memory beside the database. They are read and written under
the write lock alone.

Law: https://www.sqlite.org/lang_transaction.html §2.2 (one writer at a time).
"""

from __future__ import annotations

import mmap
import os
import re
import struct
import time
from collections.abc import Callable
from typing import Any

MEMORY = ":memory:"
"""The path of a store that no other process sees."""

KEPT_S = 1.0
"""What nobody noted, because it was written past hatobin, is seen after this long."""

MAX_KEPT = 10_000
"""Facts of one process; beyond them it begins anew."""

MAX_STATEMENTS = 4096
"""Texts of statements that are known to write, or not to."""

_NUMBER = struct.Struct("=Q")
_WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM"
    r"|(?:CREATE|ALTER|DROP)\s+\w+(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+(\w+)",
    re.IGNORECASE,
)


class Facts:
    """The facts of one writing connection, and the mark that it shares with those of other processes.

    `volatile` names the tables from which no fact is read.
    """

    def __init__(self, path: str, volatile: frozenset[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._volatile = volatile | {"set"}  # Of DO UPDATE SET.
        self._monotonic = monotonic
        self._mark = _open_mark(path)
        self._seen: int | None = None
        self._since = 0.0
        self._changes: dict[str, bool] = {}
        self.kept: dict[object, Any] = {}

    def begin(self) -> None:
        """Forget what no longer holds; within a write transaction."""
        (number,) = _NUMBER.unpack_from(self._mark)
        now = self._monotonic()
        if number != self._seen or now - self._since > KEPT_S or len(self.kept) > MAX_KEPT:
            self.kept.clear()
            self._seen, self._since = number, now

    def forget(self) -> None:
        """Remember nothing more."""
        self.kept.clear()

    def note(self) -> None:
        """Tell all processes that facts have changed; within the write transaction that changes them."""
        (number,) = _NUMBER.unpack_from(self._mark)
        self._seen = number + 1
        _NUMBER.pack_into(self._mark, 0, self._seen)

    def changed_by(self, sql: str) -> bool:
        """Say whether a statement writes a table that facts may be read from."""
        found = self._changes.get(sql)
        if found is None:
            if len(self._changes) >= MAX_STATEMENTS:
                self._changes.clear()
            found = any(table.lower() not in self._volatile for table in _WRITES.findall(sql))
            self._changes[sql] = found
        return found

    def close(self) -> None:
        """Let go of the mark; the file stays."""
        self._mark.close()


def _open_mark(path: str) -> mmap.mmap:
    if path == MEMORY:
        return mmap.mmap(-1, _NUMBER.size)
    descriptor = os.open(path + "-facts", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, _NUMBER.size)
        return mmap.mmap(descriptor, _NUMBER.size)
    finally:
        os.close(descriptor)
