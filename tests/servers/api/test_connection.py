"""The connection class under a real uvicorn, on a loopback port: what is too large or too slow is ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from hatobin.adapters.clock import SystemClock
from hatobin.servers.api import Admission, ConnectionLimits, HttpTraffic, LimitedHttpProtocol, Place

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
        self.ever_set = 0
        self._timers: list[ManualTimer] = []
        self._is_armed = asyncio.Event()

    def call_later(self, delay_s: float, callback: Any) -> ManualTimer:
        """See `Clock.call_later`."""
        self.ever_set += 1
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


LIMITS = ConnectionLimits(max_head_bytes=1000, head_timeout_s=20.0, stall_timeout_s=30.0, min_bytes_per_second=10)
STRETCH_BYTES = 300
LARGE_ANSWER = 64 * 1024 * 1024
"""More than the buffers of both kernels take."""


class Listening:
    """A listening server, its counts, and the places of its connections."""

    def __init__(self) -> None:
        self.traffic = HttpTraffic()
        self.admission = Admission(self.traffic, max_connections=10, max_per_client=10)
        self.places: list[Place] = []
        self.port = 0
        self.state: Any = ServerState()

    def place(self) -> Place:
        """Give the next connection a place."""
        place = self.admission.admit("192.0.2.1")
        assert place is not None
        self.places.append(place)
        return place

    def is_waiting(self, place: Place) -> bool:
        """Say whether a newcomer could have this place."""
        return place in self.admission._waiting

    @property
    def protocol(self) -> Any:
        """The one connection's protocol."""
        (protocol,) = self.state.connections
        return protocol

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Streams]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


@asynccontextmanager
async def listening(clock: ManualClock, application: Any = app) -> AsyncIterator[Listening]:
    """Serve `application` as the listeners do, and give what opens a connection to it."""
    connect = Listening()
    config = uvicorn.Config(application, http=LimitedHttpProtocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = connect.state

    def protocol() -> LimitedHttpProtocol:
        return LimitedHttpProtocol(
            clock=clock,
            limits=LIMITS,
            traffic=connect.traffic,
            place=connect.place(),
            config=config,
            server_state=state,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    connect.port = server.sockets[0].getsockname()[1]
    try:
        yield connect
    finally:
        server.close()
        for protocol in list(state.connections):
            protocol.transport.abort()
        await asyncio.gather(*state.tasks)


async def until(condition: Callable[[], bool]) -> None:
    """Give the event loop turns until the condition holds."""
    for _ in range(1_000_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not come")


async def send_seen(connect: Listening, writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send, and wait until it was received."""
    seen = asyncio.Event()
    protocol = connect.protocol
    received, left = protocol.data_received, len(data)

    def noting(part: bytes) -> None:
        nonlocal left
        received(part)
        left -= len(part)
        if left <= 0:
            seen.set()

    protocol.data_received = noting
    try:
        writer.write(data)
        await seen.wait()
    finally:
        del protocol.data_received


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one answer: its status line and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head.split(b"\r\n")[0], await reader.readexactly(int(length.split(b":")[1]))


async def test_requests_on_one_connection_are_answered() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        await clock.armed()
        for size in (0, 5000):
            writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", str(size).encode())
            assert clock.waiting == []
        assert clock.ever_set == 1, "a request that comes whole needs no timer"


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
        await clock.armed()
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        (await clock.armed()).fire()
        assert await reader.read() == b""
        assert connect.traffic.timed_out["body"] == 1


async def test_a_body_that_trickles_is_ended_and_one_that_moves_is_not() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        await clock.armed()
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10000\r\n\r\n")
        for _ in range(3):
            timer = await clock.armed()
            await send_seen(connect, writer, b"x" * STRETCH_BYTES)
            timer.fire()
        timer = await clock.armed()
        await send_seen(connect, writer, b"x" * (STRETCH_BYTES - 1))
        timer.fire()
        assert await reader.read() == b""
        assert connect.traffic.timed_out["body"] == 1


async def test_time_in_which_we_do_not_read_is_not_the_clients() -> None:
    clock, may_read = ManualClock(), asyncio.Event()

    async def busy(scope: Any, receive: Any, send: Any) -> None:
        await may_read.wait()
        await app(scope, receive, send)

    async with listening(clock, busy) as connect, connect() as (reader, writer):
        await clock.armed()
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000)
        timer = await clock.armed()
        await until(lambda: connect.protocol.flow.read_paused)
        timer.fire()
        await clock.armed()
        may_read.set()
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"200000")


async def test_trailer_fields_are_no_way_past_the_limit_of_a_head() -> None:
    clock = ManualClock()
    async with listening(clock) as connect, connect() as (reader, writer):
        await clock.armed()
        head = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        await send_seen(connect, writer, head + b"1\r\nx\r\n0\r\n")
        for number in range(3):
            await send_seen(connect, writer, b"x-%d: %s\r\n" % (number, b"y" * 400))
        assert await reader.read() == b""


async def large(scope: Any, receive: Any, send: Any) -> None:
    """Answer with more than fits on the way."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": bytes(LARGE_ANSWER)})


async def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    clock = ManualClock()
    async with listening(clock, large) as connect, connect() as (reader, writer):
        await clock.armed()
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await clock.armed()
        await reader.read(1)
        # Some of it still moves into the buffers of the kernels.
        while connect.traffic.connections:
            for timer in clock.waiting:
                timer.fire()
            await asyncio.sleep(0)
        assert connect.traffic.timed_out["answer"] == 1


async def test_a_client_that_reads_slowly_gets_all_of_its_answer() -> None:
    clock = ManualClock()
    async with listening(clock, large) as connect, connect() as (reader, writer):
        await clock.armed()
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        got = since = 0
        while part := await reader.read(1024 * 1024):
            got, since = got + len(part), since + len(part)
            if since > LARGE_ANSWER // 4:  # More than the buffers of the kernels: some has left ours.
                since = 0
                for timer in clock.waiting:
                    timer.fire()
        assert got > LARGE_ANSWER
        assert connect.traffic.timed_out["answer"] == 0


async def test_a_connection_waits_until_its_head_is_whole_and_after_its_answer() -> None:
    async with listening(ManualClock()) as connect, connect() as (reader, writer):
        await until(lambda: bool(connect.places))
        (place,) = connect.places
        assert connect.is_waiting(place)
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nx")
        await until(lambda: not connect.is_waiting(place))
        writer.write(b"y")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"2")
        assert connect.is_waiting(place)


async def test_a_connection_leaves_its_place() -> None:
    async with listening(ManualClock()) as connect:
        async with connect() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            await answer(reader)
            assert connect.traffic.connections == 1
        await connect.admission.emptied()
        assert connect.traffic.connections == 0
