"""Parts become an object."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from hatobin.companions.s3 import content_store, object_store, upload_store
from hatobin.companions.s3.call import S3Call
from hatobin.companions.s3.model import (
    MAX_OBJECT_OCTETS,
    MIN_PART_OCTETS,
    ObjectChecksum,
    Part,
    StoredObject,
    Upload,
    etag_of_parts,
)
from hatobin.companions.s3.writing import COMPOSITE, hold, replace_object
from hatobin.ports import Session
from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.documents import NamedPart
from hatobin.protocols.aws.s3.errors import S3Error, refusal


async def complete(call: S3Call, named: Sequence[NamedPart]) -> StoredObject:
    """Let the named parts stand as one object, in one transaction. Raises `S3Error`.

    Asked a second time, because the first answer was lost, it gives the same object.
    """
    key, upload_id = call.place.key, call.query.get("uploadId", "")
    content_id, now = call.ports.entropy.uuid(), call.ports.clock.now()

    def put_together(session: Session) -> StoredObject:
        bucket = hold(session, call.bucket)
        upload = upload_store.find_upload(session, bucket, key, upload_id)
        if upload is None:
            return _made_before(object_store.find_object(session, bucket, key), upload_id)
        kept = upload_store.end_upload(session, bucket, upload)
        parts = _chosen(kept, named, upload)
        size = sum(part.size for part in parts)
        _check_size(call, size)
        checksum = _whole_checksum(call, upload, parts)
        facts = structs.replace(
            upload.facts, checksum=checksum, upload_id=upload_id, checksum_algorithm="", checksum_kind=""
        )
        new = StoredObject(key, content_id, size, etag_of_parts(parts), now, facts)
        replace_object(session, call, new, [])
        place = 0
        for part in parts:
            content_store.move_content(session, bucket.account_id, part.content_id, content_id, place)
            place += part.size
        chosen = {part.number for part in parts}
        for part in kept:
            if part.number not in chosen:
                content_store.retire_content(session, bucket.account_id, part.content_id, now=now)
        return new

    return await call.ports.database.write(put_together, turn=call.turn)


def _made_before(found: StoredObject | None, upload_id: str) -> StoredObject:
    if found is None or not upload_id or found.facts.upload_id != upload_id:
        raise refusal("NoSuchUpload", UploadId=upload_id)
    return found


def _chosen(kept: Sequence[Part], named: Sequence[NamedPart], upload: Upload) -> list[Part]:
    """Give the parts that are named, each as it was named. Raises `S3Error`."""
    by_number = {part.number: part for part in kept}
    parts: list[Part] = []
    for one in named:
        part = by_number.get(one.number)
        if part is None or part.etag != one.etag or not _has_checksum(part, one):
            raise _invalid_part(upload, one)
        parts.append(part)
    for part in parts[:-1]:
        if part.size < MIN_PART_OCTETS:
            raise refusal(
                "EntityTooSmall",
                ETag=part.etag,
                MinSizeAllowed=str(MIN_PART_OCTETS),
                ProposedSize=str(part.size),
                PartNumber=str(part.number),
            )
    return parts


def _has_checksum(part: Part, named: NamedPart) -> bool:
    return named.checksum is None or not part.checksum or part.checksum == ":".join(named.checksum)


def _invalid_part(upload: Upload, named: NamedPart) -> S3Error:
    return refusal("InvalidPart", UploadId=upload.upload_id, PartNumber=str(named.number), ETag=named.etag)


def _check_size(call: S3Call, size: int) -> None:
    if size > MAX_OBJECT_OCTETS:
        raise refusal("EntityTooLarge", ProposedSize=str(size), MaxSizeAllowed=str(MAX_OBJECT_OCTETS))
    expected = call.headers.get("x-amz-mp-object-size")
    if expected is not None and expected != str(size):
        raise refusal(
            "InvalidRequest",
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}",
        )


def _whole_checksum(call: S3Call, upload: Upload, parts: Sequence[Part]) -> ObjectChecksum | None:
    """Give the object's checksum from its parts', and hold it against what the client says. Raises `S3Error`."""
    algorithm, kind = upload.facts.checksum_algorithm, upload.facts.checksum_kind
    if not algorithm:
        return None
    texts = [part.checksum.partition(":")[2] for part in parts]
    if kind == COMPOSITE:
        text = f"{checksums.composite(algorithm, texts)}-{len(parts)}"
    else:
        text = checksums.full_object(algorithm, [(one, part.size) for one, part in zip(texts, parts, strict=True)])
    stated = call.headers.get(checksums.header_name(algorithm))
    if stated is not None and stated not in (text, text.partition("-")[0]):
        raise refusal("BadDigest", f"The {algorithm.lower()} you specified did not match the calculated checksum.")
    return ObjectChecksum(algorithm, text, kind)
