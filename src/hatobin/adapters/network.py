"""The network port over the event loop's transports.

An `asyncio.Protocol` with a buffer of its own, because an SMTP client reads
short replies and writes long messages: what arrived is handed over as it
came, without the copies and locks of the stream classes.

Refs: RFC 3207 (STARTTLS), RFC 8996 (TLS 1.0 and 1.1 are retired).
"""

from __future__ import annotations

import asyncio
import ssl
from ssl import SSLContext
from typing import cast

from hatobin.adapters.guard import OutboundGuard
from hatobin.ports.network import ConnectionLost, TlsFacts

RECEIVE_HIGH_BYTES = 256 * 1024
"""Reading pauses when more than this waits unread, so that a peer cannot fill our memory.

There is no low-water mark: reading takes everything, so nothing is left then."""

SEND_HIGH_BYTES = 256 * 1024
"""`drain` waits when this much waits unsent, until a quarter of it is left."""

TLS_SHUTDOWN_S = 2.0
"""How long a closing TLS connection waits for the peer's close_notify."""


def client_context(*, verify: bool, extra_ca: str | None = None) -> SSLContext:
    """Make a TLS client context, TLS 1.2 or newer.

    Without `verify` any certificate will do: opportunistic TLS protects from
    those who only listen, and a failed check would mean plain text instead
    (RFC 7435 §3). `extra_ca` is a PEM file trusted besides the system's roots.
    """
    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # SMTP marks its own ends; a peer that hangs up without close_notify has cut nothing.
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    if verify:
        context.load_default_certs()
        if extra_ca is not None:
            context.load_verify_locations(extra_ca)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _say(error: BaseException) -> str:
    """Describe trouble for an operator: the system's words where there are some."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ConnectionResetError):
        return "the peer reset the connection"
    return str(error) or type(error).__name__


class TlsContexts:
    """The two client contexts of a process, made when they are first needed (loading roots takes 20 ms)."""

    def __init__(self, extra_ca: str | None) -> None:
        self._extra_ca = extra_ca
        self._made: dict[bool, SSLContext] = {}

    def of(self, *, verify: bool) -> SSLContext:
        """Give the context for verified or for opportunistic TLS."""
        context = self._made.get(verify)
        if context is None:
            context = self._made[verify] = client_context(verify=verify, extra_ca=self._extra_ca)
        return context


class TcpConnection(asyncio.Protocol):
    """One connection, as the port describes it. Made by `AsyncioNetwork.connect`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tls: TlsContexts) -> None:
        self._loop = loop
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._unread = 0
        self._reading_paused = False
        self._ended = False
        self._lost: ConnectionLost | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drainer: asyncio.Future[None] | None = None
        self._sending_paused = False
        self.peer_ip = ""
        self.local_ip = ""

    # The port's side.

    def send(self, data: bytes) -> None:
        """Queue bytes for sending; on a lost connection they vanish and `drain` says so."""
        if self._transport is not None and self._lost is None:
            self._transport.write(data)

    async def drain(self, timeout_s: float) -> None:
        """Wait until the send buffer is small again.

        Raises `ConnectionLost`, and `TimeoutError` when the peer does not take it in time.
        """
        if self._lost is not None or self._ended:
            raise self._lost or ConnectionLost("the peer closed the connection")
        if self._sending_paused:
            if self._drainer is None:
                self._drainer = self._loop.create_future()
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._drainer)

    async def receive(self, timeout_s: float) -> bytes:
        """Give what has arrived, at least one byte; b"" at the end of the stream.

        Raises `ConnectionLost` when the connection broke, after what came before that was
        given, and `TimeoutError` when nothing came in time. One task receives at a time.
        """
        if not self._chunks and not self._ended and self._lost is None:
            await self._wait_for_data(timeout_s)
        if self._chunks:
            return self._take()
        if self._ended:
            return b""
        raise self._lost or ConnectionLost("the connection is closed")

    async def start_tls(self, server_name: str, *, verify: bool, timeout_s: float) -> TlsFacts:
        """Upgrade to TLS; bytes received but not read yet are dropped (RFC 3207 §4.2).

        Raises `ConnectionLost` when the handshake fails, `TimeoutError` when it takes too long.
        The connection is of no use after either.
        """
        if self._transport is None or self._lost is not None:
            raise self._lost or ConnectionLost("the connection is closed")
        self._chunks.clear()
        self._unread = 0
        self._resume_reading()
        try:
            async with asyncio.timeout(timeout_s):
                transport = await self._loop.start_tls(
                    self._transport,
                    self,
                    self._tls.of(verify=verify),
                    server_hostname=server_name.rstrip(".") or None,
                    ssl_handshake_timeout=timeout_s + 1,  # Ours comes first and has the better name.
                    ssl_shutdown_timeout=TLS_SHUTDOWN_S,
                )
        except TimeoutError:
            self.close()
            raise
        except (OSError, ssl.SSLError, ValueError) as error:
            self.close()
            raise ConnectionLost(f"the TLS handshake failed: {_say(error)}") from error
        if transport is None:
            raise self._lost or ConnectionLost("the connection broke during the TLS handshake")
        self._transport = transport
        self._transport.set_write_buffer_limits(SEND_HIGH_BYTES)
        agreed = self._transport.get_extra_info("ssl_object")
        return TlsFacts(version=agreed.version() or "", cipher=(agreed.cipher() or ("",))[0], verified=verify)

    def close(self) -> None:
        """Close at once; never raises. Bytes that the peer is too slow to take are dropped."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()

    # The event loop's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport and note both addresses."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(SEND_HIGH_BYTES)
        self.peer_ip = transport.get_extra_info("peername")[0]
        self.local_ip = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        """Keep what came and wake the reader; pause reading when nobody takes it."""
        self._chunks.append(data)
        self._unread += len(data)
        if self._unread > RECEIVE_HIGH_BYTES and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> bool:
        """Note the end of the stream; the transport closes itself then."""
        self._ended = True
        self._wake_reader()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that the connection is over."""
        if exc is not None:
            text = _say(exc)
        else:
            text = "the peer closed the connection" if self._ended else "the connection is closed"
        self._lost = ConnectionLost(text)
        self._wake_reader()
        if self._drainer is not None and not self._drainer.done():
            self._drainer.set_exception(self._lost)
            self._drainer.exception()  # Marked as seen: perhaps nobody waits any more.
        self._drainer = None

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._sending_paused = True

    def resume_writing(self) -> None:
        """Let `drain` return."""
        self._sending_paused = False
        if self._drainer is not None and not self._drainer.done():
            self._drainer.set_result(None)
        self._drainer = None

    # Inside.

    async def _wait_for_data(self, timeout_s: float) -> None:
        if self._reader is not None:
            raise RuntimeError("another task already receives from this connection")
        self._reader = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self._expire, self._reader)
        try:
            await self._reader
        finally:
            timer.cancel()
            self._reader = None

    @staticmethod
    def _expire(reader: asyncio.Future[None]) -> None:
        if not reader.done():
            reader.set_exception(TimeoutError("nothing came in time"))

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _take(self) -> bytes:
        """Give all that waits, and let the peer go on."""
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._unread = 0
        self._resume_reading()
        return data

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._reading_paused = False


class AsyncioNetwork:
    """Where outgoing connections come from."""

    def __init__(self, guard: OutboundGuard, *, extra_ca: str | None = None) -> None:
        """Connect to what `guard` allows; `extra_ca` is a PEM file for verified TLS."""
        self._guard = guard
        self._tls = TlsContexts(extra_ca)

    async def connect(self, ip: str, port: int, *, timeout_s: float, source_ip: str | None = None) -> TcpConnection:
        """Connect to an address (never a name), from `source_ip` if one is given.

        Raises `AddressRefused` when the guard forbids it, otherwise `ConnectionLost`,
        also when the time is over.
        """
        self._guard.check(ip, port)
        loop = asyncio.get_running_loop()
        local = None if source_ip is None else (source_ip, 0)
        try:
            async with asyncio.timeout(timeout_s):
                _, connection = await loop.create_connection(
                    lambda: TcpConnection(loop, self._tls), ip, port, local_addr=local
                )
        except TimeoutError as error:
            raise ConnectionLost(f"no connection to {ip} port {port} within {timeout_s:g} s") from error
        except OSError as error:
            raise ConnectionLost(f"no connection to {ip} port {port}: {_say(error)}") from error
        return connection
