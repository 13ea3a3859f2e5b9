"""Long polls that wait for a message in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from hatobin.companions.sqs.model import QueueKey
from hatobin.ports import Clock


class SqsWaiters:
    """Wakes long polls when a queue may have something for them.

    A wake-up is a hint: whoever is woken looks again. What other processes
    send is not announced here, therefore every wait also ends by itself.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[QueueKey, set[asyncio.Future[None]]] = {}

    def notify(self, queue: QueueKey) -> None:
        """Wake everyone who waits for `queue`; to be called after the commit, on the event loop."""
        for future in self._waiting.pop(queue, ()):
            _finish(future)

    def notify_all(self, queues: Iterable[QueueKey]) -> None:
        """Wake everyone who waits for one of `queues`, as `notify` does."""
        for queue in queues:
            self.notify(queue)

    async def wait(self, queue: QueueKey, timeout_s: float) -> None:
        """Return at the next `notify` for `queue`, or after `timeout_s` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(queue, set()).add(future)
        timer = self._clock.call_later(timeout_s, lambda: _finish(future))
        try:
            await future
        finally:
            timer.cancel()
            others = self._waiting.get(queue)
            if others is not None:
                others.discard(future)
                if not others:
                    del self._waiting[queue]


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
