"""Checksums of objects: the digests and CRCs that S3 knows, computed while a body passes.

CRC32, SHA-1 and SHA-256 come with Python; CRC32C and CRC64NVME (what the AWS
CLI sends by default) from awscrt, Amazon's own library, which is imported when
the first of them is asked for.

Refs: Amazon S3 user guide, "Checking object integrity" (values are base64 of
the big-endian checksum; COMPOSITE is the checksum of the parts' checksums).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
LENGTHS = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
HEADER = "x-amz-checksum-"


class Checksum(Protocol):
    """A checksum under way."""

    def update(self, data: bytes | memoryview) -> None:
        """Take the next octets."""
        ...

    def text(self) -> str:
        """Give the checksum of what came so far, in base64."""
        ...


class _Crc:
    def __init__(self, step: Callable[[Any, int], int], octets: int) -> None:
        self._step = step
        self._octets = octets
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        self._value = self._step(data, self._value)

    def text(self) -> str:
        return _base64(self._value.to_bytes(self._octets, "big"))


class _Digest:
    def __init__(self, name: str) -> None:
        self._digest = hashlib.new(name, usedforsecurity=False)

    def update(self, data: bytes | memoryview) -> None:
        self._digest.update(data)

    def text(self) -> str:
        return _base64(self._digest.digest())


def begin(algorithm: str) -> Checksum:
    """Begin a checksum of one of `ALGORITHMS`."""
    if algorithm in ("SHA1", "SHA256"):
        return _Digest(algorithm.lower())
    step = zlib.crc32 if algorithm == "CRC32" else _steps()[algorithm]
    return _Crc(step, LENGTHS[algorithm])


def header_name(algorithm: str) -> str:
    """Give the header, and trailer, of an algorithm: `x-amz-checksum-crc32`."""
    return HEADER + algorithm.lower()


def algorithm_of(header: str) -> str | None:
    """Give the algorithm of a checksum header, or None for another header and for algorithms that S3 does not know."""
    name = header.removeprefix(HEADER).upper()
    return name if header.startswith(HEADER) and name in ALGORITHMS else None


def is_checksum(algorithm: str, text: str) -> bool:
    """Say whether `text` is base64 of as many octets as the algorithm makes."""
    try:
        return len(base64.b64decode(text, validate=True)) == LENGTHS[algorithm]
    except (binascii.Error, ValueError):
        return False


def composite(algorithm: str, parts: Sequence[str]) -> str:
    """Give the checksum of the checksums of parts, without the `-N` behind it."""
    whole = begin(algorithm)
    whole.update(b"".join(base64.b64decode(part) for part in parts))
    return whole.text()


def full_object(algorithm: str, parts: Sequence[tuple[str, int]]) -> str:
    """Give the CRC of parts put together, from each one's CRC and size."""
    combine = _combiners()[algorithm]
    whole = 0
    for part, size in parts:
        whole = combine(whole, int.from_bytes(base64.b64decode(part), "big"), size)
    return _base64(whole.to_bytes(LENGTHS[algorithm], "big"))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@cache
def _steps() -> dict[str, Callable[[Any, int], int]]:
    from awscrt import checksums

    def crc32c(data: Any, value: int) -> int:
        return int(checksums.crc32c(data, value))

    def crc64nvme(data: Any, value: int) -> int:
        return int(checksums.crc64nvme(data, value))

    return {"CRC32C": crc32c, "CRC64NVME": crc64nvme}


@cache
def _combiners() -> dict[str, Callable[[int, int, int], int]]:
    from awscrt import checksums

    return {
        "CRC32": checksums.combine_crc32,
        "CRC32C": checksums.combine_crc32c,
        "CRC64NVME": checksums.combine_crc64nvme,
    }
