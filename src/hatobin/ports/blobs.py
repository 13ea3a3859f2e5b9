"""Large bodies, as a port: written and read whole or in pieces, deleted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol


class BlobMissing(Exception):
    """There is no blob under this key."""


class BlobsUnavailable(OSError):
    """The store did not do what it was asked for: no room, no permission, no answer. Nothing half-written stays."""


class BlobWriter(Protocol):
    """A blob on its way into the store; nobody sees it before `commit`. One task uses it."""

    async def write(self, data: bytes) -> None:
        """Append `data`. Raises `BlobsUnavailable`; then only `abort` is left."""
        ...

    async def commit(self) -> None:
        """Let the blob stand under its key, in place of a former one; durable when this returns."""
        ...

    async def abort(self) -> None:
        """Forget what was written; never raises, and after `commit` does nothing."""
        ...


class Blobs(Protocol):
    """A durable object store. A key is a relative path of [A-Za-z0-9._/-].

    Every method raises `BlobsUnavailable` while the store cannot do its work.
    """

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` whole under `key`; durable when this returns."""
        ...

    async def get(self, key: str) -> bytes:
        """Give the whole blob; raises `BlobMissing`."""
        ...

    def writer(self, key: str) -> BlobWriter:
        """Begin a blob whose size nobody knows yet; it ends in `commit` or `abort`."""
        ...

    def pieces(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """Give the octets from `start` up to before `end` (or all after `start`) in pieces of less than a megabyte.

        The first step raises `BlobMissing`. What lies behind the end of the blob is left out without a word.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the blob; a missing one is fine."""
        ...

    def stale(self, prefix: str, *, before: float) -> AsyncIterator[list[str]]:
        """Give the keys that begin with `prefix` and were last put before `before` (seconds since the epoch).

        They come in batches, in any order. A blob that is put or deleted meanwhile
        may be among them or not.
        """
        ...
