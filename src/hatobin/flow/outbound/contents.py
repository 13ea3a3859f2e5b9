"""What leaves: a message's octets with their signatures, whole, or in pieces out of the blob store.

A large body is read twice from the store: once to hash it for the
signatures, which stand in front of it, and once to send it. It is in memory
as a whole only where a server without 8BITMIME wants it in seven bits, or
where it gets an S/MIME signature, which is made over the whole.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct

from hatobin.capabilities.queue import ReadyMessage
from hatobin.flow.outbound.sign import Signer
from hatobin.ports import Ports
from hatobin.ports.blobs import Blobs
from hatobin.protocols.mail import to_seven_bit
from hatobin.protocols.mail.body_hash import RelaxedBodyHash
from hatobin.protocols.mail.headers import MAX_HEADER_OCTETS, Message, split_message

_HEADER_END = b"\r\n\r\n"
_SIGNED_COPIES = 3
"""What is there at once while an S/MIME signature is made: the message, its part that is signed, and the result."""


class StreamedBody(Struct, frozen=True):
    """Content to be sent in pieces; `size` counts the signatures, which come first."""

    signatures: bytes
    size: int
    is_ascii: bool
    _blobs: Blobs
    _blob_key: str

    def isascii(self) -> bool:
        """Say what `bytes.isascii` says of the whole content."""
        return self.is_ascii

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the content in order. Raises `BlobMissing` and `BlobsUnavailable`."""
        yield self.signatures
        async with aclosing(self._blobs.pieces(self._blob_key)) as pieces:
            async for piece in pieces:
                yield piece


class Contents:
    """Makes what is sent."""

    def __init__(self, ports: Ports, signer: Signer, *, stream_above_bytes: int) -> None:
        self._ports = ports
        self._signer = signer
        self._stream_above_bytes = stream_above_bytes

    def streams(self, message: ReadyMessage) -> bool:
        """Say whether a message is sent in pieces: it lies in the blob store, is large and is not signed as a whole."""
        if message.content or message.blob_key is None or message.certificate is not None:
            return False
        return message.size > self._stream_above_bytes

    def held_bytes(self, message: ReadyMessage) -> int:
        """Give how much of the memory for large bodies a message takes while it is sent whole."""
        return message.size * (_SIGNED_COPIES if message.certificate is not None else 1)

    async def signed(self, message: ReadyMessage, *, seven_bit: bool = False) -> bytes:
        """Load and sign the whole content. Raises `BlobMissing`, and `MessageError` where it has no seven-bit form."""
        content = message.content
        if not content and message.blob_key is not None:
            content = await self._ports.blobs.get(message.blob_key)
        if message.certificate is not None:
            content = await self._signer.sign_smime(message.key, message.certificate, content)
        return await self._signer.sign(message.key, message.dkim, to_seven_bit(content) if seven_bit else content)

    async def streamed(self, message: ReadyMessage) -> StreamedBody:
        """Read the content once and sign it. Raises `BlobMissing`."""
        assert message.blob_key is not None, "it lies in the blob store"
        seen = await _survey(self._ports.blobs, message.blob_key)
        signatures = await self._signer.sign_head(message.dkim, seen.head, seen.body_hash)
        return StreamedBody(signatures, len(signatures) + seen.size, seen.is_ascii, self._ports.blobs, message.blob_key)

    async def head(self, message: ReadyMessage) -> bytes:
        """Read the header of a message that lies in the blob store, and no more. Raises `BlobMissing`."""
        assert message.blob_key is not None, "it lies in the blob store"
        return (await read_head(self._ports.blobs, message.blob_key)).raw


class _Survey(Struct, frozen=True):
    """What one reading of a stored message told."""

    head: Message
    body_hash: str
    size: int
    is_ascii: bool


async def _survey(blobs: Blobs, blob_key: str) -> _Survey:
    head, start = None, bytearray()
    digest, size, is_ascii = RelaxedBodyHash(), 0, True
    async with aclosing(blobs.pieces(blob_key)) as pieces:
        async for piece in pieces:
            size += len(piece)
            is_ascii = is_ascii and piece.isascii()
            if head is not None:
                digest.feed(piece)
                continue
            start += piece
            if _is_complete(start):
                head, body = _split(start)
                digest.feed(body)
    if head is None:
        head, body = _split(start)
        digest.feed(body)
    return _Survey(head, digest.digest(), size, is_ascii)


async def read_head(blobs: Blobs, blob_key: str) -> Message:
    """Read the header block of a stored message and no more. Raises `BlobMissing`."""
    start = bytearray()
    async with aclosing(blobs.pieces(blob_key)) as pieces:
        async for piece in pieces:
            start += piece
            if _is_complete(start):
                break
    return _split(start)[0]


def _is_complete(start: bytearray) -> bool:
    return _HEADER_END in start or len(start) > MAX_HEADER_OCTETS


def _split(start: bytearray) -> tuple[Message, bytes]:
    """Split what has come of a message: its header block as a message without body, and the rest."""
    received = bytes(start)
    body_start = split_message(received).body_start
    return split_message(received[:body_start]), received[body_start:]
