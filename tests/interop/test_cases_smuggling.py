"""DEV-IS-23 and DEV-IS-24: no second message in the body, no commands in front of TLS."""

from __future__ import annotations

import re
import socket
import uuid

import pytest

from tests.interop.sending import send_raw
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

_ENDS = {
    "lf-dot-lf": b"\n.\n",
    "lf-dot-crlf": b"\n.\r\n",
    "crlf-dot-lf": b"\r\n.\n",
    "cr-dot-cr": b"\r.\r",
    "crlf-dot-cr": b"\r\n.\r",
    "nul": b"\r\n\0.\r\n",
}


class _Plain:
    """A client that sends what it likes, without any library in between."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("localhost", port), timeout=20)
        self._socket.settimeout(20)
        self._received = b""

    def __enter__(self) -> _Plain:
        self.reply()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def reply(self) -> bytes:
        """Read one whole reply, its last line given."""
        while True:
            line, separator, rest = self._received.partition(b"\r\n")
            if separator:
                self._received = rest
                if re.match(rb"\d{3} ", line) or re.fullmatch(rb"\d{3}", line):
                    return line
                continue
            more = self._socket.recv(65536)
            if not more:
                return b""
            self._received += more

    def ask(self, line: bytes) -> bytes:
        self.send(line + b"\r\n")
        return self.reply()

    @property
    def socket(self) -> socket.socket:
        return self._socket

    def silent(self, for_s: float = 0.7) -> bool:
        """Whether nothing more comes for a while."""
        if self._received:
            return False
        self._socket.settimeout(for_s)
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(20)


@pytest.mark.parametrize("end", _ENDS)
def test_no_second_message_comes_out_of_a_body(relaying: RunningServer, sink: SmtpSink, end: str) -> None:
    mark = uuid.uuid4().hex[:8]
    first, victim = f"first-{mark}@example.net", f"victim-{mark}@example.net"
    smuggled = f"MAIL FROM:<sender@example.com>\r\nRCPT TO:<{victim}>\r\nDATA\r\nSubject: evil\r\n\r\nevil".encode()
    with _Plain(relaying.port("trusted")) as client:
        assert client.ask(b"EHLO client.example").startswith(b"250")
        assert client.ask(b"MAIL FROM:<sender@example.com>").startswith(b"250")
        assert client.ask(f"RCPT TO:<{first}>".encode()).startswith(b"250")
        assert client.ask(b"DATA").startswith(b"354")
        client.send(b"From: sender@example.com\r\nSubject: good\r\n\r\nhello" + _ENDS[end] + smuggled + b"\r\n.\r\n")
        answer = client.reply()
        assert client.silent(), "more than one answer: the body was taken for commands"
    if answer.startswith(b"250"):
        received = sink.wait_for(first)
        assert b"evil" in received.data
        bare = received.data.replace(b"\r\n", b"")
        assert b"\r" not in bare
        assert b"\n" not in bare
        # No shorter end either: whoever reads bare line ends as line ends finds the dot doubled.
        assert not re.search(rb"\n\.\r?\n", received.data.replace(b"\r\n..\r\n", b""))
    else:
        assert answer[:1] == b"5"
        assert sink.copies(first) == 0
    assert sink.copies(victim) == 0


@pytest.mark.parametrize("end", _ENDS)
def test_raw_mail_by_the_api_does_not_leave_with_bare_line_ends(
    relaying: RunningServer, sink: SmtpSink, end: str
) -> None:
    to, victim = f"api-{end}@example.net", f"api-victim-{end}@example.net"
    smuggled = f"MAIL FROM:<sender@example.com>\r\nRCPT TO:<{victim}>\r\nDATA\r\n\r\nevil\r\n.\r\n".encode()
    data = f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\n\r\nhello".encode() + _ENDS[end] + smuggled
    send_raw(relaying, data)
    received = sink.wait_for(to)
    bare = received.data.replace(b"\r\n", b"")
    assert b"\r" not in bare
    assert b"\n" not in bare
    assert b"evil" in received.data
    assert sink.copies(victim) == 0


def test_commands_in_front_of_the_handshake_are_dropped(mailbox: RunningServer) -> None:
    # RFC 3207 §4.2, §6: what came before TLS is forgotten, and EHLO is due again.
    with _Plain(mailbox.port("submission")) as client:
        client.ask(b"EHLO client.example")
        client.send(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@example.com>\r\n")
        assert client.reply().startswith(b"220")
        with mailbox.tls_context().wrap_socket(client.socket, server_hostname="localhost") as secure:
            secure.settimeout(20)
            secure.sendall(b"MAIL FROM:<sender@example.com>\r\n")
            answer = secure.recv(1000)
            assert answer.startswith(b"503"), answer
            assert answer.count(b"\r\n") == 1, "an injected command was answered"
            secure.sendall(b"EHLO client.example\r\n")
            assert secure.recv(1000).startswith(b"250")
            secure.sendall(b"STARTTLS\r\n")
            assert secure.recv(1000)[:1] == b"5"
