"""The MD5 digests that SDKs check after sending and receiving.

Refs: SQS developer guide, "Calculating the MD5 message digest for message attributes".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hatobin.companions.sqs.model import MessageAttribute

_STRING = b"\x01"
_BINARY = b"\x02"


def body_md5(body: str) -> str:
    """Give the digest of a message body, in hex.

    >>> body_md5("hello")
    '5d41402abc4b2a76b9719d911017c592'
    """
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def attributes_md5(attributes: Mapping[str, MessageAttribute]) -> str | None:
    """Give the digest of message attributes, in hex; None when there are none.

    Sorted by name, each contributes name, type, a transport byte and value,
    all but the byte led by their length in four bytes, big endian.
    """
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        binary = attribute.binary_value
        value = binary if binary is not None else (attribute.string_value or "").encode()
        digest.update(_lengthened(name.encode()))
        digest.update(_lengthened(attribute.data_type.encode()))
        digest.update(_STRING if binary is None else _BINARY)
        digest.update(_lengthened(value))
    return digest.hexdigest()


def _lengthened(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
