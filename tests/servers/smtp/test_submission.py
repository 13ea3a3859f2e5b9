"""Real clients over real sockets: smtplib with STARTTLS, TLS from the start, and the trusted port; on both loops."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop

from hatobin.adapters.clock import SystemClock
from hatobin.servers.smtp import Connection, SmtpSettings
from tests.dialogs.player import ACCEPTED
from tests.servers.smtp.house import House, settings, submission_server, tls_pair, trusted_server

Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])

TLS = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TLS:
    return tls_pair(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def listening(factory: Callable[[], Connection], context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def submission(house: House, tls: TLS, smtp: SmtpSettings | None = None) -> AsyncIterator[int]:
    server = submission_server(house, SystemClock(), tls[0], smtp)
    async with listening(server.starttls_protocol) as port:
        yield port
    await server.stop(grace_s=5.0)
    assert server.session_count == 0


def test_smtplib_submits_after_starttls_and_login(run: Run, tls: TLS) -> None:
    content = b"Subject: hello\r\n\r\n.dot\r\n" + b"x" * 70 + b"\r\n..\r\n"

    def client(port: int) -> None:
        with smtplib.SMTP("localhost", port, timeout=20) as session:
            assert "auth" not in (session.ehlo(), session.esmtp_features)[1]
            session.starttls(context=tls[1])
            session.ehlo()
            assert session.esmtp_features["auth"] == " PLAIN LOGIN"
            assert session.esmtp_features["size"] == "41943040"
            session.login("user", "secret")
            for _ in range(3):
                refused = session.sendmail("a@example.com", ["b@example.org", "c@example.org"], content)
                assert refused == {}

    async def scene() -> None:
        house = House()
        async with submission(house, tls) as port:
            await asyncio.to_thread(client, port)
        assert [(principal, data) for principal, _, data in house.taken] == [("user", content)] * 3
        assert house.taken[0][1].recipients == ("b@example.org", "c@example.org")
        assert house.peers[0].tls_version == "TLSv1.3"
        assert house.peers[0].ip == "127.0.0.1"

    run(scene())


@pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
def test_smtplib_logs_in_over_implicit_tls(run: Run, tls: TLS, mechanism: str) -> None:
    def client(port: int) -> None:
        with smtplib.SMTP_SSL("localhost", port, context=tls[1], timeout=20) as session:
            session.ehlo()
            session.user, session.password = "user", "wrong"
            with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
                session.auth(mechanism.removeprefix("auth_"), getattr(session, mechanism))
            assert (wrong.value.smtp_code, wrong.value.smtp_error) == (535, b"Authentication Credentials Invalid")
            session.password = "secret"
            code, text = session.auth(mechanism.removeprefix("auth_"), getattr(session, mechanism))
            assert (code, text) == (235, b"Authentication successful.")
            session.sendmail("a@example.com", "b@example.org", b"x\r\n")

    async def scene() -> None:
        house = House()
        server = submission_server(house, SystemClock(), tls[0])
        async with listening(server.implicit_tls_protocol, tls[0]) as port:
            await asyncio.to_thread(client, port)
        await server.stop(grace_s=5.0)
        assert [principal for principal, _, _ in house.taken] == ["user"]
        assert house.peers[-1].tls_version == "TLSv1.3"

    run(scene())


def test_login_failure_of_ours_is_temporary(run: Run, tls: TLS) -> None:
    reported: list[dict[str, Any]] = []

    def client(port: int) -> None:
        with smtplib.SMTP("localhost", port, timeout=20) as session:
            session.starttls(context=tls[1])
            with pytest.raises(smtplib.SMTPAuthenticationError) as failed:
                session.login("user", "secret")
            assert failed.value.smtp_code == 454

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        async with submission(House(failure=RuntimeError("no store")), tls) as port:
            await asyncio.to_thread(client, port)

    run(scene())
    # smtplib tries both mechanisms.
    assert [context["message"] for context in reported] == ["no answer to AuthAttempt"] * 2


def test_large_message_arrives_whole(run: Run) -> None:
    content = b".line of a large message, with a dot at its start\r\n" * 160_000  # 8 MB

    def client(port: int) -> None:
        with smtplib.SMTP("localhost", port, timeout=60) as session:
            session.sendmail("a@example.com", "b@example.org", content)
            with pytest.raises(smtplib.SMTPResponseException) as refused:
                session.sendmail("a@example.com", "b@example.org", b"x" * 50_000_000)
            assert (refused.value.smtp_code, refused.value.smtp_error) == (552, b"Message is too long.")

    async def scene() -> None:
        house = House()
        server = trusted_server(house, SystemClock())
        async with listening(server.protocol) as port:
            await asyncio.to_thread(client, port)
        await server.stop(grace_s=5.0)
        ((principal, envelope, data),) = house.taken
        assert principal == "bench"
        assert data == content
        assert envelope.size == len(content)

    run(scene())


def test_injected_commands_behind_starttls_are_not_answered(run: Run, tls: TLS) -> None:
    def client(port: int) -> None:
        with socket.create_connection(("localhost", port), timeout=20) as raw:
            raw.recv(1_000)
            raw.sendall(b"EHLO x\r\n")
            raw.recv(1_000)
            raw.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<a@example.com>\r\n")
            assert raw.recv(1_000) == b"220 Ready to start TLS\r\n"
            with tls[1].wrap_socket(raw, server_hostname="localhost") as secured:
                secured.sendall(b"MAIL FROM:<a@example.com>\r\n")
                assert secured.recv(1_000) == b"503 Error: send HELO/EHLO first\r\n"

    async def scene() -> None:
        async with submission(House(), tls) as port:
            await asyncio.to_thread(client, port)

    run(scene())


@pytest.mark.parametrize("behaviour", ["garbage", "gone", "silent"])
def test_broken_handshake_leaves_nothing_behind(run: Run, tls: TLS, behaviour: str) -> None:
    def client(port: int) -> None:
        with socket.create_connection(("localhost", port), timeout=20) as raw:
            raw.recv(1_000)
            raw.sendall(b"EHLO x\r\n")
            raw.recv(1_000)
            raw.sendall(b"STARTTLS\r\n")
            assert raw.recv(1_000) == b"220 Ready to start TLS\r\n"
            if behaviour == "garbage":
                raw.sendall(b"EHLO in plain text\r\n" * 20)
            if behaviour != "gone":
                try:
                    while raw.recv(1_000):
                        pass
                except ConnectionError:
                    pass

    async def scene() -> None:
        async with submission(House(), tls, settings(handshake_timeout_s=0.3)) as port:
            await asyncio.to_thread(client, port)

    run(scene())


def test_client_that_pipelines_everything_and_hangs_up_its_half(run: Run) -> None:
    talk = b"HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n"

    def client(port: int) -> bytes:
        heard = b""
        with socket.create_connection(("localhost", port), timeout=20) as raw:
            raw.sendall(talk)
            raw.shutdown(socket.SHUT_WR)
            while chunk := raw.recv(1_000):
                heard += chunk
        return heard

    async def scene() -> None:
        house = House()
        server = trusted_server(house, SystemClock())
        async with listening(server.protocol) as port:
            heard = await asyncio.to_thread(client, port)
        await server.stop(grace_s=5.0)
        assert heard.endswith(f"{ACCEPTED}\r\n221 Bye\r\n".encode())
        assert len(house.taken) == 1

    run(scene())


def test_stop_cuts_a_handshake_that_does_not_come_to_its_end(run: Run, tls: TLS) -> None:
    async def scene() -> None:
        server = submission_server(House(), SystemClock(), tls[0])
        async with listening(server.starttls_protocol) as port:
            reader, writer = await asyncio.open_connection("localhost", port)
            await reader.readline()
            writer.write(b"HELO x\r\nSTARTTLS\r\n")
            await reader.readline()
            assert await reader.readline() == b"220 Ready to start TLS\r\n"
            await server.stop(grace_s=0.01)
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        assert server.session_count == 0

    run(scene())
