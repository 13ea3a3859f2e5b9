"""The threads port without threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class InlineThreads:
    """Work runs at once, in the calling task."""

    async def run(self, work: Callable[[], T]) -> T:
        return work()

    async def run_long(self, work: Callable[[], T]) -> T:
        return work()
