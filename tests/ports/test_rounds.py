"""Background work in rounds: what a round leads to, and what ends the work."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.rounds import work_in_rounds
from tests.simulation.world import SimulatedClock, run_until

INTERVAL_S = 10.0


async def worked(*outcomes: object, fails: str | None = None, goes_on: bool = False) -> list[float]:
    """Let rounds end so, one after the other, and give when each one began."""
    clock, begun = SimulatedClock(), list[float]()
    left = list(outcomes)

    async def once() -> object:
        begun.append(clock.elapsed_s)
        found = left.pop(0) if left else None
        if isinstance(found, Exception):
            raise found
        return found

    work = asyncio.create_task(
        work_in_rounds(clock, once, INTERVAL_S, log=structlog.get_logger(), waits="waits", fails=fails, goes_on=goes_on)
    )
    await run_until(clock, lambda: len(begun) > len(outcomes) or work.done(), limit_s=1000.0)
    if work.done():
        await work
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return begun


async def test_there_is_a_pause_after_each_round() -> None:
    assert await worked(1, 0) == [0.0, 10.0, 20.0]


async def test_who_goes_on_pauses_only_when_nothing_was_found() -> None:
    assert await worked(2, 1, 0, goes_on=True) == [0.0, 0.0, 0.0, 10.0]


@pytest.mark.parametrize("away", [DatabaseUnavailable("gone"), BlobsUnavailable("gone")])
async def test_a_store_that_is_away_is_waited_for(away: Exception) -> None:
    with capture_logs() as logs:
        assert await worked(away, goes_on=True) == [0.0, 10.0]
    assert [(one["event"], one["log_level"]) for one in logs] == [("waits", "warning")]


async def test_another_error_is_told_where_there_is_a_word_for_it() -> None:
    with capture_logs() as logs:
        assert await worked(ValueError("bug"), fails="broke") == [0.0, 10.0]
    assert [(one["event"], one["log_level"]) for one in logs] == [("broke", "error")]


async def test_and_ends_the_work_where_there_is_none() -> None:
    with pytest.raises(ValueError, match="bug"):
        await worked(ValueError("bug"))
