"""What the SMTP drivers need around them in tests: a house that accepts, a clock, a certificate, a transport."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hatobin.servers.smtp import Peer, SessionLimits, SmtpSettings, SubmissionServer, TrustedServer
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply
from tests.dialogs.player import ACCEPTED, HOSTNAME, SESSION_ID

T = TypeVar("T")

PASSWORDS = {"user": "secret", "other": "pässword"}


@dataclass
class House:
    """An acceptance that keeps what it took. `gate`, when given, is waited for before each answer."""

    reply: Reply = ACCEPTED
    gate: asyncio.Event | None = None
    failure: Exception | None = None
    taken: list[tuple[str, Envelope, bytes]] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    streams: list[HouseStream] = field(default_factory=list)
    write_gate: asyncio.Event | None = None
    write_failure: Exception | None = None

    async def authenticate(self, username: str, password: str, peer: Peer) -> str | None:
        self.peers.append(peer)
        if self.failure is not None:
            raise self.failure
        return username if PASSWORDS.get(username) == password else None

    async def accept(self, principal: str, envelope: Envelope, data: bytes, peer: Peer) -> Reply:
        self.peers.append(peer)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.taken.append((principal, envelope, data))
        return self.reply

    def stream(self, principal: str, envelope: Envelope, peer: Peer) -> HouseStream:
        self.streams.append(HouseStream(self, principal, envelope, peer))
        return self.streams[-1]


@dataclass
class HouseStream:
    """A large message in the house. `gate`, when given, is waited for at each write."""

    house: House
    principal: str
    envelope: Envelope
    peer: Peer
    written: bytearray = field(default_factory=bytearray)
    aborted: bool = False

    async def write(self, data: bytes) -> None:
        if self.house.write_gate is not None:
            await self.house.write_gate.wait()
        if self.house.write_failure is not None:
            raise self.house.write_failure
        self.written += data

    async def finish(self, envelope: Envelope, last: bytes) -> Reply:
        return await self.house.accept(self.principal, envelope, bytes(self.written) + last, self.peer)

    async def abort(self) -> None:
        self.aborted = True


@dataclass
class _Waiting:
    at: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._waiting: list[_Waiting] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Waiting:
        self._waiting.append(_Waiting(self._now + delay_s, callback))
        return self._waiting[-1]

    def advance(self, seconds: float) -> None:
        """Let time pass; what falls due is called in its order."""
        end = self._now + seconds
        while due := sorted((w for w in self._waiting if not w.cancelled and w.at <= end), key=lambda w: w.at):
            self._now = due[0].at
            self._waiting.remove(due[0])
            due[0].callback()
        self._now = end

    async def sleep(self, delay_s: float) -> None:
        done = asyncio.Event()
        self.call_later(delay_s, done.set)
        await done.wait()

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)

        def cut() -> None:
            task.cancel()

        timer = self.call_later(timeout_s, cut)
        try:
            return await task
        except asyncio.CancelledError:
            raise TimeoutError from None
        finally:
            timer.cancel()


class Wire(asyncio.Transport):
    """A transport in memory: keeps what is written, and can be as full as a test likes."""

    def __init__(self, *, ip: str = "192.0.2.7") -> None:
        super().__init__({"peername": (ip, 4711)})
        self.written = bytearray()
        self.closing = False
        self.aborted = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closing
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def take(self) -> str:
        """Give what was written since the last time."""
        text = self.written.decode("ascii")
        self.written.clear()
        return text


def settings(**limits: Any) -> SmtpSettings:
    return SmtpSettings(hostname=HOSTNAME, sessions=SessionLimits(**limits))


def trusted_server(house: House, clock: Any, smtp: SmtpSettings | None = None) -> TrustedServer[str]:
    return TrustedServer(house, "bench", smtp or settings(), clock=clock, session_id=lambda: SESSION_ID)


def submission_server(
    house: House, clock: Any, context: ssl.SSLContext, smtp: SmtpSettings | None = None
) -> SubmissionServer[str]:
    return SubmissionServer(house, smtp or settings(), clock=clock, session_id=lambda: SESSION_ID, tls_context=context)


def tls_pair(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate that signs itself, and give the server's and the client's context for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=path)
