"""A load generator for SMTP with STARTTLS and AUTH PLAIN: kept sessions, pipelined envelopes.

    python -m benchmarks.smtp_sessions HOST:PORT USER PASSWORD MESSAGES SESSIONS BYTES

Prints a line when it is loaded, waits for a line, sends, and ends with 0 when
every message was answered with 250. The server's certificate is not verified:
that would cost the generator, not the server.

Law: RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 4616 (PLAIN), RFC 2920 (pipelining).
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from base64 import b64encode
from collections.abc import Iterator
from typing import cast

import uvloop

from benchmarks.smtp_load import RECIPIENT, SENDER

_LAST_LINE = re.compile(rb"^\d{3}(?: .*)?\r\n", re.MULTILINE)
_LIMIT_S = 120.0


class Refused(Exception):
    """An answer that is not the one that was hoped for."""


class _Connection(asyncio.Protocol):
    """Hands over what was answered, once that many replies have come."""

    def __init__(self) -> None:
        self._received = b""
        self._wanted = 0
        self._waiting: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        """Add to what has come, and hand it over when it is enough."""
        self._received += data
        if self._waiting is not None and len(_LAST_LINE.findall(self._received)) >= self._wanted:
            answer, self._received = self._received, b""
            waiting, self._waiting = self._waiting, None
            if not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for ever."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Refused(f"the connection was lost: {exc}"))

    def replies(self, count: int) -> asyncio.Future[bytes]:
        """Give a future of the next replies; one caller at a time, asked before anything can come."""
        self._wanted = count
        self._waiting = asyncio.get_running_loop().create_future()
        return self._waiting


def _hoped(answer: bytes, *codes: bytes) -> bytes:
    found = tuple(line[:3] for line in _LAST_LINE.findall(answer))
    if found != codes:
        raise Refused(f"{answer[:300]!r} where {b' '.join(codes).decode()} was expected")
    return answer


async def _session(
    host: str, port: int, login: tuple[str, str], secure: ssl.SSLContext, left: Iterator[int], content: bytes
) -> None:
    loop = asyncio.get_running_loop()
    connection = _Connection()
    greeting = connection.replies(1)
    plain, _ = await loop.create_connection(lambda: connection, host, port)
    _hoped(await greeting, b"220")
    transport: asyncio.Transport = plain

    async def ask(line: bytes, *codes: bytes) -> None:
        coming = connection.replies(len(codes))
        transport.write(line)
        _hoped(await coming, *codes)

    await ask(b"EHLO bench.example.com\r\n", b"250")
    await ask(b"STARTTLS\r\n", b"220")
    transport = cast(asyncio.Transport, await loop.start_tls(plain, connection, secure))
    await ask(b"EHLO bench.example.com\r\n", b"250")
    user, password = login
    await ask(b"AUTH PLAIN " + b64encode(f"\0{user}\0{password}".encode()) + b"\r\n", b"235")
    envelope = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n".encode()
    for _ in left:
        await ask(envelope, b"250", b"250", b"354")
        await ask(content, b"250")
    await ask(b"QUIT\r\n", b"221")
    transport.close()


def content_of(size_bytes: int) -> bytes:
    """Give a message of about this size, with its final dot."""
    head = f"From: <{SENDER}>\r\nTo: <{RECIPIENT}>\r\nSubject: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\n"
    lines = max(1, (size_bytes - len(head)) // 80)
    return head.encode() + (b"x" * 78 + b"\r\n") * lines + b".\r\n"


async def _run(address: str, login: tuple[str, str], messages: int, sessions: int, size_bytes: int) -> None:
    host, _, port = address.rpartition(":")
    secure = ssl.create_default_context()
    secure.check_hostname = False
    secure.verify_mode = ssl.CERT_NONE
    left, content = iter(range(messages)), content_of(size_bytes)
    print("loaded", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    async with asyncio.timeout(_LIMIT_S):
        async with asyncio.TaskGroup() as group:
            for _ in range(sessions):
                group.create_task(_session(host, int(port), login, secure, left, content))


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    address, user, password, messages, sessions, size_bytes = arguments
    try:
        uvloop.run(_run(address, (user, password), int(messages), int(sessions), int(size_bytes)))
    except* (Refused, OSError, TimeoutError) as errors:
        sys.exit(f"{errors.exceptions[0]!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
