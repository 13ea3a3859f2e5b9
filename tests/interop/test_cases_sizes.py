"""DEV-IS-34: large messages by SMTP: limits, memory, and what a transfer that breaks off leaves."""

from __future__ import annotations

import os
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.memory import large_message, send
from benchmarks.processes import resident_bytes
from tests.interop.sending import accepted_id, submission, submit
from tests.interop.signatures import PublishedKeys, signatures
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

MEBIBYTE = 1_048_576
FITS_BYTES = int(39.9 * MEBIBYTE)
TOO_LONG_BYTES = int(40.1 * MEBIBYTE)
TOO_LONG = "552 Message is too long."
EXTRA_BYTES = 300_000_000
"""What large messages may cost the server in resident memory, however many come at once."""
SMALL = b"From: sender@example.com\r\nSubject: small\r\n\r\nx\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server that keeps mail in its inbox; `example.com` is verified."""
    with RunningServer() as running:
        running.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield running


class _Memory:
    """The highest resident memory of a process while this is open, less what it was before."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._peak = resident_bytes([pid])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._peak = max(self._peak, resident_bytes([self._pid]))

    @property
    def extra_bytes(self) -> int:
        """What came on top."""
        return self._peak - self._before


def _trusted(server: RunningServer) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port("trusted"), timeout=120)


def _blobs(server: RunningServer) -> list[Path]:
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file()]


def test_message_just_below_the_limit_is_taken(server: RunningServer) -> None:
    with submission(server) as session:
        assert accepted_id(submit(session, "sender@example.com", ["ann@example.net"], large_message(FITS_BYTES)))
    (found,) = server.inbox(to="ann@example.net", subject="large")
    assert len(server.inbox_bytes(found)) > FITS_BYTES - 100


def test_message_over_the_limit_is_refused_after_data_and_the_connection_lives(server: RunningServer) -> None:
    before = _blobs(server)
    with _trusted(server) as session:
        session.ehlo()
        assert submit(session, "sender@example.com", ["bob@example.net"], large_message(TOO_LONG_BYTES)) == TOO_LONG
        assert accepted_id(submit(session, "sender@example.com", ["bob@example.net"], SMALL))
    assert [message["subject"] for message in server.inbox(to="bob@example.net")] == ["small"]
    assert _blobs(server) == before


def test_declared_size_over_the_limit_is_refused_at_mail_and_the_connection_lives(server: RunningServer) -> None:
    with _trusted(server) as session:
        session.ehlo()
        code, text = session.mail("sender@example.com", [f"SIZE={TOO_LONG_BYTES}"])
        assert f"{code} {text.decode()}" == TOO_LONG
        code, _ = session.mail("sender@example.com", [f"SIZE={FITS_BYTES}"])
        assert code == 250
        session.rset()
        assert accepted_id(submit(session, "sender@example.com", ["bea@example.net"], SMALL))


def test_endless_content_is_heard_out_without_being_held(server: RunningServer) -> None:
    chunk = (b"x" * 998 + b"\r\n") * 1_000
    with socket.create_connection(("127.0.0.1", server.port("trusted")), 60) as client, _Memory(server.pid) as memory:
        replies = client.makefile("rb")
        replies.readline()
        client.sendall(b"HELO x\r\nMAIL FROM:<sender@example.com>\r\nRCPT TO:<cat@example.net>\r\nDATA\r\n")
        for _ in range(4):
            replies.readline()
        for _ in range(200):
            client.sendall(chunk)
        client.sendall(b".\r\nNOOP\r\n")
        assert replies.readline() == f"{TOO_LONG}\r\n".encode()
        assert replies.readline() == b"250 Ok\r\n"
    assert memory.extra_bytes < EXTRA_BYTES / 3


def test_many_large_messages_at_once_cost_bounded_memory(server: RunningServer) -> None:
    content = large_message(39_000_000)
    with _Memory(server.pid) as memory, ThreadPoolExecutor(20) as clients:
        address = f"127.0.0.1:{server.port('trusted')}"
        answers = list(clients.map(lambda _: send(address, content), range(20)))
    assert [answer[:7] for answer in answers] == ["250 Ok "] * 20
    assert memory.extra_bytes < EXTRA_BYTES


def test_transfer_that_breaks_off_leaves_nothing(server: RunningServer) -> None:
    before = _blobs(server)
    for implicit_tls in (False, True):
        session = submission(server, implicit_tls=implicit_tls)
        session.mail("sender@example.com")
        session.rcpt("dan@example.net")
        session.putcmd("data")
        assert session.getreply()[0] == 354
        assert session.sock is not None
        session.sock.sendall(large_message(20_000_000))
        wait_until(lambda: len(_blobs(server)) == len(before) + 1, "content lies in the store")
        session.close()
        wait_until(lambda: _blobs(server) == before, "the content is gone with its client")
    assert server.inbox(to="dan@example.net", wait_s=0) == []


def test_kill_in_the_middle_of_a_transfer_leaves_a_file_that_goes_at_a_later_start() -> None:
    with RunningServer() as server:
        client = socket.create_connection(("127.0.0.1", server.port("trusted")), 60)
        client.sendall(b"HELO x\r\nMAIL FROM:<sender@example.com>\r\nRCPT TO:<eve@example.net>\r\nDATA\r\n")
        client.sendall(large_message(20_000_000))
        wait_until(lambda: len(_blobs(server)) == 1, "content lies in the store")
        server.kill9()
        client.close()
        (left,) = _blobs(server)
        hours_ago = time.time() - 7_200
        os.utime(left, (hours_ago, hours_ago))
        server.start()
        assert _blobs(server) == []


def test_large_messages_reach_a_relay_signed_and_whole_in_bounded_memory() -> None:
    content = large_message(39_000_000)
    with SmtpSink() as sink:
        settings = {"delivery.mode": "relay", "delivery.relay": sink.address, "account.verification": "instant"}
        with RunningServer(settings) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            with _Memory(server.pid) as memory, ThreadPoolExecutor(3) as clients:
                address = f"127.0.0.1:{server.port('trusted')}"
                ids = {accepted_id(answer) for answer in clients.map(lambda _: send(address, content), range(3))}
                received = sink.wait(lambda one: True, "all three arrive", count=3, timeout_s=120)
            assert {message.id for message in received} == ids
            body = content.partition(b"\r\n\r\n")[2]
            assert all(message.data.endswith(body) for message in received)
            found = signatures(received[0].data, PublishedKeys(server.command("dns", "example.com")))
            assert found
            assert all(one.holds for one in found)
            assert memory.extra_bytes < EXTRA_BYTES / 2
            wait_until(lambda: _blobs(server) == [], "delivered bodies are deleted")
