"""What tests of local paths, console and root share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.servers.world import World


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """An empty server, closed after the test."""
    made = World()
    yield made
    await made.close()
