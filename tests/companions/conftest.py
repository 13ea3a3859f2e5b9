"""The world of the companions' tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.companions.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which nothing runs yet."""
    made = World()
    yield made
    await made.database.close()


@pytest.fixture
async def delivering(world: World) -> AsyncIterator[World]:
    """A world whose delivery worker runs."""
    task = asyncio.get_running_loop().create_task(world.deliveries.run())
    yield world
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
