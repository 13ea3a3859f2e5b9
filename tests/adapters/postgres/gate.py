"""A hold on a store's first commit."""

from __future__ import annotations

import asyncio
from threading import Event


class Gate:
    """Holds the first commit, so that what follows gathers into one group."""

    def __init__(self) -> None:
        self.held, self.open = Event(), Event()
        self.commits = 0

    def __call__(self) -> None:
        self.commits += 1
        if self.commits == 1:
            self.held.set()
            self.open.wait(10)

    async def closed(self) -> None:
        """Wait until the first commit is held."""
        assert await asyncio.to_thread(self.held.wait, 10)
