"""Headers of requests that are no part of an object, and headers of answers that are.

What a request asks for beyond what is served is refused and never dropped:
who asks for encryption with a key shall not be told that it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate

from hatobin.companions.s3.model import DEFAULT_CONTENT_TYPE, ObjectChecksum, StoredObject
from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.errors import refusal

# Beginnings of headers whose meaning is not served, whatever their value.
_NOT_SERVED = (
    "x-amz-server-side-encryption",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-grant-",
    "x-amz-object-lock-",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
    "x-amz-bucket-namespace",
)
# Headers of which some values mean what is served anyway.
_SERVED_VALUES: Mapping[str, frozenset[str]] = {
    "x-amz-storage-class": frozenset({"STANDARD"}),
    "x-amz-object-ownership": frozenset({"BucketOwnerEnforced"}),
    "x-amz-bucket-object-lock-enabled": frozenset({"false", "False"}),
    "x-amz-tagging-directive": frozenset({"COPY"}),
    "x-amz-server-side-encryption-bucket-key-enabled": frozenset({"false"}),
}
_SERVED_ACLS = frozenset({"private", "bucket-owner-full-control", "bucket-owner-read"})
_OVERRIDES = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise `S3Error` for a header that asks for what is not served."""
    for name, value in headers.items():
        if name in _SERVED_VALUES:
            if value not in _SERVED_VALUES[name]:
                raise refusal("NotImplemented", Header=name, additionalMessage=value)
        elif name == "x-amz-acl":
            if value not in _SERVED_ACLS:
                raise refusal("AccessControlListNotSupported")
        elif name.startswith(_NOT_SERVED):
            raise refusal("NotImplemented", Header=name)


def check_owner(headers: Mapping[str, str], account_id: str, *, of_source: bool = False) -> None:
    """Raise AccessDenied when the request expects the bucket to be somebody else's."""
    name = "x-amz-source-expected-bucket-owner" if of_source else "x-amz-expected-bucket-owner"
    if headers.get(name, account_id) != account_id:
        raise refusal("AccessDenied")


def http_date(at: float) -> str:
    """Write a moment as HTTP does (RFC 9110 §5.6.7)."""
    return formatdate(int(at), usegmt=True)


def object_headers(one: StoredObject, *, query: Mapping[str, str], shows_checksum: bool) -> list[tuple[str, str]]:
    """Give the headers of an answer that shows an object; `query` may override some. Raises `S3Error`."""
    kept = {"content-type": DEFAULT_CONTENT_TYPE, **one.facts.headers}
    for name in _OVERRIDES:
        override = query.get(f"response-{name}")
        if override is not None:
            kept[name] = check_value(f"response-{name}", override)
    headers = [
        ("Last-Modified", http_date(one.modified_at)),
        ("ETag", f'"{one.etag}"'),
        ("Accept-Ranges", "bytes"),
        *((_titled(name), value) for name, value in kept.items()),
        *((f"x-amz-meta-{name}", value) for name, value in one.facts.metadata.items()),
    ]
    if shows_checksum and one.facts.checksum is not None:
        headers += checksum_headers(one.facts.checksum)
    return headers


def checksum_headers(checksum: ObjectChecksum) -> list[tuple[str, str]]:
    """Give the headers that show a checksum."""
    return [(checksums.header_name(checksum.algorithm), checksum.text), ("x-amz-checksum-type", checksum.kind)]


def check_value(name: str, value: str) -> str:
    """Give a value that may stand in a header; raises `S3Error` for line ends and other control characters."""
    if not all(" " <= character <= "\x7e" or "\xa0" <= character <= "\xff" or character == "\t" for character in value):
        raise refusal("InvalidArgument", "Header value cannot be represented using ISO-8859-1.", ArgumentName=name)
    return value


def _titled(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
