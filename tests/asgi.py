"""Calls an ASGI app in process: one request in, its whole answer out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
HOST = "127.0.0.1:8005"


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower-case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as values."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """The one header of this name; "" when there is none."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} came {len(found)} times"
        return found[0] if found else ""


async def call(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    peer: str | None = LOOPBACK,
    gone: asyncio.Event | None = None,
) -> Answer:
    """Send one request; `gone` is set by a test when the client hangs up."""
    path, _, query = target.partition("?")
    sent = {"host": HOST, **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items() if value],
        "client": None if peer is None else (peer, 50000),
        "server": (LOOPBACK, 8005),
        "extensions": {},
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    answered: list[MutableMapping[str, Any]] = []
    over = gone or asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        if incoming:
            return incoming.pop(0)
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        # As the server does: one start, then the body.
        if bool(answered) is (message["type"] == "http.response.start"):
            raise RuntimeError(f"unexpected ASGI message {message['type']}")
        answered.append(message)

    await app(scope, receive, send)
    assert answered, "no answer came"
    assert answered[0]["type"] == "http.response.start"
    return Answer(
        answered[0]["status"],
        tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in answered[0]["headers"]),
        b"".join(message.get("body", b"") for message in answered[1:]),
    )
