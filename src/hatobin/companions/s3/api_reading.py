"""Objects read: whole, a range, or their headers alone."""

from __future__ import annotations

from msgspec import Struct

from hatobin.companions.s3 import content_store, object_store
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.contents import cut, read_pieces
from hatobin.companions.s3.headers import object_headers
from hatobin.companions.s3.model import Bucket, Piece, StoredObject
from hatobin.companions.s3.registry import s3_operation
from hatobin.ports import Session
from hatobin.protocols.aws.s3.conditions import Stretch, find_range, is_not_modified
from hatobin.protocols.aws.s3.errors import refusal


class Opened(Struct, frozen=True):
    """An object as it stood at one moment, the stretch that is wanted of it, and where that lies."""

    found: StoredObject
    stretch: Stretch | None
    pieces: list[Piece]


@s3_operation("GetObject")
async def get_object(call: S3Call) -> S3Answer:
    """Give an object, or a range of it, in pieces; conditions are answered 304 and 412."""
    await call.authorize("s3:GetObject", key=call.place.key)
    bucket, key = call.bucket, call.place.key

    def open_it(session: Session) -> Opened | StoredObject:
        found = require_object(session, bucket, key)
        if is_not_modified(call.headers, etag=found.etag, modified_at=found.modified_at):
            return found
        stretch = find_range(call.headers.get("range"), found.size)
        return open_stretch(session, bucket, found, stretch)

    opened = await call.ports.database.read(open_it)
    if isinstance(opened, StoredObject):
        return _not_modified(opened)
    shows_checksum = call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and opened.stretch is None
    headers = object_headers(opened.found, query=call.query, shows_checksum=shows_checksum)
    size = opened.found.size
    status, length = 200, size
    if opened.stretch is not None:
        status, length = 206, opened.stretch.end - opened.stretch.start
        headers.append(("Content-Range", f"bytes {opened.stretch.start}-{opened.stretch.end - 1}/{size}"))
    return S3Answer(status, tuple(headers), read_pieces(call.ports, opened.pieces), length)


@s3_operation("HeadObject")
async def head_object(call: S3Call) -> S3Answer:
    """Give what GetObject would say before the octets."""
    await call.authorize("s3:GetObject", key=call.place.key)
    bucket, key = call.bucket, call.place.key
    found = await call.ports.database.read(lambda session: require_object(session, bucket, key))
    if is_not_modified(call.headers, etag=found.etag, modified_at=found.modified_at):
        return _not_modified(found)
    stretch = find_range(call.headers.get("range"), found.size)
    shows_checksum = call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and stretch is None
    headers = object_headers(found, query=call.query, shows_checksum=shows_checksum)
    if stretch is None:
        return S3Answer(200, tuple(headers), length=found.size)
    headers.append(("Content-Range", f"bytes {stretch.start}-{stretch.end - 1}/{found.size}"))
    return S3Answer(206, tuple(headers), length=stretch.end - stretch.start)


def require_object(session: Session, bucket: Bucket, key: str) -> StoredObject:
    """Give what stands under a key; raises NoSuchKey."""
    found = object_store.find_object(session, bucket, key)
    if found is None:
        raise refusal("NoSuchKey", Key=key)
    return found


def open_stretch(session: Session, bucket: Bucket, found: StoredObject, stretch: Stretch | None) -> Opened:
    """Find where a stretch of an object lies, or all of it."""
    wanted = stretch or Stretch(0, found.size)
    pieces = content_store.find_pieces(session, bucket.account_id, found.content_id, wanted.start, wanted.end)
    return Opened(found, stretch, cut(pieces, wanted.start, wanted.end))


def _not_modified(found: StoredObject) -> S3Answer:
    shown = object_headers(found, query={}, shows_checksum=False)
    # RFC 9110 §15.4.5: what a cache needs to know, and nothing about a body.
    kept = ("ETag", "Last-Modified", "Cache-Control", "Expires")
    return S3Answer(304, tuple((name, value) for name, value in shown if name in kept))
