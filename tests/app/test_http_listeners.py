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
        listeners = HttpListeners(Settings(), ports, served, served, HttpTraffic())
        running = listeners.start({"http": [listening]}, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        for _ in range(turns):
            await asyncio.sleep(0)
        await running.stop(1.0)
        answer = b""
        with contextlib.suppress(ConnectionResetError):  # It was never accepted.
            while piece := await asyncio.to_thread(client.recv, 1000):
                answer += piece
    return served.requests, answer, wrong


async def test_the_tracking_listener_has_an_application_of_its_own() -> None:
    apps = {"http": Served(), "tracking": Served()}
    ports = replace(World().ports, clock=SystemClock())
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
    ):
        listening.setblocking(False)
        client.sendall(REQUEST)
        listeners = HttpListeners(Settings(), ports, apps["http"], apps["tracking"], HttpTraffic())
        running = listeners.start({"tracking": [listening]}, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        assert await asyncio.to_thread(client.recv, 8) == b"HTTP/1.1"
        await running.stop(1.0)
    assert (apps["http"].requests, apps["tracking"].requests) == (0, 1)


async def seen_by_the_application(request: bytes) -> Scope:
    """Give the scope of one request that came over a real connection."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await Served()(scope, receive, send)

    ports = replace(World().ports, clock=SystemClock())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        listeners = HttpListeners(Settings(), ports, app, app, HttpTraffic())
        running = listeners.start({"http": [listening]}, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(request)
        await reader.readexactly(15)
        writer.close()
        await running.stop(1.0)
    return seen[0]


@pytest.mark.parametrize("everybody", [False, True])
def test_no_header_and_no_variable_changes_who_the_peer_is(everybody: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn believes loopback, and whom FORWARDED_ALLOW_IPS names, unless it is told not to."""
    if everybody:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    forwarded = b"Host: a\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n\r\n"
    scope = asyncio.run(seen_by_the_application(b"GET / HTTP/1.1\r\n" + forwarded))
    assert (scope["client"][0], scope["scheme"]) == ("127.0.0.1", "http")


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("turns", range(8))
def test_a_request_that_was_served_was_answered(run: Any, turns: int) -> None:
    requests, answer, wrong = run(stopped_after(turns))
    assert answer.endswith(b"done") == bool(requests)
    assert not wrong
