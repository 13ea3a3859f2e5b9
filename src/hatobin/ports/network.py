"""Outgoing TCP connections, as a port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ConnectionLost(Exception):
    """The peer could not be reached, or the connection broke; the text says how."""


class AddressRefused(Exception):
    """The outbound guard does not let us connect to this address (SSRF, our own listener)."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a completed TLS handshake agreed on."""

    version: str
    cipher: str
    verified: bool


class Connection(Protocol):
    """One TCP connection, in bytes."""

    @property
    def peer_ip(self) -> str:
        """The address that was connected to."""
        ...

    @property
    def local_ip(self) -> str:
        """Our own address on this connection (`ses:outgoing-ip`)."""
        ...

    def send(self, data: bytes) -> None:
        """Queue bytes for sending."""
        ...

    async def drain(self, timeout_s: float) -> None:
        """Wait until the send buffer is small again.

        Raises `ConnectionLost`, and `TimeoutError` when the peer does not take it in time.
        """
        ...

    async def receive(self, timeout_s: float) -> bytes:
        """Give what has arrived, at least one byte; b"" at the end of the stream.

        Raises `ConnectionLost` when the connection broke and `TimeoutError`
        when nothing came in time.
        """
        ...

    async def start_tls(self, server_name: str, *, verify: bool, timeout_s: float) -> TlsFacts:
        """Upgrade to TLS; bytes received but not read yet are dropped (RFC 3207 §4.2)."""
        ...

    def close(self) -> None:
        """Close at once; never raises."""
        ...


class Network(Protocol):
    """Where outgoing connections come from. The outbound guard lives behind it."""

    async def connect(self, ip: str, port: int, *, timeout_s: float, source_ip: str | None = None) -> Connection:
        """Connect to an address (never a name). Raises `ConnectionLost` or `AddressRefused`."""
        ...
