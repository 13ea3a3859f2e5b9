"""Octets into blobs and out of them, in pieces: the one place where the companion touches the blobs port."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from hatobin.companions.s3 import content_store
from hatobin.companions.s3.model import Piece
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable

FLUSH_OCTETS = 256 * 1024
"""What is gathered before it is digested in a thread and written: small pieces would cost a thread's turn each."""


SMALL_OCTETS = 16 * 1024
"""What is digested faster than a thread is woken."""

T = TypeVar("T")


async def store_payload(ports: Ports, account_id: str, payload: AsyncIterable[bytes]) -> Piece | None:
    """Write a payload into a blob of its own, durable when this returns; None for an empty one.

    Whatever `payload` raises is raised, and no blob stays. The blob is nobody's until a row names it;
    when that does not come, upkeep finds it.
    """
    blob_key = content_store.blob_key(account_id, ports.entropy.uuid().replace("-", ""))
    writer = ports.blobs.writer(blob_key)
    size = 0
    try:
        async for data in payload:
            size += len(data)
            await writer.write(data)
        if not size:
            await writer.abort()
            return None
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise
    return Piece(0, blob_key, 0, size)


async def beside(ports: Ports, size: int, work: Callable[[], T]) -> T:
    """Digest or decode `size` octets: a few at once, more in a thread, which the event loop does not wait for."""
    return work() if size < SMALL_OCTETS else await ports.threads.run(work)


async def drop(ports: Ports, piece: Piece | None) -> None:
    """Delete a blob that no row was made for; if that fails, upkeep finds it."""
    if piece is not None:
        with contextlib.suppress(BlobsUnavailable):
            await ports.blobs.delete(piece.blob_key)


def cut(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """Give the part of a content from `start` up to before `end`, counted anew from 0.

    `pieces` are in order and cover it.
    """
    found: list[Piece] = []
    for piece in pieces:
        first, last = max(start, piece.place), min(end, piece.place + piece.size)
        if first < last:
            found.append(Piece(first - start, piece.blob_key, piece.start + first - piece.place, last - first))
    return found


async def read_pieces(ports: Ports, pieces: Sequence[Piece]) -> AsyncGenerator[bytes, None]:
    """Give the octets of pieces in order.

    Raises `BlobsUnavailable` when a blob is not what its row says, so that nobody takes less for all.
    """
    for piece in pieces:
        left = piece.size
        async with aclosing(ports.blobs.pieces(piece.blob_key, piece.start, piece.start + piece.size)) as octets:
            try:
                async for data in octets:
                    left -= len(data)
                    yield data
            except BlobMissing as error:
                raise BlobsUnavailable(f"the blob {piece.blob_key} is missing") from error
        if left:
            raise BlobsUnavailable(f"the blob {piece.blob_key} is {left} octets shorter than its row says")
