"""What a request says of its body, held against the body."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hatobin.protocols.aws.claims import Claim, Scope
from hatobin.protocols.aws.s3.chunked import UNSIGNED_TRAILER
from hatobin.protocols.aws.s3.errors import S3Error
from hatobin.protocols.aws.s3.inflow import Inflow, payload_hash

UNSIGNED = "UNSIGNED-PAYLOAD"
BODY = b"The body of an object."
CLAIM = Claim(
    "AKIA",
    Scope("20260101", ("us-east-1",), "s3"),
    "20260101T000000Z",
    ("host",),
    "",
    None,
    "",
    is_presigned=False,
)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def inflow(body: bytes, stated: str, **headers: str) -> Inflow:
    given = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Inflow(given, stated, None)


def code(reading: Inflow, body: bytes) -> str:
    try:
        reading.feed(body)
        reading.finish()
    except S3Error as error:
        return error.code
    raise AssertionError("the body was believed")


@given(st.binary(max_size=100), st.lists(st.integers(0, 100), max_size=4))
def test_pieces_are_counted_and_digested(body: bytes, cuts: list[int]) -> None:
    reading = inflow(body, sha256(body), x_amz_checksum_crc32=crc32(body))
    places = sorted(min(cut, len(body)) for cut in cuts)
    for start, end in zip([0, *places], [*places, len(body)], strict=True):
        assert reading.feed(body[start:end]) == body[start:end]
    received = reading.finish()
    assert (received.size, received.md5) == (len(body), hashlib.md5(body).hexdigest())
    assert (received.algorithm, received.checksum) == ("CRC32", crc32(body))


def test_a_body_that_was_not_signed_is_refused() -> None:
    assert code(inflow(BODY, sha256(b"another")), BODY) == "XAmzContentSHA256Mismatch"


def test_lengths_are_exact() -> None:
    assert code(inflow(BODY, UNSIGNED), BODY[:-1]) == "IncompleteBody"
    assert code(inflow(BODY, UNSIGNED), BODY + b"x") == "IncompleteBody"
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:" + crc32(b"abc").encode() + b"\r\n\r\n"
    for length, expected in (("2", "IncompleteBody"), ("4", "IncompleteBody")):
        headers = {"x-amz-decoded-content-length": length, "x-amz-trailer": "x-amz-checksum-crc32"}
        headers["x-amz-content-sha256"] = UNSIGNED_TRAILER
        assert code(Inflow(headers, UNSIGNED_TRAILER, None), body) == expected


def test_content_md5_is_held_against_the_body() -> None:
    def md5(body: bytes) -> str:
        return base64.b64encode(hashlib.md5(body).digest()).decode()

    assert code(inflow(BODY, UNSIGNED, content_md5=md5(b"another")), BODY) == "BadDigest"
    good = inflow(BODY, UNSIGNED, content_md5=md5(BODY))
    good.feed(BODY)
    good.finish()
    for broken in ("", "x", "AAAA", "!" * 24):
        with pytest.raises(S3Error, match="InvalidDigest"):
            inflow(BODY, UNSIGNED, content_md5=broken)


def test_a_checksum_in_the_head_or_behind_the_body_is_held_against_it() -> None:
    assert code(inflow(BODY, UNSIGNED, x_amz_checksum_crc32=crc32(b"another")), BODY) == "BadDigest"
    headers = {
        "x-amz-decoded-content-length": "3",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-content-sha256": UNSIGNED_TRAILER,
    }
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:" + crc32(b"abd").encode() + b"\r\n\r\n"
    assert code(Inflow(headers, UNSIGNED_TRAILER, None), body) == "BadDigest"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "MissingContentLength"),
        ({"content-length": "-1"}, "InvalidArgument"),
        ({"content-length": "1e3"}, "InvalidArgument"),
        ({"content-length": "9" * 16}, "InvalidArgument"),
        ({"content-length": "0", "x-amz-checksum-crc32": "AAAA"}, "InvalidRequest"),
        ({"content-length": "0", "x-amz-checksum-xxhash64": "AAAA"}, "NotImplemented"),
        ({"content-length": "0", "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "A"}, "InvalidRequest"),
        ({"content-length": "0", "x-amz-sdk-checksum-algorithm": "CRC32"}, "InvalidRequest"),
    ],
)
def test_heads_that_cannot_be_true(headers: dict[str, str], expected: str) -> None:
    with pytest.raises(S3Error) as caught:
        Inflow(headers, UNSIGNED, None)
    assert caught.value.code == expected


@pytest.mark.parametrize("trailer", ["", "x-amz-meta-a", "x-amz-checksum-crc32,x-amz-checksum-sha1", "etag"])
def test_trailers_other_than_one_checksum_are_refused(trailer: str) -> None:
    headers = {"x-amz-decoded-content-length": "3", "x-amz-content-sha256": UNSIGNED_TRAILER}
    if trailer:
        headers["x-amz-trailer"] = trailer
    with pytest.raises(S3Error, match="InvalidRequest"):
        Inflow(headers, UNSIGNED_TRAILER, None)


def test_what_the_signature_covers_of_the_body() -> None:
    presigned = structs.replace(CLAIM, is_presigned=True)
    for stated in (UNSIGNED, sha256(b""), UNSIGNED_TRAILER):
        assert payload_hash({"x-amz-content-sha256": stated}, CLAIM) == stated
    assert payload_hash({}, presigned) == UNSIGNED
    for headers, claim, expected in (
        ({}, CLAIM, "InvalidRequest"),
        ({"x-amz-content-sha256": "unsigned-payload"}, CLAIM, "InvalidArgument"),
        ({"x-amz-content-sha256": sha256(b"").upper()}, CLAIM, "InvalidArgument"),
        ({"x-amz-content-sha256": f"{sha256(b'')},{sha256(b'')}"}, CLAIM, "InvalidArgument"),
        ({"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, CLAIM, "NotImplemented"),
        ({"x-amz-content-sha256": UNSIGNED_TRAILER}, presigned, "NotImplemented"),
    ):
        with pytest.raises(S3Error) as caught:
            payload_hash(headers, claim)
        assert caught.value.code == expected
