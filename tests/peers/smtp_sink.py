"""A receiver of mail that does what the address says, and keeps every byte.

The local part chooses the behaviour: `WORD`, or `WORD-N` for the first N
attempts of that address, after which it accepts; a label after "+" is free.

    reject      RCPT: 550 5.1.1                 tempfail    RCPT: 451 4.3.0
    greylist    RCPT: 450 4.2.0                 full        RCPT: 452 4.2.2
    blocked     RCPT: 553 5.7.1                 busy        RCPT: 421 4.7.0, then hangs up
    content     after the content: 550 5.7.1    hangup      hangs up in the middle of the content
    silent      takes the whole content, hangs up without a word

Everybody else is accepted. A message counts as received from the moment its
final dot is read, before the answer: whoever saw 250 finds it here.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType

_BEHAVIOUR = re.compile(r"([a-z]+)(?:-(\d+))?(?:\+.*)?@", re.IGNORECASE)
_AT_RECIPIENT = {
    "reject": "550 5.1.1 No such user here",
    "tempfail": "451 4.3.0 Try again later",
    "greylist": "450 4.2.0 Greylisted, try again later",
    "full": "452 4.2.2 Mailbox full",
    "blocked": "553 5.7.1 Blocked by our DNSBL",
    "busy": "421 4.7.0 [TSS04] Messages temporarily deferred",
}
_SESSION_TIMEOUT_S = 120.0
_MAX_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived: the envelope, the bytes without dot-stuffing, and how the session was."""

    reverse_path: str
    parameters: str
    recipients: tuple[str, ...]
    data: bytes
    tls: str | None
    session: int
    at: float

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        parsed = email.message_from_bytes(self.data, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def id(self) -> str:
        """The id that the sender's API gave: the local part of Message-ID, found without a MIME parser."""
        found = re.search(rb"^Message-ID:\s*<([^@>]+)@", self.data, re.IGNORECASE | re.MULTILINE)
        return found[1].decode() if found else ""


@dataclass(slots=True)
class _Envelope:
    reverse_path: str
    parameters: str
    recipients: list[str] = field(default_factory=list)
    behaviours: set[str] = field(default_factory=set)


class _Hangup(Exception):
    """The sink breaks the connection off."""


class SmtpSink:
    """An SMTP server in a thread of its own, on a free loopback port."""

    def __init__(
        self, context: ssl.SSLContext | None = None, *, offer_8bitmime: bool = True, delay_s: float = 0.0
    ) -> None:
        """With `context` STARTTLS is offered; `delay_s` passes before the answer to the content."""
        self._context = context
        self._offer_8bitmime = offer_8bitmime
        self._delay_s = delay_s
        self._changed = threading.Condition()
        self._started = threading.Event()
        self._tries: Counter[str] = Counter()
        self._sessions: set[asyncio.Task[None]] = set()
        self._weather = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.received: list[Received] = []
        self.ids: set[str] = set()
        """The ids of all messages that arrived."""
        self.attempts: list[tuple[float, str, str]] = []
        """When (monotonic), for whom, and the reply, for every RCPT."""
        self.session_count = 0
        self.address = ""

    def __enter__(self) -> SmtpSink:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    # ── what a test asks ─────────────────────────────────────────────────────

    def wait(
        self, wanted: Callable[[Received], bool], what: str, *, count: int = 1, timeout_s: float = 20.0
    ) -> list[Received]:
        """Wait until `count` messages are of the wanted kind, and give those."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while len(found := [one for one in self.received if wanted(one)]) < count:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"{len(found)} of {count} within {timeout_s:g} s: {what}")
        return found

    def wait_for(self, recipient: str, *, count: int = 1, timeout_s: float = 20.0) -> Received:
        """Wait for the message to an address, and give the last of `count`."""
        return self.wait(
            lambda one: recipient in one.recipients, f"mail to {recipient}", count=count, timeout_s=timeout_s
        )[-1]

    def copies(self, recipient: str) -> int:
        """Say how many messages an address has got."""
        with self._changed:
            return sum(one.recipients.count(recipient) for one in self.received)

    def tries(self, recipient: str) -> list[tuple[float, str]]:
        """Give when the address was tried and what was answered."""
        with self._changed:
            return [(at, reply) for at, to, reply in self.attempts if to == recipient]

    @contextmanager
    def weather(self, kind: str) -> Iterator[None]:
        """Be unwell for a while: "stall" answers nothing, "reset" hangs up, "storm" says 451 to everybody."""
        self._weather = kind
        try:
            yield
        finally:
            self._weather = ""

    # ── the server ───────────────────────────────────────────────────────────

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_MAX_LINE, backlog=512)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in set(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        self.session_count += 1
        try:
            async with asyncio.timeout(_SESSION_TIMEOUT_S):
                await _Session(self, reader, writer, self.session_count).run()
        except (_Hangup, TimeoutError, OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            self._sessions.discard(task)

    def behaviour(self, recipient: str) -> str:
        """Say what happens to this attempt for an address: a word of the table, or ""."""
        match = _BEHAVIOUR.match(recipient)
        if match is None:
            return ""
        word, limit = match[1].lower(), match[2]
        self._tries[recipient] += 1
        return "" if limit is not None and self._tries[recipient] > int(limit) else word

    def tried(self, recipient: str, reply: str) -> None:
        """Note an attempt."""
        with self._changed:
            self.attempts.append((time.monotonic(), recipient, reply))

    def keep(self, message: Received) -> None:
        """Keep a message that has arrived whole."""
        with self._changed:
            self.received.append(message)
            self.ids.add(message.id)
            self._changed.notify_all()

    @property
    def context(self) -> ssl.SSLContext | None:
        """The TLS context, if STARTTLS is offered."""
        return self._context

    @property
    def offer_8bitmime(self) -> bool:
        """Whether 8BITMIME is offered."""
        return self._offer_8bitmime

    @property
    def now_weather(self) -> str:
        """How the receiver is: "" is well."""
        return self._weather

    @property
    def delay_s(self) -> float:
        """Seconds that pass before the answer to the content."""
        return self._delay_s


class _Session:
    """One connection."""

    def __init__(self, sink: SmtpSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._sink, self._reader, self._writer, self._number = sink, reader, writer, number
        self._envelope: _Envelope | None = None
        self._tls: str | None = None

    async def run(self) -> None:
        """Talk until the client leaves."""
        await self._say("220 sink.example ESMTP")
        while line := (await self._reader.readline()).decode("utf-8", "surrogateescape").rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 2.0.0 Bye")
                return
            await self._command(verb.upper(), rest)

    async def _command(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                await self._say(*self._extensions())
            case "STARTTLS" if self._sink.context is not None and self._tls is None:
                await self._start_tls(self._sink.context)
            case "MAIL":
                path, _, parameters = rest.partition(":")[2].strip().partition(" ")
                self._envelope = _Envelope(path.strip("<>"), parameters)
                await self._say("250 2.1.0 Ok")
            case "RCPT":
                await self._recipient(rest.partition(":")[2].strip().partition(" ")[0].strip("<>"))
            case "DATA" if self._envelope is not None and self._envelope.recipients:
                await self._content(self._envelope)
                self._envelope = None
            case "HELO" | "RSET" | "NOOP":
                self._envelope = None
                await self._say("250 2.0.0 Ok")
            case "DATA":
                await self._say("554 5.5.1 No valid recipients")
            case _:
                await self._say("502 5.5.2 Not here")

    def _extensions(self) -> list[str]:
        words = ["sink.example", "PIPELINING", "SIZE 50000000", "ENHANCEDSTATUSCODES"]
        if self._sink.offer_8bitmime:
            words.append("8BITMIME")
        if self._sink.context is not None and self._tls is None:
            words.append("STARTTLS")
        return [f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}"]

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        await self._say("220 2.0.0 Go ahead")
        await self._writer.start_tls(context)
        self._tls = self._writer.get_extra_info("ssl_object").version()

    async def _recipient(self, recipient: str) -> None:
        if self._envelope is None:
            await self._say("503 5.5.1 MAIL first")
            return
        behaviour = self._sink.behaviour(recipient)
        if self._sink.now_weather == "storm":
            behaviour = "tempfail"
        reply = _AT_RECIPIENT.get(behaviour, "250 2.1.5 Ok")
        self._sink.tried(recipient, reply)
        await self._say(reply)
        if behaviour == "busy":
            raise _Hangup
        if behaviour not in _AT_RECIPIENT:
            self._envelope.recipients.append(recipient)
            self._envelope.behaviours.add(behaviour)

    async def _content(self, envelope: _Envelope) -> None:
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        lines: list[bytes] = []
        while (line := await self._reader.readline()) != b".\r\n" or (lines and not lines[-1].endswith(b"\r\n")):
            if not line or "hangup" in envelope.behaviours:
                raise _Hangup
            lines.append(line)
        data = b"".join(line[1:] if line.startswith(b".") else line for line in lines)
        if "content" in envelope.behaviours:
            await self._say("550 5.7.1 Message content rejected")
            return
        received = Received(
            envelope.reverse_path,
            envelope.parameters,
            tuple(envelope.recipients),
            data,
            self._tls,
            self._number,
            time.monotonic(),
        )
        self._sink.keep(received)
        if self._sink.delay_s:
            await asyncio.sleep(self._sink.delay_s)
        if "silent" in envelope.behaviours:
            raise _Hangup
        await self._say("250 2.0.0 Ok: kept")

    async def _say(self, *lines: str) -> None:
        if self._sink.now_weather == "reset":
            raise _Hangup
        while self._sink.now_weather == "stall":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()
