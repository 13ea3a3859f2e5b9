"""Checksums against the values that everybody prints for "123456789", and against themselves in parts."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.s3 import checksums

CHECK = b"123456789"
KNOWN = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
}


def checksum(algorithm: str, *pieces: bytes) -> str:
    running = checksums.begin(algorithm)
    for piece in pieces:
        running.update(piece)
    return running.text()


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_the_check_value(algorithm: str) -> None:
    expected = base64.b64encode(bytes.fromhex(KNOWN[algorithm])).decode()
    assert checksum(algorithm, CHECK) == checksum(algorithm, CHECK[:4], memoryview(CHECK)[4:]) == expected
    assert checksums.is_checksum(algorithm, expected)
    assert not checksums.is_checksum(algorithm, expected[:-4])


@given(st.sampled_from(["CRC32", "CRC32C", "CRC64NVME"]), st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_parts_put_together_have_the_crc_of_the_whole(algorithm: str, parts: list[bytes]) -> None:
    whole = checksums.full_object(algorithm, [(checksum(algorithm, part), len(part)) for part in parts])
    assert whole == checksum(algorithm, b"".join(parts))


def test_a_composite_is_the_checksum_of_checksums() -> None:
    parts = [checksum("SHA256", part) for part in (b"one", b"two")]
    assert checksums.composite("SHA256", parts) == checksum("SHA256", *map(base64.b64decode, parts))


def test_headers_and_algorithms() -> None:
    assert checksums.algorithm_of("x-amz-checksum-crc64nvme") == "CRC64NVME"
    assert checksums.header_name("SHA1") == "x-amz-checksum-sha1"
    assert checksums.algorithm_of("x-amz-checksum-md5") is None
    assert checksums.algorithm_of("crc32") is None
