"""An HTTP client that is made at its first request.

Importing the client library takes longer than starting the server, and a
server without subscribers never posts anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from hatobin.ports.http import HttpReply, HttpStream


class ClosableHttp(Protocol):
    """An HTTP port that holds connections."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Awaitable[HttpReply]:
        """See `Http.request`."""
        ...

    def open(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Awaitable[HttpStream]:
        """See `HttpStreams.open`."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


class DeferredHttp:
    """`Http` over a client that `make` gives when it is needed."""

    def __init__(self, make: Callable[[], ClosableHttp]) -> None:
        self._make = make
        self._client: ClosableHttp | None = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpReply:
        """See `Http.request`."""
        if self._client is None:
            self._client = self._make()
        return await self._client.request(method, url, headers=headers, body=body, timeout_s=timeout_s)

    async def open(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpStream:
        """See `HttpStreams.open`."""
        if self._client is None:
            self._client = self._make()
        return await self._client.open(method, url, headers=headers, body=body, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close the client if there is one."""
        if self._client is not None:
            await self._client.close()
