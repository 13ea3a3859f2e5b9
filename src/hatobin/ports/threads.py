"""Work elsewhere, as a port: run a function off the event loop and await it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Threads(Protocol):
    """A small pool for work that releases the interpreter lock (signatures, digests)."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread of the pool (inline in a simulation) and give its result."""
        ...
