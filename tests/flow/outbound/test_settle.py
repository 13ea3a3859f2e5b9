"""When outcomes are recorded: alone at once, and those behind a commit together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hatobin.capabilities import events
from hatobin.flow.outbound.figures import OutboundFigures
from hatobin.flow.outbound.settle import GATHER_S, Settler
from hatobin.flow.outbound.settlement import Followed, Settlement, Settlements
from hatobin.words.settings import Settings
from tests.simulation.world import SimulatedClock, run_until
from tests.stores import open_store


class _Deaf:
    """Takes every call and does nothing."""

    overflowed = False

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


def _settlement() -> Settlement:
    message = SimpleNamespace(key=SimpleNamespace(message_id="m"), blob_key=None, held_bytes=0)
    return Settlement(cast(Any, message), (), 0.0)


@pytest.fixture
def groups() -> list[tuple[float, int]]:
    """When groups were recorded, and of how many outcomes."""
    return []


def _settler(clock: SimulatedClock, groups: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch) -> Settler:
    def apply(self: Settlements, session: object, group: Sequence[Settlement]) -> Followed:
        groups.append((clock.monotonic(), len(group)))
        return Followed([], False, events.Recorded())

    monkeypatch.setattr(Settlements, "apply", apply)
    ports = SimpleNamespace(clock=clock, database=open_store(), entropy=None)
    deaf = cast(Any, _Deaf())
    return Settler(cast(Any, ports), Settings(), deaf, deaf, deaf, deaf, OutboundFigures())


async def test_an_outcome_alone_is_recorded_at_once_and_those_behind_it_gather(
    groups: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimulatedClock()
    settler = _settler(clock, groups, monkeypatch)
    settler.put(_settlement())
    await settler.drain()
    assert groups == [(0.0, 1)]
    settler.put(_settlement())
    draining = asyncio.get_running_loop().create_task(settler.drain())
    for after_s in (0.4 * GATHER_S, 0.4 * GATHER_S):
        await clock_moved(clock, after_s)
        assert not settler.put(_settlement()), "one drain is under way"
    assert await run_until(clock, draining.done, limit_s=1.0)
    assert groups[1:] == [(pytest.approx(GATHER_S), 3)]
    await clock_moved(clock, 10 * GATHER_S)
    settler.put(_settlement())
    await settler.drain()
    assert groups[2] == (clock.monotonic(), 1)
    assert settler.idle


async def clock_moved(clock: SimulatedClock, by_s: float) -> None:
    """Let so much time pass."""
    passed: list[bool] = []
    clock.call_later(by_s, lambda: passed.append(True))
    assert await run_until(clock, lambda: bool(passed), limit_s=by_s + 1.0)
