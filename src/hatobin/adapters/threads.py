"""The threads port: a small pool behind one queue.

Cheaper than `concurrent.futures`: no future of its own, no lock that is taken
for every item, and while the event loop has not yet heard of one result,
further results join it without another wake-up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

DEFAULT_THREADS = 2
"""Signatures release the interpreter lock; two threads keep two cores busy."""


class _Mailbox:
    """Results on their way to one event loop."""

    __slots__ = ("_announced", "_results", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._results: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._announced = False

    def post(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        """Leave a result and make sure that the loop comes for it; called by the threads."""
        self._results.append((future, result, error))
        # The loop withdraws the announcement before it empties the box, so a result is never
        # forgotten; two threads may both announce, which only costs a wake-up.
        if not self._announced:
            self._announced = True
            try:
                self.loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                pass  # The loop is closed: nobody waits any more.

    def _deliver(self) -> None:
        self._announced = False
        results = self._results
        while results:
            future, result, error = results.popleft()
            if future.done():  # The waiting task was cancelled meanwhile.
                continue
            if error is None:
                future.set_result(result)
            elif isinstance(error, StopIteration):  # A future cannot carry it (PEP 479).
                future.set_exception(RuntimeError("the work raised StopIteration"))
            else:
                future.set_exception(error)


_Item = tuple[Callable[[], Any], asyncio.Future[Any], _Mailbox]


class _Crew:
    """A few named threads that run functions in the order in which they came."""

    def __init__(self, count: int, name: str) -> None:
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._mailbox: _Mailbox | None = None
        self._threads = [Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on one of the threads; work whose waiter is cancelled before it began is not begun."""
        loop = asyncio.get_running_loop()
        mailbox = self._mailbox
        if mailbox is None or mailbox.loop is not loop:
            mailbox = self._mailbox = _Mailbox(loop)
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put((work, future, mailbox))
        return await future

    async def close(self) -> None:
        """Finish what is queued and end the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        get = self._queue.get
        while (item := get()) is not None:
            work, future, mailbox = item
            if future.cancelled():
                continue
            try:
                result = work()
            except BaseException as error:
                mailbox.post(future, None, error)
            else:
                mailbox.post(future, result, None)
            # Let go of the last result instead of keeping it until the next item comes.
            del item, work, future
            result = None


class ThreadPool:
    """The threads of one process: some for short work, and one for what takes longer.

    With no threads for it, short work runs at once, in the calling task: right
    where every core has a process of its own, because handing 0.3 ms of work
    to another thread and back costs half of that again in lock traffic.
    """

    def __init__(self, count: int = DEFAULT_THREADS, name: str = "hatobin-work") -> None:
        self._closed = False
        self._short = _Crew(count, name) if count else None
        self._name = name
        self._long: _Crew | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Run short work and give its result or raise its exception (see the port)."""
        self._check_open()
        return work() if self._short is None else await self._short.run(work)

    async def run_long(self, work: Callable[[], T]) -> T:
        """Run long work on a thread of its own kind, started when the first comes (see the port)."""
        self._check_open()
        if self._long is None:
            self._long = _Crew(1, f"{self._name}-long")
        return await self._long.run(work)

    async def close(self) -> None:
        """Finish what is queued and end the threads; later work raises `RuntimeError`."""
        if self._closed:
            return
        self._closed = True
        for crew in (self._short, self._long):
            if crew is not None:
                await crew.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the thread pool is closed")
