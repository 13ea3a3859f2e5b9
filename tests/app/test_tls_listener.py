"""Connections that begin with TLS: clients come through, and handshakes that never end are few and short."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hatobin.adapters.clock import SystemClock
from hatobin.app.tls_listener import TlsListener
from tests.servers.smtp.house import House, settings, submission_server, tls_pair

Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@asynccontextmanager
async def listening(folder: Path, **limits: object) -> AsyncIterator[tuple[TlsListener, int]]:
    smtp = settings(**limits)
    server_context, _ = tls_pair(folder)
    sessions = submission_server(House(), SystemClock(), server_context, smtp)
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setblocking(False)
    listener = TlsListener(bound, server_context, sessions.implicit_tls_protocol, smtp.sessions)
    yield listener, bound.getsockname()[1]
    listener.close()
    await sessions.stop(grace_s=0.5)
    assert sessions.session_count == 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event for it.
            await asyncio.sleep(0.01)


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(100), 10) == b""
    except ConnectionResetError:
        return True


def test_clients_come_through_one_after_another(run: Run, tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path, max_sessions_per_client=1) as (listener, port):
            _, context = tls_pair(tmp_path)

            def client() -> None:
                context.check_hostname = False
                context.verify_mode = 0  # type: ignore[assignment]
                with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=10) as session:
                    assert session.login("user", "secret")[0] == 235

            for _ in range(5):
                await asyncio.to_thread(client)
            await until(lambda: not listener.handshakes)

    run(scene())


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"EHLO x\r\n"], ids=["nothing", "half a hello", "no TLS"])
def test_handshake_that_does_not_come_is_not_waited_for(run: Run, tmp_path: Path, said: bytes) -> None:
    async def scene() -> None:
        async with listening(tmp_path, handshake_timeout_s=0.3) as (listener, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            await until(lambda: not reader.at_eof() or listener.handshakes == 0)
            while not await ended(reader):
                pass  # An alert may come before the end.
            writer.close()
            await until(lambda: not listener.handshakes)

    run(scene())


def test_handshakes_under_way_are_counted(run: Run, tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path, max_sessions_per_client=2) as (listener, port):
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            await until(lambda: listener.handshakes == 2)
            reader, third = await asyncio.open_connection("127.0.0.1", port)
            assert await ended(reader)
            assert listener.handshakes == 2
            for _, writer in [*held, (reader, third)]:
                writer.close()
            await until(lambda: not listener.handshakes)

    run(scene())


def test_close_cuts_handshakes_under_way(run: Run, tmp_path: Path) -> None:
    async def scene() -> None:
        async with listening(tmp_path) as (listener, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: listener.handshakes == 1)
            listener.close()
            assert await ended(reader)
            writer.close()

    run(scene())
