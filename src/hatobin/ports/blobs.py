"""Large bodies, as a port: written once, read whole or in ranges, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class BlobMissing(Exception):
    """There is no blob under this key."""


class BlobsUnavailable(OSError):
    """The store did not do what it was asked for: no room, no permission, no answer. Nothing half-written stays."""


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

    async def delete(self, key: str) -> None:
        """Remove the blob; a missing one is fine."""
        ...

    def stale(self, prefix: str, *, before: float) -> AsyncIterator[list[str]]:
        """Give the keys that begin with `prefix` and were last put before `before` (seconds since the epoch).

        They come in batches, in any order. A blob that is put or deleted meanwhile
        may be among them or not.
        """
        ...
