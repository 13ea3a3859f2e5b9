"""A listener whose connections begin with a TLS handshake, which is counted and timed from the first octet.

The event loop's own server tells a protocol of a connection only after its
handshake, so clients that never finish theirs would be nobody's. Here
connections are accepted one by one; while they shake hands, one client may
have only so many, and all together only so many.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable

import structlog

from hatobin.servers.smtp import SessionLimits
from hatobin.words.client import client_of

log = structlog.get_logger()

ACCEPT_AGAIN_AFTER_S = 0.5
"""After the system had no descriptor left."""


class TlsListener:
    """Accepts on one socket until `close`; each handshake ends in a protocol's `connection_made`, or in nothing."""

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext,
        factory: Callable[[], asyncio.Protocol],
        limits: SessionLimits,
    ) -> None:
        self._listening = listening
        self._context = context
        self._factory = factory
        self._limits = limits
        self._handshakes: set[asyncio.Task[None]] = set()
        self._per_client: Counter[str] = Counter()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    @property
    def handshakes(self) -> int:
        """How many are under way."""
        return len(self._handshakes)

    def close(self) -> None:
        """Accept nothing more, and cut handshakes under way; finished ones are their protocols' matter."""
        self._accepting.cancel()
        for handshake in self._handshakes:
            handshake.cancel()
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listening)
            except OSError as error:
                log.warning("not_accepted", error=str(error))
                await asyncio.sleep(ACCEPT_AGAIN_AFTER_S)
                continue
            client = client_of(address[0])
            if (
                len(self._handshakes) >= self._limits.max_sessions
                or self._per_client[client] >= self._limits.max_sessions_per_client
            ):
                connection.close()  # Nothing can be said before the handshake (RFC 8314 §3.3).
                continue
            self._per_client[client] += 1
            handshake = loop.create_task(self._shake_hands(connection, client))
            self._handshakes.add(handshake)
            handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, connection: socket.socket, client: str) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory, connection, ssl=self._context, ssl_handshake_timeout=self._limits.handshake_timeout_s
            )
        except OSError:
            connection.close()  # TLS errors and time-outs are among these; the client was no client.
        finally:
            self._per_client[client] -= 1
            if not self._per_client[client]:
                del self._per_client[client]
