"""A worker's sleep that can be cut short."""

from __future__ import annotations

import asyncio

from hatobin.ports import Clock


class Wakeup:
    """One sleeper, many who may wake it. A call while nobody sleeps is remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._called = asyncio.Event()

    def call(self) -> None:
        """End the current or the next sleep at once; on the event loop."""
        self._called.set()

    async def sleep(self, timeout_s: float) -> None:
        """Return when called, or after `timeout_s` seconds."""
        timer = self._clock.call_later(timeout_s, self._called.set)
        try:
            await self._called.wait()
        finally:
            timer.cancel()
            self._called.clear()
