"""Lists of what is in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from hatobin.companions.s3 import object_store
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.model import Bucket, StoredObject, owner_id
from hatobin.companions.s3.paging import (
    MAX_ENTRIES,
    Page,
    Start,
    Wanted,
    decode_token,
    encode_token,
    find_page,
    url_form,
)
from hatobin.companions.s3.registry import s3_operation
from hatobin.ports import Session
from hatobin.protocols.aws.s3.answers import Element, document, moment
from hatobin.protocols.aws.s3.errors import refusal


@s3_operation("ListObjectsV2")
async def list_objects_v2(call: S3Call) -> S3Answer:
    """Give keys in the order of their octets, a page at a time, by continuation token."""
    asked = await _asked(call)
    token, start_after = call.query.get("continuation-token"), call.query.get("start-after", "")
    after = decode_token(token) if token is not None else start_after
    page = await _page(call, asked, after)
    owner = call.bucket.account_id if call.query.get("fetch-owner", "").lower() == "true" else None
    body = document(
        "ListBucketResult",
        ("Name", call.bucket.name),
        ("Prefix", asked.shown(asked.prefix)),
        ("Delimiter", asked.shown(asked.delimiter) if asked.delimiter else None),
        ("StartAfter", asked.shown(start_after) if start_after else None),
        ("ContinuationToken", token),
        ("NextContinuationToken", encode_token(page.last.key) if page.last is not None else None),
        ("KeyCount", len(page.items) + len(page.prefixes)),
        ("MaxKeys", asked.limit),
        ("EncodingType", asked.encoding),
        ("IsTruncated", page.last is not None),
        *_contents(page, asked, owner),
    )
    return S3Answer(200, (("Content-Type", "application/xml"),), body)


@s3_operation("ListObjects")
async def list_objects(call: S3Call) -> S3Answer:
    """Give keys as the first version of the list does: by marker."""
    asked = await _asked(call)
    marker = call.query.get("marker", "")
    page = await _page(call, asked, marker)
    # Without a delimiter the last key is the next marker (API Reference, ListObjects).
    next_marker = asked.shown(page.last.key) if page.last is not None and asked.delimiter else None
    body = document(
        "ListBucketResult",
        ("Name", call.bucket.name),
        ("Prefix", asked.shown(asked.prefix)),
        ("Marker", asked.shown(marker)),
        ("NextMarker", next_marker),
        ("MaxKeys", asked.limit),
        ("Delimiter", asked.shown(asked.delimiter) if asked.delimiter else None),
        ("EncodingType", asked.encoding),
        ("IsTruncated", page.last is not None),
        *_contents(page, asked, call.bucket.account_id),
    )
    return S3Answer(200, (("Content-Type", "application/xml"),), body)


class Asked(Struct, frozen=True):
    """What every list is asked for."""

    prefix: str
    delimiter: str
    limit: int
    encoding: str | None

    @property
    def shown(self) -> Callable[[str], str]:
        """How keys are written."""
        return url_form if self.encoding == "url" else str


def read_asked(call: S3Call, limit_name: str) -> Asked:
    """Read the parameters that lists of keys and of uploads share. Raises `S3Error`."""
    encoding = call.query.get("encoding-type") or None
    if encoding not in (None, "url"):
        raise refusal(
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            ArgumentName="encoding-type",
            ArgumentValue=encoding,
        )
    limit = call.integer(limit_name, MAX_ENTRIES, most=MAX_ENTRIES)
    return Asked(call.query.get("prefix", ""), call.query.get("delimiter", ""), limit, encoding)


def common_prefixes(prefixes: Sequence[str], asked: Asked) -> list[Element]:
    """Write the common prefixes of a page."""
    return [("CommonPrefixes", [("Prefix", asked.shown(prefix))]) for prefix in prefixes]


async def _asked(call: S3Call) -> Asked:
    await call.authorize("s3:ListBucket")
    return read_asked(call, "max-keys")


async def _page(call: S3Call, asked: Asked, after: str) -> Page[StoredObject]:
    wanted = Wanted(asked.prefix, asked.delimiter, after, "", asked.limit)
    bucket = call.bucket
    return await call.ports.database.read(lambda session: _find(session, bucket, wanted))


def _find(session: Session, bucket: Bucket, wanted: Wanted) -> Page[StoredObject]:
    def fetch(start: Start, limit: int) -> list[tuple[str, str, StoredObject]]:
        found = object_store.list_objects(
            session, bucket, low=start.key, takes_low=start.takes_it, high=wanted.end, limit=limit
        )
        return [(one.key, "", one) for one in found]

    return find_page(fetch, wanted)


def _contents(page: Page[StoredObject], asked: Asked, owner: str | None) -> list[Element]:
    found: list[Element] = []
    for one in page.items:
        checksum = one.facts.checksum
        elements: list[Element] = [
            ("Key", asked.shown(one.key)),
            ("LastModified", moment(one.modified_at)),
            ("ETag", f'"{one.etag}"'),
            ("ChecksumAlgorithm", checksum.algorithm if checksum is not None else None),
            ("ChecksumType", checksum.kind if checksum is not None else None),
            ("Size", one.size),
            ("Owner", [("ID", owner_id(owner))] if owner is not None else None),
            ("StorageClass", "STANDARD"),
        ]
        found.append(("Contents", elements))
    return [*found, *common_prefixes(page.prefixes, asked)]
