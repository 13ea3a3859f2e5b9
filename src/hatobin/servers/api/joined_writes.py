"""A transport that sends what is written in one go, in one piece.

uvicorn writes the head of an answer and its body one after the other: two
system calls, and a client that is woken for the head alone. They took a third
of the event loop's time under load. What is written until the loop comes
round again leaves together here.
"""

from __future__ import annotations

import asyncio
from typing import Any


class JoinedWrites:
    """The part of `asyncio.Transport` that uvicorn uses, over a real one."""

    __slots__ = ("_pieces", "_schedule", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._schedule = loop.call_soon
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send `data` with what else is written before the loop comes round."""
        if not self._pieces:
            self._schedule(self._flush)
        self._pieces.append(data)

    def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self._transport.is_closing():  # The client may have gone since it was written.
            self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def close(self) -> None:
        """Send what was written, then close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was written is lost."""
        self._pieces = []
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)
