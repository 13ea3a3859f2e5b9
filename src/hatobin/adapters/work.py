"""One piece of work on its way through a database's thread, and its way back; whatever the engine.

A thread finishes work in groups. Each group goes back to the event loop with
one `call_soon_threadsafe`, because waking a loop costs more than a statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from hatobin.ports.database import DatabaseUnavailable, Session

MAX_WAITING = 20_000
"""Pieces of work that wait for one thread or pool of a database: seconds of a busy server's. The doors bound what
they bring, so more than this means that the database does not answer."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is called around each commit, on the thread that commits; both may raise.

    What `before_commit` raises rolls the group back. Every member hears what either raises.
    """

    before_commit: Callable[[], None]
    after_commit: Callable[[], None]


class Work:
    """A function over a session, and the future that waits for its result."""

    __slots__ = ("error", "function", "future", "result", "shares_memo", "turn")

    def __init__(
        self,
        function: Callable[[Session], Any],
        future: asyncio.Future[Any],
        *,
        shares_memo: bool = False,
        turn: str = "",
    ) -> None:
        self.function = function
        self.future = future
        self.shares_memo = shares_memo
        self.turn = turn
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Give the result to whoever waits; runs on the event loop."""
        future = self.future
        if future.done():  # The waiting task was cancelled meanwhile.
            return
        error = self.error
        if error is None:
            future.set_result(self.result)
        elif isinstance(error, StopIteration):  # A future cannot carry it (PEP 479).
            future.set_exception(RuntimeError("the work raised StopIteration"))
        else:
            future.set_exception(error)


def _settle_all(group: Sequence[Work]) -> None:
    for work in group:
        work.settle()


def hand_back(group: Sequence[Work]) -> None:
    """Settle a group on its event loop, from a database thread."""
    loop = group[0].future.get_loop()
    strangers = [work for work in group if work.future.get_loop() is not loop]
    if strangers:  # Two event loops share the database, as a test or a tool may do.
        hand_back(strangers)
        group = [work for work in group if work.future.get_loop() is loop]
    try:
        loop.call_soon_threadsafe(_settle_all, group)
    except RuntimeError:
        pass  # The loop is closed: nobody waits for these any more.


class WorkQueue:
    """Work that waits for a database's threads, in order and up to a limit."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._max_waiting = max_waiting
        self._waiting: SimpleQueue[Work | None] = SimpleQueue()
        self.get = self._waiting.get
        self.get_nowait = self._waiting.get_nowait
        self.qsize = self._waiting.qsize

    def put(self, work: Work) -> None:
        """Append work. Raises `DatabaseUnavailable` when too much waits already; then it is not begun."""
        if self._waiting.qsize() >= self._max_waiting:
            raise DatabaseUnavailable(f"{self._max_waiting} pieces of work wait for the database")
        self._waiting.put(work)

    def end(self) -> None:
        """Append the mark of the end, for one thread; there is always room for it."""
        self._waiting.put(None)


def take_ready(queue: WorkQueue, first: Work | None, limit: int) -> list[Work | None]:
    """Take what is ready behind `first`, up to `limit` in all; None marks the end of the queue for ever."""
    get_now = queue.get_nowait
    taken = [first]
    try:
        while len(taken) < limit and taken[-1] is not None:
            taken.append(get_now())
    except Empty:
        pass
    return taken


def still_wanted(taken: Sequence[Work | None]) -> list[Work]:
    """Leave out work whose waiter gave up before it began: it is not begun."""
    return [work for work in taken if work is not None and not work.future.cancelled()]
