"""The end of the HTTP listeners, in whatever turn of the event loop it comes: what was served was answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from starlette.types import Receive, Scope, Send

from hatobin.adapters.clock import SystemClock
from hatobin.app.http_listeners import HttpListeners
from hatobin.servers.api import HttpTraffic
from hatobin.words.settings import Settings
from tests.simulation.server import World

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Served:
    """An application that counts its requests."""

    def __init__(self) -> None:
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with one word."""
        self.requests += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


async def stopped_after(turns: int) -> tuple[int, bytes, list[Any]]:
    """Stop so many turns after a client has sent; give what was served, what it read, and what went wrong."""
    wrong: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: wrong.append(context))
    served = Served()
    ports = replace(World().ports, clock=SystemClock())
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
    ):
        listening.setblocking(False)
        client.sendall(REQUEST)
        listeners = HttpListeners(Settings(), ports, served, HttpTraffic())
        running = listeners.start({"http": [listening]}, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        for _ in range(turns):
            await asyncio.sleep(0)
        await running.stop(1.0)
        answer = b""
        with contextlib.suppress(ConnectionResetError):  # It was never accepted.
            while piece := await asyncio.to_thread(client.recv, 1000):
                answer += piece
    return served.requests, answer, wrong


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("turns", range(8))
def test_a_request_that_was_served_was_answered(run: Any, turns: int) -> None:
    requests, answer, wrong = run(stopped_after(turns))
    assert answer.endswith(b"done") == bool(requests)
    assert not wrong
