"""What every `Clock` must do, real or simulated. Waits here are a hundredth of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hatobin.ports.clock import Clock

MakeClock = Callable[[], Clock]

_SHORT_S = 0.01


async def time_goes_forward(clock: Clock) -> None:
    """The monotonic clock never goes back, and sleeping moves both clocks on by at least that much."""
    wall, monotonic = clock.now(), clock.monotonic()
    assert clock.monotonic() >= monotonic
    await clock.sleep(_SHORT_S)
    # The wall clock may be corrected meanwhile, so only the monotonic one is held to the figure.
    assert clock.monotonic() - monotonic >= _SHORT_S * 0.9, "sleep returned too early"
    assert clock.now() >= wall - 1.0, "the wall clock went back"


async def sleeping_nothing_gives_others_a_turn(clock: Clock) -> None:
    """`sleep(0)` lets a waiting task run."""
    ran: list[bool] = []

    async def other() -> None:
        ran.append(True)

    task = asyncio.ensure_future(other())
    await clock.sleep(0)
    await clock.sleep(0)
    assert ran, "sleep(0) must yield to other tasks"
    await task


async def callbacks_come_once_and_in_order(clock: Clock) -> None:
    """Timers fire once each, the earlier first; a cancelled one stays silent."""
    fired: list[str] = []
    clock.call_later(_SHORT_S * 2, lambda: fired.append("late"))
    clock.call_later(_SHORT_S, lambda: fired.append("early"))
    clock.call_later(_SHORT_S, lambda: fired.append("cancelled")).cancel()
    await clock.sleep(_SHORT_S * 4)
    assert fired == ["early", "late"], f"timers fired {fired}"


async def quick_work_ends_within_its_time(clock: Clock) -> None:
    """`within` gives the result of work, and its own exception."""

    async def answer() -> str:
        await clock.sleep(0)
        return "answer"

    async def fail() -> None:
        raise LookupError("mine")

    assert await clock.within(60.0, answer()) == "answer"
    try:
        await clock.within(60.0, fail())
    except LookupError:
        pass
    else:
        raise AssertionError("the exception of the work must come through")


async def slow_work_is_cancelled(clock: Clock) -> None:
    """`within` cancels work whose time is over and raises `TimeoutError`."""
    ended: list[str] = []

    async def slow() -> None:
        try:
            await clock.sleep(3600.0)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    try:
        await clock.within(_SHORT_S, slow())
    except TimeoutError:
        pass
    else:
        raise AssertionError("work that takes too long must raise TimeoutError")
    assert ended == ["cancelled"], "work that takes too long must be cancelled before within returns"


ClockCheck = Callable[[Clock], Awaitable[None]]

CLOCK_CHECKS: tuple[ClockCheck, ...] = (
    time_goes_forward,
    sleeping_nothing_gives_others_a_turn,
    callbacks_come_once_and_in_order,
    quick_work_ends_within_its_time,
    slow_work_is_cancelled,
)


async def check_clock(make: MakeClock) -> None:
    """Raise `AssertionError` at the first promise of the clock port that is not kept."""
    for check in CLOCK_CHECKS:
        await check(make())
