"""Outgoing HTTP requests, as a port: event deliveries and signed AWS calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol


class HttpUnreachable(Exception):
    """No answer: refused by the outbound guard, not resolvable, not connected, or too late."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer with its body, cut at the adapter's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """A client that follows no redirects and connects only to allowed addresses."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpReply:
        """Send one request; raises `HttpUnreachable` when no answer came."""
        ...


@dataclass(frozen=True, slots=True)
class HttpStream:
    """An answer whose body is still coming, as it was sent: not decompressed, headers in their order.

    Whoever opened it reads `pieces` to the end or closes them; they raise `HttpUnreachable` where the
    other side breaks off.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: AsyncGenerator[bytes, None]


class HttpStreams(Protocol):
    """A client like `Http` for bodies of any size; a service beside the ports, for those who need it."""

    async def open(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpStream:
        """Send one request and give the head of the answer; raises `HttpUnreachable` when none came.

        `timeout_s` is for the head, and for each piece of the body.
        """
        ...
