"""Values of the S3 companion: buckets, objects, uploads and where their octets lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from hatobin.protocols.aws.s3.errors import refusal

MIN_PART_OCTETS = 5 * 1024 * 1024
"""Every part but the last is at least so large (S3 user guide, "Multipart upload limits")."""
MAX_PART_NUMBER = 10_000
MAX_OBJECT_OCTETS = 5 * 1024**4
"""The largest object put together from parts."""
MAX_METADATA_OCTETS = 2048
MAX_POLICY_OCTETS = 20 * 1024
MAX_BUCKETS = 10_000
"""Of one account (S3 user guide, "Bucket restrictions")."""
DEFAULT_REGION = "us-east-1"
DEFAULT_CONTENT_TYPE = "binary/octet-stream"

KEPT_HEADERS = (
    *("cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"),
)
"""Headers of a PUT that come back with a GET."""


class Bucket(Struct, frozen=True):
    """A bucket, whose it is and where; `policy` is the text that was put, if any."""

    account_id: str
    name: str
    region: str
    created_at: float
    policy: str | None = None


class ObjectChecksum(Struct, frozen=True):
    """A checksum in base64, and what it is of: FULL_OBJECT, or COMPOSITE with the number of parts behind it."""

    algorithm: str
    text: str
    kind: str


class Facts(Struct, frozen=True, omit_defaults=True):
    """What an object says of itself beside its octets.

    `upload_id` is the upload that it came from, `checksum_kind` and `checksum_algorithm` what an upload asked for.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    checksum: ObjectChecksum | None = None
    upload_id: str = ""
    checksum_algorithm: str = ""
    checksum_kind: str = ""


class StoredObject(Struct, frozen=True):
    """What stands under a key. `etag` is without quotation marks."""

    key: str
    content_id: str
    size: int
    etag: str
    modified_at: float
    facts: Facts


class Piece(Struct, frozen=True):
    """`size` octets of a blob from `start` on, which stand at `place` in their content."""

    place: int
    blob_key: str
    start: int
    size: int


class Upload(Struct, frozen=True):
    """An upload in parts that is under way."""

    key: str
    upload_id: str
    begun_at: float
    facts: Facts


class Part(Struct, frozen=True):
    """One uploaded part; `checksum` is empty where the client gave none."""

    number: int
    content_id: str
    size: int
    etag: str
    checksum: str
    modified_at: float


def bucket_arn(bucket: str, key: str = "") -> str:
    """Name a bucket, or an object in it, as policies do."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def owner_id(account_id: str) -> str:
    """Give the canonical user id of an account: 64 hexadecimal digits, the same always."""
    return hashlib.sha256(f"hatobin canonical user {account_id}".encode()).hexdigest()


def etag_of_parts(parts: Sequence[Part]) -> str:
    """Give the ETag of an object made from parts: the MD5 of their MD5s, and their number."""
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def read_facts(headers: Mapping[str, str]) -> Facts:
    """Take from a request's headers what the object keeps. Raises `S3Error` (MetadataTooLarge)."""
    prefix = "x-amz-meta-"
    metadata = {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}
    if sum(len(name) + len(value.encode()) for name, value in metadata.items()) > MAX_METADATA_OCTETS:
        raise refusal("MetadataTooLarge", MaxSizeAllowed=str(MAX_METADATA_OCTETS))
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    if "content-encoding" in kept and (encoding := _without_aws_chunked(kept.pop("content-encoding"))):
        kept["content-encoding"] = encoding
    return Facts(kept, metadata)


def _without_aws_chunked(encoding: str) -> str:
    """The chunks were the transport's and are not kept (S3 API Reference, "Signature calculations")."""
    return ",".join(part for part in encoding.split(",") if part.strip() != "aws-chunked").strip()
