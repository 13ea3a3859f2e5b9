"""What other rooms do with buckets, in this process: the answer of the companion to the port `Objects`.

They act as the service and not as a caller: whether a bucket's policy lets
them is for them to ask beforehand (`BucketFacts.policy`).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from functools import partial

from msgspec import Struct

from hatobin.companions.s3 import content_store, object_store, store
from hatobin.companions.s3.contents import beside, cut, drop, read_pieces, store_payload
from hatobin.companions.s3.model import Bucket, Piece, StoredObject, read_facts
from hatobin.ports import Ports, Session
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.objects import (
    BucketFacts,
    BucketMissing,
    ObjectFacts,
    ObjectMissing,
    Objects,
    ObjectsUnavailable,
    OpenObject,
)
from hatobin.protocols.aws.s3.addressing import check_key


class Buckets(Struct, frozen=True):
    """The buckets that the product itself reads and writes, as a service: the companion's, or a real S3's."""

    objects: Objects


class LocalObjects:
    """Buckets of the companion."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def bucket(self, name: str) -> BucketFacts:
        """See `Objects.bucket`."""
        found = await self._find(name)
        return BucketFacts(found.name, found.region, found.account_id, found.policy)

    async def open(self, bucket: str, key: str, *, start: int = 0) -> OpenObject:
        """See `Objects.open`."""
        found_bucket = await self._find(bucket)

        def open_it(session: Session) -> tuple[StoredObject, list[Piece]] | None:
            found = object_store.find_object(session, found_bucket, key)
            if found is None:
                return None
            account_id = found_bucket.account_id
            pieces = content_store.find_pieces(session, account_id, found.content_id, start, found.size)
            return found, cut(pieces, start, found.size)

        try:
            opened = await self._ports.database.read(open_it)
        except DatabaseUnavailable as error:
            raise ObjectsUnavailable(str(error)) from error
        if opened is None:
            raise ObjectMissing(f"{bucket}/{key}")
        return OpenObject(_facts(opened[0]), self._octets(opened[1]))

    async def put(
        self, bucket: str, key: str, pieces: AsyncIterable[bytes], *, headers: Mapping[str, str] | None = None
    ) -> ObjectFacts:
        """See `Objects.put`. Raises `S3Error` for a key that no object can have."""
        check_key(key)
        found_bucket = await self._find(bucket)
        md5 = hashlib.md5(usedforsecurity=False)

        async def digested() -> AsyncIterator[bytes]:
            async for data in pieces:
                await beside(self._ports, len(data), partial(md5.update, data))
                yield data

        ports = self._ports
        try:
            piece = await store_payload(ports, found_bucket.account_id, digested())
            new = StoredObject(
                key,
                ports.entropy.uuid(),
                0 if piece is None else piece.size,
                md5.hexdigest(),
                ports.clock.now(),
                read_facts(headers or {}),
            )
            is_kept = await ports.database.write(
                lambda session: _keep(session, found_bucket, new, piece), turn=f"s3 {bucket}"
            )
        except (DatabaseUnavailable, BlobsUnavailable) as error:
            raise ObjectsUnavailable(str(error)) from error
        if not is_kept:
            await drop(ports, piece)
            raise BucketMissing(bucket)
        return _facts(new)

    async def _find(self, name: str) -> Bucket:
        try:
            found = await self._ports.database.read(lambda session: store.find_bucket(session, name))
        except DatabaseUnavailable as error:
            raise ObjectsUnavailable(str(error)) from error
        if found is None:
            raise BucketMissing(name)
        return found

    async def _octets(self, pieces: list[Piece]) -> AsyncGenerator[bytes, None]:
        try:
            async for data in read_pieces(self._ports, pieces):
                yield data
        except BlobsUnavailable as error:
            raise ObjectsUnavailable(str(error)) from error


def _keep(session: Session, bucket: Bucket, new: StoredObject, piece: Piece | None) -> bool:
    if not store.lock_bucket(session, bucket):
        return False
    content_store.insert_pieces(session, bucket.account_id, new.content_id, [] if piece is None else [piece])
    object_store.put_object(session, bucket, new)
    return True


def _facts(one: StoredObject) -> ObjectFacts:
    metadata = {f"x-amz-meta-{name}": value for name, value in one.facts.metadata.items()}
    return ObjectFacts(one.size, one.etag, {**one.facts.headers, **metadata})
