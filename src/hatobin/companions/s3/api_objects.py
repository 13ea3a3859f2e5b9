"""Objects put, copied and deleted."""

from __future__ import annotations

from msgspec import Struct, structs

from hatobin.companions.s3 import content_store, object_store, store
from hatobin.companions.s3.api_reading import require_object
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.headers import check_owner, checksum_headers
from hatobin.companions.s3.model import Bucket, Facts, Piece, StoredObject, read_facts
from hatobin.companions.s3.registry import s3_operation
from hatobin.companions.s3.writing import hold, keep, replace_object, take_body, whole_checksum
from hatobin.ports import Session
from hatobin.protocols.aws.s3.addressing import Place, check_key, copy_source
from hatobin.protocols.aws.s3.answers import Element, document, moment
from hatobin.protocols.aws.s3.conditions import check_copy_source, check_write
from hatobin.protocols.aws.s3.documents import read_deletion
from hatobin.protocols.aws.s3.errors import S3Error, refusal

_XML = (("Content-Type", "application/xml"),)
MAX_COPIED_OCTETS = 5 * 1024**3
"""What CopyObject copies at most (API Reference, CopyObject)."""


@s3_operation("PutObject")
async def put_object(call: S3Call) -> S3Answer:
    """Store the body under a key: 200 once octets and row are durable."""
    await call.authorize("s3:PutObject", key=call.place.key)
    facts = read_facts(call.headers)
    taken = await take_body(call)
    checksum = whole_checksum(taken.received)
    new = StoredObject(
        key=call.place.key,
        content_id=call.ports.entropy.uuid(),
        size=taken.received.size,
        etag=taken.received.md5,
        modified_at=call.ports.clock.now(),
        facts=structs.replace(facts, checksum=checksum),
    )
    pieces = [] if taken.piece is None else [taken.piece]
    await keep(call, taken.piece, lambda session: replace_object(session, call, new, pieces))
    shown = checksum_headers(checksum) if checksum is not None else []
    return S3Answer(200, (("ETag", f'"{new.etag}"'), *shown))


class Source(Struct, frozen=True):
    """What is copied, and from where."""

    bucket: Bucket
    found: StoredObject
    pieces: list[Piece]


async def find_source(call: S3Call) -> tuple[Bucket, Place]:
    """Find the bucket that a copy comes from, and whether the caller may read there. Raises `S3Error`."""
    place = copy_source(call.headers["x-amz-copy-source"])
    bucket = await call.ports.database.read(lambda session: store.find_bucket(session, place.bucket))
    if bucket is None:
        raise refusal("NoSuchBucket", BucketName=place.bucket)
    await call.authorize("s3:GetObject", bucket=bucket, key=place.key)
    check_owner(call.headers, bucket.account_id, of_source=True)
    return bucket, place


@s3_operation("CopyObject")
async def copy_object(call: S3Call) -> S3Answer:
    """Let an object stand under a second key. No octet is copied: both refer to the same blobs.

    Deviates: the copy of an object that was made from parts keeps its ETag.
    """
    await call.authorize("s3:PutObject", key=call.place.key)
    source_bucket, place = await find_source(call)
    replaces = _replaces_metadata(call, place)
    if source_bucket.account_id != call.bucket.account_id:
        raise refusal("NotImplemented", "Copies from the bucket of another account are not implemented.")
    given, now, content_id = read_facts(call.headers), call.ports.clock.now(), call.ports.entropy.uuid()

    def copy(session: Session) -> StoredObject:
        hold(session, call.bucket)
        found = require_object(session, source_bucket, place.key)
        check_copy_source(call.headers, etag=found.etag, modified_at=found.modified_at)
        if found.size > MAX_COPIED_OCTETS:
            raise refusal(
                "InvalidRequest",
                f"The specified copy source is larger than the maximum allowable size for a copy source: "
                f"{MAX_COPIED_OCTETS}",
            )
        facts = found.facts
        if replaces:
            facts = structs.replace(facts, headers=given.headers, metadata=given.metadata)
        new = StoredObject(call.place.key, content_id, found.size, found.etag, now, _without_upload(facts))
        pieces = content_store.find_pieces(session, source_bucket.account_id, found.content_id, 0, found.size)
        replace_object(session, call, new, pieces)
        return new

    made = await call.ports.database.write(copy, turn=call.turn)
    checksum = made.facts.checksum
    body = document(
        "CopyObjectResult",
        ("LastModified", moment(made.modified_at)),
        ("ETag", f'"{made.etag}"'),
        ("ChecksumType", checksum.kind if checksum is not None else None),
        (
            f"Checksum{checksum.algorithm}" if checksum is not None else "",
            checksum.text if checksum is not None else None,
        ),
    )
    return S3Answer(200, _XML, body)


