"""Buckets with objects, as a port: what the rest of the product reads from S3 and puts there.

Two things answer it: the S3 companion in this process, and a real S3. Either
way octets come and go in pieces, so the size of an object costs no memory.
It is no member of `Ports`: whoever needs it is given it by the composition root.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class BucketMissing(Exception):
    """There is no bucket of this name."""


class ObjectMissing(Exception):
    """There is no object under this key."""


class ObjectsRefused(Exception):
    """The store knows who asks and says no; the text is its own."""


class ObjectsUnavailable(OSError):
    """The store did not do what it was asked for; to be tried again."""


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """A bucket. A real S3 says neither whose it is nor its policy: both are None then, and it decides by itself."""

    name: str
    region: str
    account_id: str | None
    policy: str | None


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """An object: octets, ETag without quotation marks, and the headers that were put with it, in lower case."""

    size: int
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object to be read. `pieces` gives its octets once, in pieces of less than a megabyte; close it early."""

    facts: ObjectFacts
    pieces: AsyncGenerator[bytes, None]


class Objects(Protocol):
    """A durable store of objects in buckets.

    Every method raises `ObjectsUnavailable` while the store cannot do its work,
    and `ObjectsRefused` where it will not.
    """

    async def bucket(self, name: str) -> BucketFacts:
        """Give a bucket; raises `BucketMissing`."""
        ...

    async def open(self, bucket: str, key: str, *, start: int = 0) -> OpenObject:
        """Open an object from octet `start` on; raises `BucketMissing` and `ObjectMissing`.

        An object that is replaced meanwhile is read to its end, or its pieces raise `ObjectsUnavailable`.
        """
        ...

    async def put(
        self, bucket: str, key: str, pieces: AsyncIterable[bytes], *, headers: Mapping[str, str] | None = None
    ) -> ObjectFacts:
        """Store an object whole, in place of a former one; durable when this returns. Raises `BucketMissing`.

        `headers` are kept with it: "content-type" and the like, and "x-amz-meta-…".
        When `pieces` raises, nothing is stored.
        """
        ...
