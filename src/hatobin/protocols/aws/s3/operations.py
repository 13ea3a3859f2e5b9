"""Which operation of S3 a request means: by method, by what it names, and by subresource.

Refs: Amazon S3 API Reference. What has no row here is answered NotImplemented
by whoever serves the operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from hatobin.protocols.aws.s3.addressing import Place
from hatobin.protocols.aws.s3.errors import refusal

# Query parameters that make a request another operation. "uploads" and so on stand without a value.
_SUBRESOURCES = """
    abac accelerate acl analytics annotation attributes cors delete encryption intelligent-tiering inventory legal-hold
    lifecycle location logging metadataConfiguration metadataTable metrics notification object-lock ownershipControls
    partNumber policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select
    session tagging torrent uploadId uploads versionId versioning versions website
"""
SUBRESOURCES = frozenset(_SUBRESOURCES.split())
_NOTHING: frozenset[str] = frozenset()

# Method, level (service, bucket, object), subresources → operation.
_OPERATIONS: Mapping[tuple[str, str, frozenset[str]], str] = MappingProxyType(
    {
        ("GET", "service", _NOTHING): "ListBuckets",
        ("PUT", "bucket", _NOTHING): "CreateBucket",
        ("HEAD", "bucket", _NOTHING): "HeadBucket",
        ("DELETE", "bucket", _NOTHING): "DeleteBucket",
        ("GET", "bucket", _NOTHING): "ListObjects",
        ("GET", "bucket", frozenset({"location"})): "GetBucketLocation",
        ("GET", "bucket", frozenset({"policy"})): "GetBucketPolicy",
        ("PUT", "bucket", frozenset({"policy"})): "PutBucketPolicy",
        ("DELETE", "bucket", frozenset({"policy"})): "DeleteBucketPolicy",
        ("GET", "bucket", frozenset({"uploads"})): "ListMultipartUploads",
        ("POST", "bucket", frozenset({"delete"})): "DeleteObjects",
        ("GET", "object", _NOTHING): "GetObject",
        ("HEAD", "object", _NOTHING): "HeadObject",
        ("PUT", "object", _NOTHING): "PutObject",
        ("DELETE", "object", _NOTHING): "DeleteObject",
        ("POST", "object", frozenset({"uploads"})): "CreateMultipartUpload",
        ("PUT", "object", frozenset({"uploadId", "partNumber"})): "UploadPart",
        ("GET", "object", frozenset({"uploadId"})): "ListParts",
        ("POST", "object", frozenset({"uploadId"})): "CompleteMultipartUpload",
        ("DELETE", "object", frozenset({"uploadId"})): "AbortMultipartUpload",
    }
)


def find_operation(method: str, place: Place, query: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Name the operation, or None for one that is not in the table."""
    level = "object" if place.key else "bucket" if place.bucket else "service"
    given = SUBRESOURCES.intersection(query)
    if query.get("versionId") == "null":
        given -= {"versionId"}  # What an object without versions has.
    name = _OPERATIONS.get((method, level, given))
    if name == "ListObjects" and query.get("list-type") == "2":
        return "ListObjectsV2"
    if "x-amz-copy-source" in headers:
        return {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}.get(name or "", name)
    return name


def read_query(query: str) -> dict[str, str]:
    """Decode a query strictly (a plus is a plus); of a name that is there twice the first value counts.

    Raises `S3Error` for what is no UTF-8.

    >>> read_query("uploads&prefix=a%2Fb+c&prefix=d")
    {'uploads': '', 'prefix': 'a/b+c'}
    """
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name:
            found.setdefault(_decoded(name), _decoded(value))
    return found


def _decoded(text: str) -> str:
    try:
        decoded = unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise refusal("InvalidURI") from None
    if "\x00" in decoded:
        raise refusal("InvalidURI")
    return decoded


def operation_names() -> list[str]:
    """Give every operation that the table leads to."""
    return sorted({*_OPERATIONS.values(), "ListObjectsV2", "CopyObject", "UploadPartCopy"})
