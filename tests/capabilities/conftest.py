"""The room that every test of a capability starts in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.capabilities.rooms import Room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """A fresh store in memory, at noon, in mailbox mode."""
    made = Room()
    yield made
    await made.database.close()
