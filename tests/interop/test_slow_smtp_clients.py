"""Many slow SMTP clients at once: they have their limits, and everybody else is served."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.interop.sending import accepted_id, submission, submit
from tests.running import RunningServer, wait_until

SLOW = 50
TIMEOUT = b"451 Timeout waiting for data from client\r\n"
MESSAGE = b"From: sender@example.com\r\nSubject: x\r\n\r\nx\r\n"
_LIMITS = {
    "server.smtp_connections_per_client": "120",
    "server.smtp_handshake_timeout_s": "1.5",
    "server.smtp_idle_timeout_s": "1.5",
    "server.smtp_message_timeout_s": "3",
    "server.smtp_progress_timeout_s": "4",
    "server.smtp_idle_commands": "1000000000",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server with little patience; `example.com` is verified."""
    with RunningServer(_LIMITS) as running:
        running.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield running


class _Slow:
    """Connections of one kind that never come to a message."""

    def __init__(self, server: RunningServer, listener: str, opening: bytes, drip: bytes) -> None:
        self._drip = drip
        self._open = [socket.create_connection(("127.0.0.1", server.port(listener)), 10) for _ in range(SLOW)]
        self.last_words: dict[socket.socket, bytes] = {}
        for one in self._open:
            one.sendall(opening)
            one.setblocking(False)

    def all_gone(self) -> bool:
        """Send a little more on each that is still open, and look which are not."""
        for one in list(self._open):
            try:
                if self._drip:
                    one.send(self._drip)
                while heard := one.recv(65_536):
                    self.last_words[one] = heard
            except BlockingIOError:
                continue
            except OSError:
                pass
            self._open.remove(one)
            one.close()
        return not self._open

    def close(self) -> None:
        """Leave what is still open."""
        for one in self._open:
            one.close()


_IN_CONTENT = b"HELO x\r\nMAIL FROM:<sender@example.com>\r\nRCPT TO:<ann@example.net>\r\nDATA\r\n"
_WAYS = {
    "says nothing": ("submission", b"", b""),
    "trickles a command": ("submission", b"EHLO ", b"x"),
    "trickles content": ("trusted", _IN_CONTENT, b"x"),
    "commands without a message": ("trusted", b"HELO x\r\n", b"NOOP\r\n"),
    "no handshake": ("submission_tls", b"", b""),
    "trickles a handshake": ("submission_tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0"),
    "no handshake after STARTTLS": ("submission", b"EHLO x\r\nSTARTTLS\r\n", b""),
}


@pytest.mark.parametrize("way", _WAYS)
def test_slow_clients_are_let_go_and_others_are_served_meanwhile(server: RunningServer, way: str) -> None:
    slow = _Slow(server, *_WAYS[way])
    try:
        begun = time.monotonic()
        with submission(server) as session:
            assert accepted_id(submit(session, "sender@example.com", ["bob@example.net"], MESSAGE))
        assert time.monotonic() - begun < 5
        wait_until(slow.all_gone, "all slow clients are gone", timeout_s=30, every_s=0.1)
    finally:
        slow.close()
    if "handshake" not in way:
        assert sum(word.endswith(TIMEOUT) for word in slow.last_words.values()) > SLOW / 2


def test_clients_that_do_not_read_are_let_go(server: RunningServer) -> None:
    flood = b"NOOP\r\n" * 2_000
    clients = [socket.create_connection(("127.0.0.1", server.port("trusted")), 10) for _ in range(10)]
    for client in clients:
        client.setblocking(False)
    waiting = list(clients)

    def all_gone() -> bool:
        for client in list(waiting):
            try:
                client.send(flood)
            except BlockingIOError:
                pass
            except OSError:
                waiting.remove(client)
        return not waiting

    try:
        wait_until(all_gone, "clients that do not read are gone", timeout_s=60, every_s=0.05)
    finally:
        for client in clients:
            client.close()


def test_too_many_connections_of_one_client_are_told_so() -> None:
    with RunningServer({"server.smtp_connections_per_client": "3"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        address = ("127.0.0.1", server.port("submission"))
        held = [socket.create_connection(address, 10) for _ in range(3)]
        for one in held:
            assert one.recv(1_000).startswith(b"220 ")
        with socket.create_connection(address, 10) as fourth:
            assert fourth.recv(1_000) == b"421 Too many concurrent SMTP connections\r\n"
            assert fourth.recv(1_000) == b""
        held.pop().close()
        with submission(server) as session:
            assert accepted_id(submit(session, "sender@example.com", ["bob@example.net"], MESSAGE))
        for one in held:
            one.close()
