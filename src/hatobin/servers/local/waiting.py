"""Long polls that wait for mail in the local inbox."""

from __future__ import annotations

import asyncio

from hatobin.ports import Clock


class InboxWaiters:
    """Wakes long polls when the inbox may have something new.

    A wake-up is a hint: whoever is woken looks again. What other workers of
    this server settle is not announced here, therefore waits are short and
    repeated.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def count(self) -> int:
        """How many long polls wait now."""
        return len(self._waiting)

    def notify(self) -> None:
        """Wake everyone; to be called after a commit, on the event loop. Costs nothing when nobody waits."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            _finish(future)

    async def wait(self, clock: Clock, timeout_s: float) -> None:
        """Return at the next `notify`, or after `timeout_s` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        timer = clock.call_later(timeout_s, lambda: _finish(future))
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
