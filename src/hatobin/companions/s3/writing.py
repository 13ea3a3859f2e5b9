"""Objects come to stand under their keys: the one transaction that every way of making one ends in.

The octets are durable in blobs before it; only then does a row name them, and
only after its commit is anything acknowledged. A crash in between leaves a
blob that upkeep finds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from hatobin.companions.s3 import content_store, object_store, store
from hatobin.companions.s3.call import S3Call
from hatobin.companions.s3.contents import drop, store_payload
from hatobin.companions.s3.model import Bucket, ObjectChecksum, Piece, StoredObject
from hatobin.ports import Session
from hatobin.protocols.aws.s3.conditions import check_write
from hatobin.protocols.aws.s3.errors import refusal
from hatobin.protocols.aws.s3.inflow import Received
from hatobin.words.errors import CallerError

FULL_OBJECT = "FULL_OBJECT"
COMPOSITE = "COMPOSITE"


class Taken(Struct, frozen=True):
    """A body that is durable in a blob, or was empty, and what it is."""

    piece: Piece | None
    received: Received


async def take_body(call: S3Call, *, algorithm: str | None = None) -> Taken:
    """Read the request's body into a blob. Raises `S3Error` for a body that is not what its head says.

    `algorithm` is the checksum that it must have; where the client gave none it is computed.
    """
    inflow = call.body.begin(algorithm=algorithm)
    if algorithm is not None and inflow.algorithm != algorithm:
        raise refusal(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.lower()}, actual checksum Type: "
            f"{(inflow.algorithm or 'null').lower()}",
        )
    limit = call.settings.server.max_s3_body_bytes
    if inflow.size > limit:
        raise refusal("EntityTooLarge", ProposedSize=str(inflow.size), MaxSizeAllowed=str(limit))
    ended: list[Received] = []

    async def payload() -> AsyncIterator[bytes]:
        async for data in call.body.payload():
            yield data
        # Before the blob is committed: what is wrong never becomes one.
        ended.append(call.body.received())

    piece = await store_payload(call.ports, call.bucket.account_id, payload())
    return Taken(piece, ended[0])


async def keep(call: S3Call, piece: Piece | None, work: Callable[[Session], None]) -> None:
    """Run the transaction that names a blob. When it refuses, the blob is deleted at once."""
    try:
        await call.ports.database.write(work, turn=call.turn)
    except CallerError:
        await drop(call.ports, piece)
        raise


def replace_object(session: Session, call: S3Call, new: StoredObject, pieces: list[Piece]) -> None:
    """Let an object stand under its key, if the request's conditions hold. Raises `S3Error`."""
    bucket = hold(session, call.bucket)
    former = object_store.find_object(session, bucket, new.key)
    check_write(call.headers, etag=None if former is None else former.etag)
    content_store.insert_pieces(session, bucket.account_id, new.content_id, pieces)
    object_store.put_object(session, bucket, new)


def hold(session: Session, bucket: Bucket) -> Bucket:
    """Hold a bucket until the end of the transaction; raises NoSuchBucket when it is gone meanwhile."""
    if not store.lock_bucket(session, bucket):
        raise refusal("NoSuchBucket", BucketName=bucket.name)
    return bucket


def whole_checksum(received: Received) -> ObjectChecksum | None:
    """Give the checksum that a body came with."""
    if received.algorithm is None or received.checksum is None:
        return None
    return ObjectChecksum(received.algorithm, received.checksum, FULL_OBJECT)
