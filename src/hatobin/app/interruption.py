"""Requests that are under way when the server stops: a moment to end by themselves, then 503.

Long polls (a queue's consumer, a test that waits for mail) would otherwise
hold up every stop for as long as they wait.

Refs: RFC 9110 §15.6.4 (503), §7.6.1 (connection: close).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

REQUEST_GRACE_S = 1.0
_BODY = b'{"message":"The server is stopping."}'


class Interruptible:
    """An ASGI application whose requests may be cancelled at stop, which the client learns as 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))]
            headers.append((b"connection", b"close"))
            try:
                await send({"type": "http.response.start", "status": 503, "headers": headers})
                await send({"type": "http.response.body", "body": _BODY})
            except RuntimeError:
                # Its answer had begun: the connection is closed, so the client sees that it is not whole.
                pass


async def interrupt(requests: Iterable[asyncio.Task[None]]) -> None:
    """Wait REQUEST_GRACE_S seconds for running requests, and cancel the rest."""
    running = set(requests)
    if not running:
        return
    _, late = await asyncio.wait(running, timeout=REQUEST_GRACE_S)
    for task in late:
        task.cancel()
