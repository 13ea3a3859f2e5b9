"""Time, as a port: wall clock, monotonic clock, waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    """A callback that waits for its moment."""

    def cancel(self) -> None:
        """Make sure that the callback is not called any more."""
        ...


class Clock(Protocol):
    """Wall and monotonic time in seconds, and ways to wait for it."""

    def now(self) -> float:
        """Give the wall clock in seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Give a clock in seconds that never goes backwards; its zero means nothing."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds; zero gives other tasks a turn."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once after `delay_s` seconds, on the event loop."""
        ...

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        """Await `work`; cancel it and raise `TimeoutError` when `timeout_s` is over."""
        ...
