"""Connections to real listeners on loopback."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from hatobin.adapters import network
from hatobin.adapters.guard import LOOPBACK_NETWORKS, OutboundGuard
from hatobin.adapters.network import AsyncioNetwork, TcpConnection
from hatobin.app.certificates import LocalCertificates, ensure_certificates, server_context
from hatobin.ports.network import AddressRefused, ConnectionLost, TlsFacts
from tests.adapters.loops import Run, on_both_loops

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NETWORK = AsyncioNetwork(OutboundGuard(LOOPBACK_NETWORKS))


@asynccontextmanager
async def connected(
    serve: Serve, *, to: AsyncioNetwork = NETWORK, source_ip: str | None = None
) -> AsyncIterator[TcpConnection]:
    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = await to.connect("127.0.0.1", port, timeout_s=5, source_ip=source_ip)
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        await asyncio.sleep(0.01)  # Lets both transports say goodbye.


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def receive_all(connection: TcpConnection) -> bytes:
    parts = []
    while data := await connection.receive(5):
        parts.append(data)
    return b"".join(parts)


@on_both_loops
def test_bytes_go_there_and_come_back(run: Run) -> None:
    async def scenario() -> None:
        async with connected(echo) as connection:
            connection.send(b"EHLO me\r\n")
            await connection.drain(10)
            assert await connection.receive(5) == b"EHLO me\r\n"
            assert connection.peer_ip == "127.0.0.1"
            assert connection.local_ip == "127.0.0.1"

    run(scenario())


@on_both_loops
def test_source_address_is_used(run: Run) -> None:
    async def tell_peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(writer.get_extra_info("peername")[0].encode())

    async def scenario() -> None:
        async with connected(tell_peer, source_ip="127.0.0.7") as connection:
            assert await receive_all(connection) == b"127.0.0.7"
            assert connection.local_ip == "127.0.0.7"

    run(scenario())


@on_both_loops
def test_end_of_stream_is_said_again_and_again(run: Run) -> None:
    async def goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 bye\r\n")

    async def scenario() -> None:
        async with connected(goodbye) as connection:
            assert await receive_all(connection) == b"421 bye\r\n"
            assert await connection.receive(5) == b""
            connection.send(b"too late")
            with pytest.raises(ConnectionLost):
                await connection.drain(10)

    run(scenario())


@on_both_loops
def test_reset_gives_what_came_before_and_then_the_loss(run: Run) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"250 ok\r\n")
        await reader.read(1)
        # Closing with unread bytes, or with a zero linger, sends RST.
        writer.transport.get_extra_info("socket").setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.transport.abort()

    async def scenario() -> None:
        async with connected(reset) as connection:
            assert await connection.receive(5) == b"250 ok\r\n"
            connection.send(b"x")
            with pytest.raises(ConnectionLost):
                await connection.receive(5)
            with pytest.raises(ConnectionLost):
                await connection.drain(10)

    run(scenario())


@on_both_loops
def test_silence_is_a_timeout_and_the_connection_stays(run: Run) -> None:
    async def scenario() -> None:
        async with connected(echo) as connection:
            with pytest.raises(TimeoutError):
                await connection.receive(0.02)
            connection.send(b"still here")
            assert await connection.receive(5) == b"still here"

    run(scenario())


@on_both_loops
def test_cancelled_reader_leaves_the_connection_readable(run: Run) -> None:
    async def scenario() -> None:
        async with connected(echo) as connection:
            task = asyncio.ensure_future(connection.receive(5))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            connection.send(b"next")
            assert await connection.receive(5) == b"next"

    run(scenario())


@on_both_loops
def test_flood_waits_outside_our_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = b"x" * 20_000_000

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(flood)
        await writer.drain()

    async def scenario() -> None:
        async with connected(pour) as connection:
            await asyncio.sleep(0.1)
            waiting = await connection.receive(5)
            assert len(waiting) <= network.RECEIVE_HIGH_BYTES + 1_000_000
            assert waiting + await receive_all(connection) == flood

    run(scenario())


@on_both_loops
def test_drain_waits_for_a_slow_peer(run: Run) -> None:
    message = b"y" * 20_000_000

    async def scenario() -> None:
        gate = asyncio.Event()
        got: list[int] = []

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await gate.wait()
            got.append(len(await reader.readexactly(len(message))))
            writer.write(b"250 ok")

        async with connected(slow) as connection:
            connection.send(message)
            drained = asyncio.ensure_future(connection.drain(10))
            await asyncio.sleep(0.02)
            assert not drained.done()
            gate.set()
            await drained
            assert await connection.receive(5) == b"250 ok"
            assert got == [len(message)]

    run(scenario())


@on_both_loops
def test_close_drops_what_a_stuck_peer_does_not_take(run: Run) -> None:
    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)

    async def scenario() -> None:
        async with connected(stuck) as connection:
            connection.send(b"z" * 20_000_000)
            drained = asyncio.ensure_future(connection.drain(10))
            await asyncio.sleep(0)
            connection.close()
            with pytest.raises(ConnectionLost):
                await drained
            connection.close()
            with pytest.raises(ConnectionLost):
                await connection.receive(5)

    run(scenario())


@on_both_loops
def test_refused_port_is_a_lost_connection(run: Run) -> None:
    async def scenario() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(ConnectionLost, match=f"127.0.0.1 port {port}"):
            await NETWORK.connect("127.0.0.1", port, timeout_s=5)

    run(scenario())


@on_both_loops
def test_guard_is_asked_before_anything_is_sent(run: Run) -> None:
    async def scenario() -> None:
        with pytest.raises(AddressRefused):
            await NETWORK.connect("169.254.169.254", 80, timeout_s=5)
        with pytest.raises(AddressRefused):
            await NETWORK.connect("localhost", 80, timeout_s=5)

    run(scenario())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> LocalCertificates:
    folder = tmp_path_factory.mktemp("certificates")
    return ensure_certificates(folder, names=["localhost"], service_domain="mx.example.com", now_s=time.time())


def starttls(certificates: LocalCertificates, *, injected: bytes = b"") -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 go ahead\r\n" + injected)
        await writer.drain()
        await writer.start_tls(server_context(certificates.server))
        await echo(reader, writer)

    return serve


async def upgrade(connection: TcpConnection, name: str, *, verify: bool) -> TlsFacts:
    connection.send(b"STARTTLS\r\n")
    assert (await connection.receive(5)).startswith(b"220")
    return await connection.start_tls(name, verify=verify, timeout_s=5)


@on_both_loops
def test_opportunistic_tls_takes_any_certificate(run: Run, certificates: LocalCertificates) -> None:
    async def scenario() -> None:
        async with connected(starttls(certificates)) as connection:
            facts = await upgrade(connection, "somewhere.else.example.", verify=False)
            assert facts.version == "TLSv1.3"
            assert facts.cipher
            assert not facts.verified
            connection.send(b"EHLO me\r\n" * 20_000)
            await connection.drain(10)
            got = b""
            while len(got) < 180_000:
                got += await connection.receive(5)
            assert got == b"EHLO me\r\n" * 20_000

    run(scenario())


@on_both_loops
def test_verified_tls_wants_the_right_name_and_authority(run: Run, certificates: LocalCertificates) -> None:
    trusting = AsyncioNetwork(OutboundGuard(LOOPBACK_NETWORKS), extra_ca=str(certificates.authority.certificate))

    async def scenario() -> None:
        async with connected(starttls(certificates), to=trusting) as connection:
            assert (await upgrade(connection, "mx.example.com.", verify=True)).verified
        async with connected(starttls(certificates), to=trusting) as connection:
            with pytest.raises(ConnectionLost, match="TLS handshake failed"):
                await upgrade(connection, "mx.example.org", verify=True)
        async with connected(starttls(certificates)) as connection:
            with pytest.raises(ConnectionLost, match="TLS handshake failed"):
                await upgrade(connection, "mx.example.com", verify=True)

    run(scenario())


@on_both_loops
def test_plain_bytes_before_the_handshake_are_dropped(run: Run, certificates: LocalCertificates) -> None:
    """A machine in the middle must not speak for the server by sending ahead (RFC 3207 §4.2)."""

    async def scenario() -> None:
        async with connected(starttls(certificates)) as connection:
            connection.send(b"STARTTLS\r\n")
            assert (await connection.receive(5)).startswith(b"220")
            connection.data_received(b"250 injected\r\n")
            await connection.start_tls("mx.example.com", verify=False, timeout_s=5)
            connection.send(b"real")
            assert await connection.receive(5) == b"real"

    run(scenario())


@on_both_loops
def test_server_that_does_not_speak_tls_is_a_lost_connection(run: Run) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"500 what was that\r\n")
        await writer.drain()
        await reader.read()

    async def scenario() -> None:
        async with connected(plain) as connection:
            with pytest.raises(ConnectionLost, match="TLS handshake failed"):
                await connection.start_tls("mx.example.com", verify=False, timeout_s=5)
            with pytest.raises(ConnectionLost):
                await connection.receive(5)

    run(scenario())


@on_both_loops
def test_silent_handshake_is_a_timeout(run: Run) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def scenario() -> None:
        async with connected(silent) as connection:
            with pytest.raises(TimeoutError):
                await connection.start_tls("mx.example.com", verify=False, timeout_s=0.05)

    run(scenario())


def test_old_tls_is_not_spoken() -> None:
    for verify in (False, True):
        assert network.client_context(verify=verify).minimum_version == ssl.TLSVersion.TLSv1_2
