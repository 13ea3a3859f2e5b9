"""Which bucket and key a request names: in its path, or the bucket in its host name.

A key is what stands in the path, decoded once. Nothing is resolved or
squeezed: `..`, `//` and `%2e` are characters of a key like others. Keys never
become names of files.

Refs: Amazon S3 user guide, "Virtual hosting of buckets", "Bucket naming rules",
"Naming Amazon S3 objects".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from hatobin.protocols.aws.s3.errors import refusal

MAX_KEY_OCTETS = 1024

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_IP_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_RESERVED_PREFIXES = ("xn--", "sthree-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_S3_HOST = re.compile(r"s3[.-].+|s3\Z")
# The last label of this kind is S3's: a bucket may have dots, and "s3" between them.
_BUCKET_HOST = re.compile(r"(.+)\.s3(?:[.-].*)?\Z")


class Place(Struct, frozen=True):
    """What a request names; both are empty for the list of buckets, the key for a bucket."""

    bucket: str = ""
    key: str = ""


def is_bucket_name(name: str) -> bool:
    """Say whether a bucket may be made under this name.

    >>> [is_bucket_name(name) for name in ("a-b.c1", "ab", "A-b", "a..b", "192.168.0.1", "a.-b")]
    [True, False, False, False, False, False]
    """
    return (
        _BUCKET.match(name) is not None
        and ".." not in name
        and ".-" not in name
        and "-." not in name
        and _IP_ADDRESS.match(name) is None
        and not (name.startswith(_RESERVED_PREFIXES) or name.endswith(_RESERVED_SUFFIXES))
    )


def bucket_of_host(host: str, own_names: Collection[str]) -> str | None:
    """Give the bucket that a `Host` header names: `BUCKET.s3.…`, or `BUCKET.` before one of our names.

    >>> hosts = ("b.localhost:80", "a.s3.b.s3.local", "localhost", "s3.local", "[::1]")
    >>> [bucket_of_host(host, ["localhost"]) for host in hosts]
    ['b', 'a.s3.b', None, None, None]
    """
    name = host.lower().rpartition(":")[0] if re.search(r":\d*\Z", host) else host.lower()
    if name in own_names or name.startswith("[") or _IP_ADDRESS.match(name) or _S3_HOST.match(name):
        return None
    match = _BUCKET_HOST.match(name)
    if match is not None:
        return match[1]
    # The longest of our names that fits: "hatobin.localhost" before "localhost".
    ours = max((own for own in own_names if name.endswith(f".{own}")), key=len, default=None)
    return name[: -len(ours) - 1] if ours is not None else None


def is_s3_host(host: str) -> bool:
    """Say whether a host name says S3 itself: `s3.…` or `BUCKET.s3.…`."""
    name = host.lower().partition(":")[0]
    return _S3_HOST.match(name) is not None or _BUCKET_HOST.match(name) is not None


def find_place(raw_path: str, host: str, own_names: Collection[str]) -> Place:
    """Read bucket and key. Raises `S3Error` for a key that is too long, no UTF-8, or holds a NUL."""
    bucket = bucket_of_host(host, own_names)
    rest = raw_path[1:]
    if bucket is None:
        bucket, _, rest = rest.partition("/")
        bucket = unquote_to_bytes(bucket.encode("latin-1")).decode("latin-1")
    return Place(bucket, read_key(rest))


def read_key(encoded: str) -> str:
    """Decode a percent-encoded key (Latin-1, one character per octet). Raises `S3Error`."""
    octets = unquote_to_bytes(encoded.encode("latin-1"))
    try:
        key = octets.decode()
    except UnicodeDecodeError:
        raise refusal("InvalidURI") from None
    check_key(key)
    return key


def check_key(key: str) -> None:
    """Raise `S3Error` for a key that no object can have."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > MAX_KEY_OCTETS:
        raise refusal("KeyTooLongError", Size=str(size), MaxSizeAllowed=str(MAX_KEY_OCTETS))
    # Deviates: a NUL is a character like others at AWS; PostgreSQL holds none in a text.
    if "\x00" in key or any("\ud800" <= character <= "\udfff" for character in key):
        raise refusal("InvalidURI")


def copy_source(text: str) -> Place:
    """Read `x-amz-copy-source`: `bucket/key`, perhaps with a slash before it. Raises `S3Error`."""
    path, _, query = text.partition("?")
    if query not in ("", "versionId=null"):
        raise refusal("NotImplemented", "Versions of objects are not implemented.")
    bucket, slash, key = path.removeprefix("/").partition("/")
    if path.startswith("arn:"):
        raise refusal("NotImplemented", "Access points are not implemented.")
    if not (bucket and slash and key):
        raise refusal(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=text,
        )
    return Place(bucket, read_key(key))


def successor(prefix: str) -> str | None:
    """Give the smallest text above all that begin with `prefix`; None when there is none.

    >>> [successor("ab"), successor("a\\ud7ff"), successor(chr(0x10FFFF))]
    ['ac', 'a\\ue000', None]
    """
    while prefix:
        last = ord(prefix[-1]) + 1
        if last <= 0x10FFFF:
            return prefix[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)
        prefix = prefix[:-1]
    return None
