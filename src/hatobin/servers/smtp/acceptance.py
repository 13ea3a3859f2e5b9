"""What a submission server asks of the house behind it: who is this, and will you take this message.

The server knows SMTP and nothing of accounts, identities or queues; a
principal is an opaque value that `authenticate` gives out and `accept` gets back.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from msgspec import Struct

from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

P = TypeVar("P")


class Peer(Struct, frozen=True):
    """Who is at the other end: for `Received` fields, logs and policies."""

    ip: str
    port: int
    tls_version: str | None
    """As OpenSSL names it ("TLSv1.3"); None in plain text."""
    helo: str | None
    """What the client calls itself; believed by nobody."""


class MessageStream(Protocol):
    """One large message on its way to the house while it is read. One call at a time."""

    async def write(self, data: bytes) -> None:
        """Take the next octets of the content, unstuffed."""
        ...

    async def finish(self, envelope: Envelope, last: bytes) -> Reply:
        """Take the last octets, and the envelope with its size; decide as `Acceptance.accept` does."""
        ...

    async def abort(self) -> None:
        """Forget the message; never raises."""
        ...


class Acceptance(Protocol[P]):
    """The house behind a submission server."""

    async def authenticate(self, username: str, password: str, peer: Peer) -> P | None:
        """Give the principal whose SMTP credentials these are, or None."""
        ...

    async def accept(self, principal: P, envelope: Envelope, data: bytes, peer: Peer) -> Reply:
        """Decide about a message, and answer the client.

        A 2xx reply ("250 Ok <MessageId>") promises that the message is durable;
        4xx and 5xx that nothing of it is kept.
        """
        ...

    def stream(self, principal: P, envelope: Envelope, peer: Peer) -> MessageStream:
        """Begin to take a message in pieces; it ends in `finish` or `abort`. `envelope.size` is not known yet."""
        ...
