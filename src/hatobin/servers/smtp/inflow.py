"""The content of one large message between its connection and the house, so that neither holds it.

What the session has taken in goes to the house in the order in which it came,
one write at a time. While the house has not taken enough of it, the
connection stops reading: TCP makes the client wait (RFC 9293 §3.8.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hatobin.protocols.smtp import MessageReceived
from hatobin.servers.smtp.acceptance import MessageStream
from hatobin.words.reply import Reply

MAX_WAITING_BYTES = 512 * 1024
"""Content that waits for the house before the connection stops reading."""


class Inflow:
    """Hands content on from a task of its own."""

    def __init__(self, stream: MessageStream, moved: Callable[[], None]) -> None:
        """`moved` is called when the house has taken something."""
        self._stream = stream
        self._moved = moved
        self._waiting: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self.held_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read for now."""
        return self.held_bytes > MAX_WAITING_BYTES

    def add(self, pieces: Sequence[bytes]) -> None:
        """Take the next pieces of the content; returns at once."""
        if not pieces:
            return
        self._waiting.extend(pieces)
        self.held_bytes += sum(map(len, pieces))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def finish(self, received: MessageReceived) -> Reply:
        """Hand on what is left, and give the answer of the house. Raises what a write raised; nothing is kept then."""
        await self._written()
        if self._failure is not None:
            await self._stream.abort()
            raise self._failure
        return await self._stream.finish(received.envelope, received.data)

    async def abort(self) -> None:
        """Let the house forget the message."""
        self._waiting.clear()
        await self._written()
        await self._stream.abort()

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        """Write until nothing waits; after a failure what comes is let go."""
        while self._waiting:
            pieces, self._waiting = self._waiting, []
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            try:
                if self._failure is None:
                    await self._stream.write(data)
            except Exception as error:
                self._failure = error
            self.held_bytes -= len(data)
            self._moved()
        self._writing = None
