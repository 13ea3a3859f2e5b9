"""What every `Blobs` must do, whether files or an object store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from hatobin.ports.blobs import BlobMissing, Blobs

MakeBlobs = Callable[[], AbstractAsyncContextManager[Blobs]]
"""Gives an empty store and takes it away again."""

_PIECE_LIMIT_BYTES = 1_000_000
_FAR_FUTURE_S = 1e11
_REFUSED_KEYS = ("", "/etc/passwd", "a/../b", "..", ".", "a//b", "a/", "a\\b", "a\x00b", "a b", "ä", "a/./b")


async def _expect_missing(blobs: Blobs, key: str) -> None:
    try:
        await blobs.get(key)
    except BlobMissing:
        return
    raise AssertionError(f"{key!r} must be missing")


async def stored_bytes_come_back(blobs: Blobs) -> None:
    """Empty, small and large blobs come back whole, under flat and nested keys."""
    large = bytes(range(256)) * 8192
    for key, data in (("empty", b""), ("mail/2026/01/a.eml", b"From: a\r\n\r\n"), ("b-c_d.bin", large)):
        await blobs.put(key, data)
        assert await blobs.get(key) == data, f"{key!r} came back changed"


async def later_put_replaces(blobs: Blobs) -> None:
    """A second put under one key replaces the first, also when it is shorter."""
    await blobs.put("a/b", b"first and long")
    await blobs.put("a/b", b"second")
    assert await blobs.get("a/b") == b"second"


async def missing_blob_is_said(blobs: Blobs) -> None:
    """Reading what is not there raises `BlobMissing`, also below or above an existing key."""
    await blobs.put("a/b", b"x")
    await _expect_missing(blobs, "nothing")
    await _expect_missing(blobs, "a/c")
    await _expect_missing(blobs, "a")


async def pieces_make_one_blob(blobs: Blobs) -> None:
    """What is written in pieces comes back whole, and what was put whole comes back in pieces."""
    pieces = [bytes([number]) * (number * 40_000) for number in range(1, 20)]
    writer = blobs.writer("a/pieces")
    for piece in pieces:
        await writer.write(piece)
    await _expect_missing(blobs, "a/pieces")
    await writer.commit()
    await writer.abort()
    whole = b"".join(pieces)
    assert await blobs.get("a/pieces") == whole, "the pieces came back changed"
    await blobs.put("put", whole)
    for key in ("a/pieces", "put"):
        given = [piece async for piece in blobs.pieces(key)]
        assert b"".join(given) == whole, f"{key!r} came back changed"
        assert max(map(len, given)) <= _PIECE_LIMIT_BYTES, "a piece is as large as a blob"
    await blobs.writer("empty").commit()
    assert await blobs.get("empty") == b""
    try:
        await anext(blobs.pieces("a"))
    except BlobMissing:
        return
    raise AssertionError("a missing blob has no pieces")


async def a_part_of_a_blob_is_read(blobs: Blobs) -> None:
    """From anywhere to anywhere, also over several pieces; what is not there is left out."""
    whole = bytes(range(251)) * 4_000
    await blobs.put("a/b", whole)
    size = len(whole)
    for start, end in ((0, None), (0, 1), (1, 2), (7, 600_000), (size - 3, None), (size - 3, size + 9), (0, size)):
        given = b"".join([piece async for piece in blobs.pieces("a/b", start, end)])
        assert given == whole[start:end], f"octets {start} to {end} came back changed"
    for start, end in ((size, None), (size + 5, size + 9), (4, 4), (0, 0)):
        assert [piece async for piece in blobs.pieces("a/b", start, end)] == [], f"{start} to {end} is not empty"
    try:
        await anext(blobs.pieces("nothing", 1, 2))
    except BlobMissing:
        return
    raise AssertionError("a missing blob has no part")


async def aborted_blob_leaves_nothing(blobs: Blobs) -> None:
    """A writer that is given up leaves the former blob under its key, or none."""
    await blobs.put("a/b", b"former")
    for key in ("a/b", "a/c"):
        writer = blobs.writer(key)
        await writer.write(b"half of it")
        await writer.abort()
    await blobs.writer("a/d").abort()
    assert await blobs.get("a/b") == b"former", "the former blob must stay"
    await _expect_missing(blobs, "a/c")
    await _expect_missing(blobs, "a/d")


async def deleted_blob_is_gone(blobs: Blobs) -> None:
    """Delete removes one blob, and deleting what is missing is fine."""
    await blobs.put("a/b", b"x")
    await blobs.put("a/c", b"y")
    await blobs.delete("a/b")
    await blobs.delete("a/b")
    await blobs.delete("never/was")
    await _expect_missing(blobs, "a/b")
    assert await blobs.get("a/c") == b"y", "a neighbour must stay"


async def strange_keys_are_refused(blobs: Blobs) -> None:
    """A key outside the port's alphabet, or one that climbs, raises `ValueError` in every call."""
    for key in _REFUSED_KEYS:
        for call in (blobs.put(key, b"x"), blobs.get(key), blobs.delete(key)):
            try:
                await call
            except ValueError:
                continue
            raise AssertionError(f"the key {key!r} must be refused")


async def parallel_puts_do_not_mix(blobs: Blobs) -> None:
    """Writers of different keys, and of one key, never produce a mixed blob."""
    bodies = [bytes([number]) * 10_000 for number in range(20)]
    await asyncio.gather(*(blobs.put(f"own/{number}", body) for number, body in enumerate(bodies)))
    await asyncio.gather(*(blobs.put("shared", body) for body in bodies))
    for number, body in enumerate(bodies):
        assert await blobs.get(f"own/{number}") == body, f"blob {number} is mixed"
    assert await blobs.get("shared") in bodies, "the shared blob is mixed"


async def old_blobs_are_listed_by_prefix(blobs: Blobs) -> None:
    """What was put before a moment is listed, under one prefix; what came after it, or lies elsewhere, is not."""
    for key in ("mail/a/1", "mail/a/2", "mail/b", "other/1"):
        await blobs.put(key, b"x")
    await blobs.delete("mail/a/2")

    async def listed(prefix: str, before: float) -> list[str]:
        return sorted([key async for keys in blobs.stale(prefix, before=before) for key in keys])

    assert await listed("mail/", _FAR_FUTURE_S) == ["mail/a/1", "mail/b"]
    assert await listed("mail/", 0.0) == []
    assert await listed("nothing/", _FAR_FUTURE_S) == []


BlobsCheck = Callable[[Blobs], Awaitable[None]]

BLOBS_CHECKS: tuple[BlobsCheck, ...] = (
    stored_bytes_come_back,
    later_put_replaces,
    missing_blob_is_said,
    pieces_make_one_blob,
    a_part_of_a_blob_is_read,
    aborted_blob_leaves_nothing,
    deleted_blob_is_gone,
    strange_keys_are_refused,
    parallel_puts_do_not_mix,
    old_blobs_are_listed_by_prefix,
)


async def run_blobs_check(make: MakeBlobs, check: BlobsCheck) -> None:
    """Run one check on an empty store of its own."""
    async with make() as blobs:
        await check(blobs)


async def check_blobs(make: MakeBlobs) -> None:
    """Raise `AssertionError` at the first promise of the blobs port that is not kept."""
    for check in BLOBS_CHECKS:
        await run_blobs_check(make, check)
