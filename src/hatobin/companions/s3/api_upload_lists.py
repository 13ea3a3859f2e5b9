"""Lists of uploads under way, and of their parts."""

from __future__ import annotations

from hatobin.companions.s3 import upload_store
from hatobin.companions.s3.api_listing import common_prefixes, read_asked
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.model import Part, Upload, owner_id
from hatobin.companions.s3.paging import MAX_ENTRIES, Page, Start, Wanted, find_page
from hatobin.companions.s3.registry import s3_operation
from hatobin.ports import Session
from hatobin.protocols.aws.s3.answers import Element, document, moment
from hatobin.protocols.aws.s3.errors import refusal

_XML = (("Content-Type", "application/xml"),)


@s3_operation("ListMultipartUploads")
async def list_multipart_uploads(call: S3Call) -> S3Answer:
    """Give the uploads under way, in the order of their keys and then of their times."""
    await call.authorize("s3:ListBucketMultipartUploads")
    asked = read_asked(call, "max-uploads")
    key_marker = call.query.get("key-marker", "")
    # An id without a key says nothing (API Reference, ListMultipartUploads); a key alone means: behind all of its.
    id_marker = call.query.get("upload-id-marker", "") if key_marker else ""
    wanted = Wanted(asked.prefix, asked.delimiter, key_marker, id_marker or "~", asked.limit)
    bucket = call.bucket

    def find(session: Session) -> Page[Upload]:
        def fetch(start: Start, limit: int) -> list[tuple[str, str, Upload]]:
            found = upload_store.list_uploads(
                session, bucket, low=start.key, low_id=start.id, takes_low=start.takes_it, high=wanted.end, limit=limit
            )
            return [(one.key, one.upload_id, one) for one in found]

        return find_page(fetch, wanted)

    page = await call.ports.database.read(find)
    last = page.last
    uploads: list[Element] = [("Upload", _upload(call, one, asked.shown(one.key))) for one in page.items]
    body = document(
        "ListMultipartUploadsResult",
        ("Bucket", bucket.name),
        ("KeyMarker", asked.shown(key_marker)),
        ("UploadIdMarker", id_marker),
        ("NextKeyMarker", asked.shown(last.key) if last is not None else None),
        ("NextUploadIdMarker", last.id if last is not None else None),
        ("Prefix", asked.shown(asked.prefix)),
        ("Delimiter", asked.shown(asked.delimiter) if asked.delimiter else None),
        ("EncodingType", asked.encoding),
        ("MaxUploads", asked.limit),
        ("IsTruncated", last is not None),
        *uploads,
        *common_prefixes(page.prefixes, asked),
    )
    return S3Answer(200, _XML, body)


def _upload(call: S3Call, one: Upload, shown_key: str) -> list[Element]:
    owner: list[Element] = [("ID", owner_id(call.bucket.account_id))]
    return [
        ("Key", shown_key),
        ("UploadId", one.upload_id),
        ("Initiator", owner),
        ("Owner", owner),
        ("StorageClass", "STANDARD"),
        ("Initiated", moment(one.begun_at)),
        ("ChecksumAlgorithm", one.facts.checksum_algorithm or None),
        ("ChecksumType", one.facts.checksum_kind or None),
    ]


@s3_operation("ListParts")
async def list_parts(call: S3Call) -> S3Answer:
    """Give the parts of an upload in the order of their numbers."""
    await call.authorize("s3:ListMultipartUploadParts", key=call.place.key)
    bucket, place, upload_id = call.bucket, call.place, call.query.get("uploadId", "")
    after = call.integer("part-number-marker", 0, most=2**31 - 1)
    limit = call.integer("max-parts", MAX_ENTRIES, most=MAX_ENTRIES)

    def find(session: Session) -> tuple[Upload, list[Part]]:
        upload = upload_store.find_upload(session, bucket, place.key, upload_id)
        if upload is None:
            raise refusal("NoSuchUpload", UploadId=upload_id)
        return upload, upload_store.list_parts(session, bucket.account_id, upload_id, after=after, limit=limit + 1)

    upload, found = await call.ports.database.read(find)
    shown = found[:limit]
    owner: list[Element] = [("ID", owner_id(bucket.account_id))]
    parts: list[Element] = [("Part", _part(part)) for part in shown]
    body = document(
        "ListPartsResult",
        ("Bucket", bucket.name),
        ("Key", place.key),
        ("UploadId", upload_id),
        ("PartNumberMarker", after),
        ("NextPartNumberMarker", shown[-1].number if shown else after),
        ("MaxParts", limit),
        ("IsTruncated", len(found) > limit),
        *parts,
        ("Initiator", owner),
        ("Owner", owner),
        ("StorageClass", "STANDARD"),
        ("ChecksumAlgorithm", upload.facts.checksum_algorithm or None),
        ("ChecksumType", upload.facts.checksum_kind or None),
    )
    return S3Answer(200, _XML, body)


def _part(part: Part) -> list[Element]:
    algorithm, _, text = part.checksum.partition(":")
    elements: list[Element] = [
        ("PartNumber", part.number),
        ("LastModified", moment(part.modified_at)),
        ("ETag", f'"{part.etag}"'),
        ("Size", part.size),
    ]
    return [*elements, (f"Checksum{algorithm}", text)] if algorithm else elements
