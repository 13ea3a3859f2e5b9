"""How many octets of large request bodies are in memory, of all connections together.

A body counts from the moment its octets are here until its request is
answered. Small bodies are not counted, so they pass however many large ones
there are; the number of connections bounds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SMALL_BODY_BYTES = 64 * 1024
"""Bodies up to this size are always taken."""


class BodyBudget:
    """Room for `max_bytes` of large bodies in one worker."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.bytes = 0

    def has_room(self, size: int) -> bool:
        """Say whether a body of this size would fit now."""
        return self.bytes + size <= self._max_bytes

    @contextmanager
    def share(self) -> Iterator[BodyShare]:
        """Give one request its share, empty at first; what it took comes back at the end."""
        share = BodyShare(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


class BodyShare:
    """What one request holds of the budget."""

    __slots__ = ("_budget", "bytes")

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.bytes = 0

    def take(self, size: int) -> bool:
        """Hold `size` octets more; False, with nothing changed, when there is no room."""
        if not self._budget.has_room(size):
            return False
        self._budget.bytes += size
        self.bytes += size
        return True
