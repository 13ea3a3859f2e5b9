"""The clock port over the operating system and the running event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hatobin.ports.clock import Timer

T = TypeVar("T")


class SystemClock:
    """Real time."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds; zero gives other tasks a turn."""
        await asyncio.sleep(delay_s)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once after `delay_s` seconds, on the running event loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        """Await `work`; cancel it and raise `TimeoutError` when `timeout_s` is over."""
        async with asyncio.timeout(timeout_s):
            return await work
