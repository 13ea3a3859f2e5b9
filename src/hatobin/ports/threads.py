"""Work elsewhere, as a port: run a function off the event loop and await it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

LONG_WORK_BYTES = 256 * 1024
"""Content of this size is taken to a thread: to hash, decode or split more would hold the event loop for
milliseconds, and 40 MB for half a second."""


class Threads(Protocol):
    """Small pools for work that the event loop should not wait for."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run short work that releases the interpreter lock (signatures, digests) and give its result.

        On a thread, or inline where every core has an event loop of its own.
        """
        ...

    async def run_long(self, work: Callable[[], T]) -> T:
        """Run work of many milliseconds (key pairs, large messages) and give its result; inline in a simulation only.

        One piece after the other, so that a burst of it takes one core at most.
        """
        ...


async def run_by_size(threads: Threads, size_bytes: int, work: Callable[[], T]) -> T:
    """Run work on content of this size: at once when it is small, else beside the event loop."""
    return work() if size_bytes <= LONG_WORK_BYTES else await threads.run_long(work)
