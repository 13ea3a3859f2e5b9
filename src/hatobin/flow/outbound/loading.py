"""How many octets of large bodies are in memory to be sent.

A message whose body lies in the blob store is leased without it; the body is
read when a session takes the message. Here a session waits for its turn, in
order, while others hold as much as may be held.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LoadedBodies:
    """Room for `max_bytes`; a body larger than that has it alone."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.bytes = 0

    @asynccontextmanager
    async def room_for(self, size: int) -> AsyncIterator[None]:
        """Hold room for a body of `size` octets, from before it is read until it is not needed any more."""
        await self._take(size)
        try:
            yield
        finally:
            self.bytes -= size
            self._wake()

    async def _take(self, size: int) -> None:
        if not self._waiting and self._fits(size):
            self.bytes += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.bytes -= size  # Our turn came in the same moment.
            self._wake()
            raise

    def _wake(self) -> None:
        """Let in, in their order, those for whom there is room now."""
        while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.bytes += size
                turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return not self.bytes or self.bytes + size <= self._max_bytes
