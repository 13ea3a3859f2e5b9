"""The connection class under a real uvicorn, on a loopback port: what is too large or too slow is ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from hatobin.adapters.clock import SystemClock
from hatobin.servers.api import http_protocol

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], AbstractAsyncContextManager[Streams]]


class ManualTimer:
    """A timer that the test fires."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        """See `Timer.cancel`."""
        self.is_cancelled = True

    def fire(self) -> None:
        """Let the time be over."""
        self.is_cancelled = True
        self.callback()


class ManualClock(SystemClock):
    """A clock whose timers wait for the test instead of for time."""

    def __init__(self) -> None:
        self._timers: list[ManualTimer] = []
        self._is_armed = asyncio.Event()

    def call_later(self, delay_s: float, callback: Any) -> ManualTimer:
        """See `Clock.call_later`."""
        self._timers.append(ManualTimer(callback))
        self._is_armed.set()
        return self._timers[-1]

    @property
    def waiting(self) -> list[ManualTimer]:
        """The timers that are still to fire."""
        return [timer for timer in self._timers if not timer.is_cancelled]

    def forget(self) -> None:
        """Forget the timers that were set so far; they have been cancelled."""
        assert self.waiting == []
        self._is_armed.clear()

    async def armed(self) -> ManualTimer:
        """Wait for a timer and give the one that is set."""
        await self._is_armed.wait()
        self._is_armed.clear()
        (timer,) = self.waiting
        return timer


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the length of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(clock: ManualClock, max_head_bytes: int = 1000) -> AsyncIterator[Connect]:
    """Serve `app` as uvicorn would, and give what opens a connection to it."""
    kind: Any = http_protocol(clock, max_head_bytes=max_head_bytes)
    config = uvicorn.Config(app, http=kind, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    @asynccontextmanager
    async def connect() -> AsyncIterator[Streams]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()

    try:
        yield connect
    finally:
        server.close()
        for protocol in list(state.connections):
            protocol.shutdown()
        await asyncio.gather(*state.tasks)


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one answer: its status line and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head.split(b"\r\n")[0], await reader.readexactly(int(length.split(b":")[1]))


async def test_requests_on_one_connection_are_answered() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        for size in (0, 5000):
            writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", str(size).encode())
            assert clock.waiting == []


async def test_a_head_without_end_is_refused() -> None:
    async with listening(ManualClock()) as connect, connect() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(3):
            writer.write(b"y" * 400)
            await writer.drain()
        status, _ = await answer(reader)
        assert status.startswith(b"HTTP/1.1 431")


async def test_a_large_body_is_no_large_head() -> None:
    async with listening(ManualClock()) as connect, connect() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 300000\r\n\r\n")
        for _ in range(30):
            writer.write(b"x" * 10_000)
            await writer.drain()
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"300000")


async def test_the_end_of_a_body_does_not_count_for_the_next_head() -> None:
    async with listening(ManualClock()) as connect, connect() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5000\r\n\r\n")
        await writer.drain()
        writer.write(b"x" * 5000 + b"GET / HTTP/1.1\r\n")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"5000")
        writer.write(b"host: h\r\n\r\n")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"0")


async def test_a_connection_without_request_is_ended_in_time() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, _):
        (await clock.armed()).fire()
        status, _ = await answer(reader)
        assert status.startswith(b"HTTP/1.1 408")
        assert await reader.read() == b""


async def test_a_head_that_stops_is_ended_in_time() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await answer(reader)
        clock.forget()
        writer.write(b"GET / HTTP/1.1\r\nhost:")
        (await clock.armed()).fire()
        status, _ = await answer(reader)
        assert status.startswith(b"HTTP/1.1 408")
        assert await reader.read() == b""


async def test_a_body_that_stops_is_ended_in_time_without_an_answer() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        (await clock.armed()).fire()
        assert await reader.read() == b""
