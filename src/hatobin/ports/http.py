"""Outgoing HTTP requests, as a port: event deliveries and signed AWS calls."""

from __future__ import annotations

from collections.abc import Mapping
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