def _replaces_metadata(call: S3Call, source: Place) -> bool:
    directive = call.headers.get("x-amz-metadata-directive", "COPY")
    if directive not in ("COPY", "REPLACE"):
        raise refusal("InvalidArgument", "Unknown metadata directive.", ArgumentName="x-amz-metadata-directive")
    if directive == "COPY" and source == call.place:
        raise refusal(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
        )
    return directive == "REPLACE"


def _without_upload(facts: Facts) -> Facts:
    return structs.replace(facts, upload_id="")


@s3_operation("DeleteObject")
async def delete_object(call: S3Call) -> S3Answer:
    """Remove what stands under a key; that nothing stands there is fine."""
    await call.authorize("s3:DeleteObject", key=call.place.key)
    now, match = call.ports.clock.now(), call.headers.get("if-match")
    await call.ports.database.write(lambda session: _delete(session, call, call.place.key, match, now), turn=call.turn)
    return S3Answer(204)


def _delete(session: Session, call: S3Call, key: str, match: str | None, now: float) -> None:
    bucket = hold(session, call.bucket)
    if match is not None:
        former = object_store.find_object(session, bucket, key)
        check_write({"if-match": match}, etag=None if former is None else former.etag)
    object_store.delete_object(session, bucket, key, now=now)


@s3_operation("DeleteObjects")
async def delete_objects(call: S3Call) -> S3Answer:
    """Remove up to a thousand objects in one transaction; each one's outcome is said."""
    if not any(name == "content-md5" or name.startswith("x-amz-checksum-") for name in call.headers) and (
        "x-amz-trailer" not in call.headers
    ):
        raise refusal("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    deletion = read_deletion(await call.body.document())
    allowed: list[tuple[str, str | None]] = []
    errors: list[Element] = []
    for key, etag in deletion.keys:
        try:
            check_key(key)
            await call.authorize("s3:DeleteObject", key=key)
        except S3Error as error:
            errors.append(_failed(key, error))
        else:
            allowed.append((key, etag))
    now = call.ports.clock.now()
    refused = await call.ports.database.write(lambda session: _delete_all(session, call, allowed, now), turn=call.turn)
    errors += [_failed(key, error) for key, error in refused.items()]
    deleted: list[Element] = [
        ("Deleted", [("Key", key)]) for key, _ in allowed if key not in refused and not deletion.is_quiet
    ]
    return S3Answer(200, _XML, document("DeleteResult", *deleted, *errors))


def _delete_all(session: Session, call: S3Call, wanted: list[tuple[str, str | None]], now: float) -> dict[str, S3Error]:
    refused: dict[str, S3Error] = {}
    for key, etag in wanted:
        try:
            _delete(session, call, key, etag, now)
        except S3Error as error:
            if error.code == "NoSuchBucket":
                raise
            refused[key] = error
    return refused


def _failed(key: str, error: S3Error) -> Element:
    return ("Error", [("Key", key), ("Code", error.code), ("Message", error.message)])
