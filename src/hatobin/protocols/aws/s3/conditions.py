"""Conditions and ranges of a request for an object.

Refs: RFC 9110 §13.2.2 (order of preconditions), §14.1.2 (byte ranges); Amazon S3
API Reference, GetObject (which of two conditions wins), PutObject.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from msgspec import Struct

from hatobin.protocols.aws.s3.errors import refusal

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


class Stretch(Struct, frozen=True):
    """Octets from `start` up to before `end`."""

    start: int
    end: int


def is_not_modified(headers: Mapping[str, str], *, etag: str, modified_at: float) -> bool:
    """Say whether a read is answered 304. Raises `S3Error` (PreconditionFailed) where it is answered 412.

    `etag` is without quotation marks. Of two conditions of one kind the tag decides.
    """
    _check(headers, "if-match", "if-unmodified-since", etag=etag, modified_at=modified_at)
    none_match = headers.get("if-none-match")
    if none_match is not None:
        return _matches(none_match, etag)
    since = _moment(headers.get("if-modified-since"))
    return since is not None and int(modified_at) <= since


def check_copy_source(headers: Mapping[str, str], *, etag: str, modified_at: float) -> None:
    """Raise `S3Error` (PreconditionFailed) unless `x-amz-copy-source-if-…` hold of the source."""
    prefix = "x-amz-copy-source-"
    given = {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(f"{prefix}if-")}
    if is_not_modified(given, etag=etag, modified_at=modified_at):
        raise refusal("PreconditionFailed", Condition="x-amz-copy-source-If-None-Match")


def check_write(headers: Mapping[str, str], *, etag: str | None) -> None:
    """Raise `S3Error` unless `If-Match` and `If-None-Match: *` hold of what stands under the key now, if anything."""
    none_match, match = headers.get("if-none-match"), headers.get("if-match")
    if none_match is not None:
        if none_match.strip() != "*":
            raise refusal(
                "NotImplemented", Header="If-None-Match", additionalMessage="We don't accept the provided value"
            )
        if etag is not None:
            raise refusal("PreconditionFailed", Condition="If-None-Match")
    if match is not None:
        if etag is None:
            raise refusal("NoSuchKey")
        if not _matches(match, etag):
            raise refusal("PreconditionFailed", Condition="If-Match")


def find_range(text: str | None, size: int) -> Stretch | None:
    """Read a `Range` header for an object of `size` octets; None where all of it is meant.

    Raises `S3Error` (InvalidRange) for a range behind the end. Several ranges, and what is no range of octets, are
    ignored (RFC 9110 §14.2), as S3 does.
    """
    match = _RANGE.match((text or "").strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= size or (not match[1] and not int(match[2])):
        raise refusal("InvalidRange", RangeRequested=text or "", ActualObjectSize=str(size))
    return Stretch(start, end)


def find_copy_range(text: str, size: int) -> Stretch:
    """Read `x-amz-copy-source-range`, which must lie in the source. Raises `S3Error`."""
    match = _RANGE.match(text.strip())
    if match is None or not (match[1] and match[2]) or int(match[2]) < int(match[1]):
        raise refusal(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=text,
        )
    if int(match[2]) >= size:
        raise refusal("InvalidArgument", f"Range specified is not valid for source object of size: {size}")
    return Stretch(int(match[1]), int(match[2]) + 1)


def _check(headers: Mapping[str, str], tag_name: str, date_name: str, *, etag: str, modified_at: float) -> None:
    match = headers.get(tag_name)
    if match is not None:
        if not _matches(match, etag):
            raise refusal("PreconditionFailed", Condition="If-Match")
        return
    since = _moment(headers.get(date_name))
    if since is not None and int(modified_at) > since:
        raise refusal("PreconditionFailed", Condition="If-Unmodified-Since")


def _matches(text: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in text.split(",")]
    return "*" in tags or etag in tags


def _moment(text: str | None) -> float | None:
    """Read an HTTP date; one that cannot be read is ignored (RFC 9110 §13.1.3)."""
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
