"""Large bodies in memory: so many octets at a time, and everybody's turn comes."""

from __future__ import annotations

import asyncio

from hatobin.flow.outbound.loading import LoadedBodies


class Loader:
    """Sessions that load a body and hold it until they are told."""

    def __init__(self, max_bytes: int) -> None:
        self.bodies = LoadedBodies(max_bytes)
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def begin(self, name: str, size: int) -> None:
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.ensure_future(self._hold(name, size))
        await settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settle()

    async def _hold(self, name: str, size: int) -> None:
        async with self.bodies.room_for(size):
            self.inside.append(name)
            await self._ends[name].wait()
            self.inside.remove(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_bodies_over_the_bound_wait_in_their_order() -> None:
    loader = Loader(100)
    for name, size in (("a", 60), ("b", 40), ("c", 50), ("d", 10)):
        await loader.begin(name, size)
    assert loader.inside == ["a", "b"]
    await loader.end("b")
    assert loader.inside == ["a"], "c does not fit yet, and d does not overtake it"
    await loader.end("a")
    assert loader.inside == ["c", "d"]
    assert loader.bodies.bytes == 60


async def test_a_body_over_the_bound_has_it_alone() -> None:
    loader = Loader(100)
    await loader.begin("small", 1)
    await loader.begin("huge", 500)
    assert loader.inside == ["small"]
    await loader.end("small")
    assert loader.inside == ["huge"]
    await loader.begin("next", 1)
    assert loader.inside == ["huge"]
    await loader.end("huge")
    assert loader.inside == ["next"]


async def test_who_leaves_the_line_holds_up_nobody() -> None:
    loader = Loader(100)
    for name, size in (("a", 100), ("b", 100), ("c", 100)):
        await loader.begin(name, size)
    await cancel(loader.tasks["b"])
    await loader.end("a")
    assert loader.inside == ["c"]
    await cancel(loader.tasks["c"])
    assert loader.bodies.bytes == 0


async def test_who_is_cancelled_in_the_moment_of_its_turn_gives_the_room_on() -> None:
    loader = Loader(100)
    async with loader.bodies.room_for(100):
        for name in ("b", "c"):
            await loader.begin(name, 100)
    assert loader.bodies.bytes == 100  # b's turn has come, and b has not run yet.
    assert not loader.inside
    await cancel(loader.tasks["b"])
    await settle()
    assert loader.inside == ["c"]


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
