"""Uploads in parts: begun, filled, put together, given up.

Nothing is copied when parts become an object: their blobs become its pieces.

Refs: Amazon S3 user guide, "Uploading and copying objects using multipart upload".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from msgspec import structs

from hatobin.companions.s3 import content_store, upload_store
from hatobin.companions.s3.api_objects import find_source
from hatobin.companions.s3.api_reading import open_stretch, require_object
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.completion import complete
from hatobin.companions.s3.contents import beside, read_pieces
from hatobin.companions.s3.model import MAX_PART_NUMBER, Part, Piece, Upload, read_facts
from hatobin.companions.s3.registry import s3_operation
from hatobin.companions.s3.writing import COMPOSITE, FULL_OBJECT, hold, keep, take_body
from hatobin.ports import Session
from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.answers import document, moment
from hatobin.protocols.aws.s3.conditions import check_copy_source, find_copy_range
from hatobin.protocols.aws.s3.documents import read_parts
from hatobin.protocols.aws.s3.errors import refusal

_XML = (("Content-Type", "application/xml"),)
_DIGESTS = ("SHA1", "SHA256")


class _Updated(Protocol):
    def update(self, data: bytes, /) -> object: ...


@s3_operation("CreateMultipartUpload")
async def create_multipart_upload(call: S3Call) -> S3Answer:
    """Begin an upload in parts."""
    await call.authorize("s3:PutObject", key=call.place.key)
    algorithm, kind = _asked_checksum(call)
    now = call.ports.clock.now()
    # Ids of one key sort by their time, which is the order of lists.
    upload_id = f"{int(now * 1000):012x}{call.ports.entropy.uuid().replace('-', '')}"
    facts = structs.replace(read_facts(call.headers), checksum_algorithm=algorithm, checksum_kind=kind)
    upload = Upload(call.place.key, upload_id, now, facts)

    def begin(session: Session) -> None:
        upload_store.insert_upload(session, hold(session, call.bucket), upload)

    await call.ports.database.write(begin, turn=call.turn)
    shown = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", kind)] if algorithm else []
    body = document(
        "InitiateMultipartUploadResult",
        ("Bucket", call.bucket.name),
        ("Key", upload.key),
        ("UploadId", upload_id),
    )
    return S3Answer(200, (*_XML, *shown), body)


def _asked_checksum(call: S3Call) -> tuple[str, str]:
    """Read which checksum the upload shall have. Raises `S3Error`."""
    algorithm = call.headers.get("x-amz-checksum-algorithm", "").upper()
    kind = call.headers.get("x-amz-checksum-type", "").upper()
    if not algorithm:
        if kind:
            raise refusal(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )
        return "", ""
    if algorithm not in checksums.ALGORITHMS:
        raise refusal("InvalidRequest", "Checksum algorithm provided is unsupported.")
    # API Reference, CreateMultipartUpload: CRC64NVME is always of the whole object, the digests never are.
    kind = kind or (FULL_OBJECT if algorithm == "CRC64NVME" else COMPOSITE)
    if (algorithm == "CRC64NVME" and kind != FULL_OBJECT) or (algorithm in _DIGESTS and kind != COMPOSITE):
        raise refusal(
            "InvalidRequest",
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.",
        )
    if kind not in (FULL_OBJECT, COMPOSITE):
        raise refusal("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    return algorithm, kind


async def _find_upload(call: S3Call) -> Upload:
    """Give the upload that the request names; raises NoSuchUpload."""
    bucket, place, upload_id = call.bucket, call.place, call.query.get("uploadId", "")
    found = await call.ports.database.read(
        lambda session: upload_store.find_upload(session, bucket, place.key, upload_id)
    )
    if found is None:
        raise refusal("NoSuchUpload", UploadId=upload_id)
    return found


def _part_number(call: S3Call) -> int:
    number = call.integer("partNumber", 0, most=2**31)
    if not 1 <= number <= MAX_PART_NUMBER:
        raise refusal(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=call.query.get("partNumber", ""),
        )
    return number


@s3_operation("UploadPart")
async def upload_part(call: S3Call) -> S3Answer:
    """Store one part, in place of a former one of its number."""
    await call.authorize("s3:PutObject", key=call.place.key)
    number = _part_number(call)
    upload = await _find_upload(call)
    asked = upload.facts.checksum_algorithm
    taken = await take_body(call, algorithm=asked or None)
    received = taken.received
    checksum = received.checksum or ""
    part = Part(
        number,
        call.ports.entropy.uuid(),
        received.size,
        received.md5,
        _noted(received.algorithm, checksum),
        call.ports.clock.now(),
    )
    pieces = [] if taken.piece is None else [taken.piece]
    await keep(call, taken.piece, lambda session: _keep_part(session, call, upload, part, pieces))
    shown = [(checksums.header_name(received.algorithm), checksum)] if received.algorithm else []
    return S3Answer(200, (("ETag", f'"{part.etag}"'), *shown))


def _noted(algorithm: str | None, text: str) -> str:
    return f"{algorithm}:{text}" if algorithm and text else ""


def _keep_part(session: Session, call: S3Call, upload: Upload, part: Part, pieces: list[Piece]) -> None:
    bucket = hold(session, call.bucket)
    if upload_store.find_upload(session, bucket, upload.key, upload.upload_id) is None:
        raise refusal("NoSuchUpload", UploadId=upload.upload_id)
    content_store.insert_pieces(session, bucket.account_id, part.content_id, pieces)
    upload_store.put_part(session, bucket.account_id, upload.upload_id, part)


@s3_operation("UploadPartCopy")
async def upload_part_copy(call: S3Call) -> S3Answer:
    """Make a part of an object, or of a range of one. Its octets are read for their MD5 and not written again."""
    await call.authorize("s3:PutObject", key=call.place.key)
    number = _part_number(call)
    upload = await _find_upload(call)
    source_bucket, place = await find_source(call)
    if source_bucket.account_id != call.bucket.account_id:
        raise refusal("NotImplemented", "Copies from the bucket of another account are not implemented.")

    def open_it(session: Session) -> tuple[list[Piece], int]:
        found = require_object(session, source_bucket, place.key)
        check_copy_source(call.headers, etag=found.etag, modified_at=found.modified_at)
        text = call.headers.get("x-amz-copy-source-range")
        stretch = find_copy_range(text, found.size) if text is not None else None
        size = found.size if stretch is None else stretch.end - stretch.start
        if size > call.settings.server.max_s3_body_bytes:
            raise refusal("EntityTooLarge", ProposedSize=str(size))
        return open_stretch(session, source_bucket, found, stretch).pieces, size

    pieces, size = await call.ports.database.read(open_it)
    md5 = hashlib.md5(usedforsecurity=False)
    asked = upload.facts.checksum_algorithm
    checksum = checksums.begin(asked) if asked else None
    digests: list[_Updated] = [md5] if checksum is None else [md5, checksum]
    async for data in read_pieces(call.ports, pieces):
        await beside(call.ports, len(data), partial(_update, digests, data))
    noted = _noted(asked, checksum.text() if checksum is not None else "")
    part = Part(number, call.ports.entropy.uuid(), size, md5.hexdigest(), noted, call.ports.clock.now())
    await call.ports.database.write(lambda session: _keep_part(session, call, upload, part, pieces), turn=call.turn)
    body = document("CopyPartResult", ("LastModified", moment(part.modified_at)), ("ETag", f'"{part.etag}"'))
    return S3Answer(200, _XML, body)


def _update(digests: Sequence[_Updated], data: bytes) -> None:
    for digest in digests:
        digest.update(data)


@s3_operation("CompleteMultipartUpload")
async def complete_multipart_upload(call: S3Call) -> S3Answer:
    """Make one object of the parts that are named; those that are not are given up."""
    await call.authorize("s3:PutObject", key=call.place.key)
    named = read_parts(await call.body.document(is_described=False))
    made = await complete(call, named)
    checksum = made.facts.checksum
    shown = (
        [] if checksum is None else [(f"Checksum{checksum.algorithm}", checksum.text), ("ChecksumType", checksum.kind)]
    )
    body = document(
        "CompleteMultipartUploadResult",
        ("Location", f"/{call.bucket.name}/{made.key}"),
        ("Bucket", call.bucket.name),
        ("Key", made.key),
        ("ETag", f'"{made.etag}"'),
        *shown,
    )
    return S3Answer(200, _XML, body)


@s3_operation("AbortMultipartUpload")
async def abort_multipart_upload(call: S3Call) -> S3Answer:
    """Give an upload up, with all its parts."""
    await call.authorize("s3:AbortMultipartUpload", key=call.place.key)
    bucket, key, upload_id = call.bucket, call.place.key, call.query.get("uploadId", "")
    now = call.ports.clock.now()

    def abort(session: Session) -> None:
        found = upload_store.find_upload(session, hold(session, bucket), key, upload_id)
        if found is None:
            raise refusal("NoSuchUpload", UploadId=upload_id)
        upload_store.abort_upload(session, bucket, found, now=now)

    await call.ports.database.write(abort, turn=call.turn)
    return S3Answer(204)
