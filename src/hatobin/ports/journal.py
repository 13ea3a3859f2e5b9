"""A local append-only record of delivery attempts, as a port.

No fsync: the page cache survives the death of the process, and after a power
loss the queue counts every open attempt as a possible duplicate anyway.
"""

from __future__ import annotations

from typing import Protocol

RECORD_BYTES = 320


class Journal(Protocol):
    """Fixed-size records of RECORD_BYTES in generations that are dropped when all their attempts are settled."""

    def open_attempt(self, record: bytes) -> int:
        """Append a record that begins an attempt; give the generation it was written to."""
        ...

    def append(self, record: bytes) -> None:
        """Append a record that says how an attempt ended."""
        ...

    def settled(self, generation: int) -> None:
        """Count one attempt of `generation` as settled in the database."""
        ...

    def replay(self) -> list[bytes]:
        """Give every whole record that an earlier process left, oldest first."""
        ...

    def reset(self) -> None:
        """Forget what `replay` gave, once it is settled in the database."""
        ...
