"""The aws-chunked body: whatever pieces it comes in, the same payload; whatever is changed, refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.s3.chunked import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, ChunkDecoder, ChunkSigning
from hatobin.protocols.aws.s3.errors import S3Error

NAME = "x-amz-checksum-crc32"
NAMES = frozenset({NAME})
DATE, SCOPE = "20130524T000000Z", "20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"


def signing() -> ChunkSigning:
    """The example of the API reference: AKIAIOSFODNN7EXAMPLE on 24 May 2013."""
    key = b"AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    for part in ("20130524", "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return ChunkSigning(key, DATE, SCOPE, SEED)


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def encode(payload: bytes, mode: str, sizes: list[int]) -> bytes:
    """Write a body as a client does, in chunks of these sizes and one for the rest."""
    out, place, previous, maker = b"", 0, SEED, signing()
    chunks = []
    for size in sizes:
        if piece := payload[place : place + size]:
            chunks.append(piece)
        place += size
    if rest := payload[place:]:
        chunks.append(rest)
    for chunk in [*chunks, b""]:
        extension = b""
        if mode != UNSIGNED_TRAILER:
            previous = maker.chunk(previous, hashlib.sha256(chunk).hexdigest())
            extension = b";chunk-signature=" + previous.encode()
        out += b"%x" % len(chunk) + extension + b"\r\n" + (chunk + b"\r\n" if chunk else b"")
    if mode != SIGNED:
        field = f"{NAME}:{crc32(payload)}"
        out += field.encode() + b"\r\n"
        if mode == SIGNED_TRAILER:
            digest = hashlib.sha256(f"{field}\n".encode()).hexdigest()
            out += b"x-amz-trailer-signature:" + maker.trailer(previous, digest).encode() + b"\r\n"
    return out + b"\r\n"


def decoder(mode: str) -> ChunkDecoder:
    return ChunkDecoder(mode, signing(), NAMES if mode != SIGNED else frozenset())


def decode(mode: str, *pieces: bytes) -> tuple[bytes, dict[str, str]]:
    reading = decoder(mode)
    payload = b"".join(bytes(part) for piece in pieces for part in reading.feed(piece))
    return payload, reading.finish()


MODES = st.sampled_from([SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
SIZES = st.lists(st.integers(1, 60), max_size=5)


def test_the_example_of_the_api_reference() -> None:
    """65 KiB of "a" in chunks of 64 KiB, 1 KiB and 0, with the signatures that AWS prints."""
    signatures = (
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    )
    body = b"".join(
        b"%x;chunk-signature=%s\r\n" % (size, signature.encode()) + b"a" * size + b"\r\n"
        for size, signature in zip((65536, 1024, 0), signatures, strict=True)
    )
    assert decode(SIGNED, body) == (b"a" * 66560, {})


@given(st.binary(max_size=200), MODES, SIZES, st.lists(st.integers(0, 900), max_size=8))
def test_any_cut_of_the_octets_gives_the_same_payload(
    payload: bytes, mode: str, sizes: list[int], cuts: list[int]
) -> None:
    body = encode(payload, mode, sizes)
    places = sorted(min(cut, len(body)) for cut in cuts)
    pieces = [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
    trailer = {} if mode == SIGNED else {NAME: crc32(payload)}
    assert decode(mode, *pieces) == (payload, trailer)
    assert decode(mode, *(bytes([octet]) for octet in body)) == (payload, trailer)


@given(st.binary(min_size=1, max_size=120), st.sampled_from([SIGNED, SIGNED_TRAILER]), SIZES, st.data())
def test_one_changed_octet_of_a_signed_body_is_refused_or_changes_nothing(
    payload: bytes, mode: str, sizes: list[int], data: st.DataObject
) -> None:
    body = bytearray(encode(payload, mode, sizes))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    try:
        found, trailer = decode(mode, bytes(body))
    except S3Error:
        return
    # The size in other letters, white space around a field: the payload and what is said of it are the same.
    assert found == payload
    assert trailer == ({} if mode == SIGNED else {NAME: crc32(payload)})


@given(st.binary(max_size=120), MODES, SIZES, st.data())
def test_what_is_cut_off_has_no_end(payload: bytes, mode: str, sizes: list[int], data: st.DataObject) -> None:
    body = encode(payload, mode, sizes)
    with pytest.raises(S3Error):
        decode(mode, body[: data.draw(st.integers(0, len(body) - 1))])


@given(st.binary(max_size=120), MODES, SIZES, st.binary(min_size=1, max_size=5))
def test_nothing_follows_the_end(payload: bytes, mode: str, sizes: list[int], more: bytes) -> None:
    with pytest.raises(S3Error):
        decode(mode, encode(payload, mode, sizes) + more)


@given(st.binary(max_size=300), MODES)
def test_any_octets_are_read_or_refused(octets: bytes, mode: str) -> None:
    try:
        decode(mode, octets)
    except S3Error:
        pass


def code(mode: str, body: bytes) -> str:
    with pytest.raises(S3Error) as caught:
        decode(mode, body)
    return caught.value.code


def test_chunks_in_another_order_are_refused() -> None:
    body = encode(b"a" * 10 + b"b" * 10, SIGNED, [10])
    first = body.index(b"\r\n", body.index(b"\r\n") + 2) + 2
    second = body.index(b"\r\n", body.index(b"\r\n", first) + 2) + 2
    assert code(SIGNED, body[first:second] + body[:first] + body[second:]) == "SignatureDoesNotMatch"


def test_a_chunk_left_out_is_refused() -> None:
    body = encode(b"a" * 10 + b"b" * 10, SIGNED, [10])
    first = body.index(b"\r\n", body.index(b"\r\n") + 2) + 2
    assert code(SIGNED, body[first:]) == "SignatureDoesNotMatch"


def test_signatures_of_another_request_are_refused() -> None:
    other = ChunkDecoder(SIGNED, ChunkSigning(signing().key, DATE, SCOPE, "0" * 64))
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        other.feed(encode(b"payload", SIGNED, []))


def test_a_changed_trailer_is_refused() -> None:
    body = encode(b"payload", SIGNED_TRAILER, [])
    right, wrong = crc32(b"payload").encode(), crc32(b"other").encode()
    assert code(SIGNED_TRAILER, body.replace(right, wrong)) == "SignatureDoesNotMatch"


def test_a_signed_trailer_without_its_signature_is_refused() -> None:
    body = encode(b"payload", SIGNED_TRAILER, [])
    start = body.index(b"x-amz-trailer-signature")
    assert code(SIGNED_TRAILER, body[:start] + b"\r\n") == "SignatureDoesNotMatch"


def test_fields_that_nobody_announced_are_refused() -> None:
    end = b"0\r\n" + f"{NAME}:{crc32(b'')}".encode() + b"\r\n"
    assert code(UNSIGNED_TRAILER, end + b"x-amz-meta-a:b\r\n\r\n") == "MalformedTrailerError"
    assert code(UNSIGNED_TRAILER, end + end[3:] + b"\r\n") == "MalformedTrailerError"
    assert code(UNSIGNED_TRAILER, b"0\r\n\r\n") == "MalformedTrailerError"
    assert code(SIGNED, encode(b"", SIGNED, [])[:-2] + b"a:b\r\n\r\n") == "MalformedTrailerError"


def test_unsigned_chunks_where_signed_ones_belong_are_refused() -> None:
    assert code(SIGNED, b"3\r\nabc\r\n0\r\n\r\n") == "InvalidRequest"
    assert code(UNSIGNED_TRAILER, encode(b"abc", SIGNED, [])) == "InvalidRequest"


@pytest.mark.parametrize("size", [b"-1", b"+3", b"0x3", b" 3", b"", b"1" * 17, b"3;x=y", b"3;chunk-signature=zz"])
def test_sizes_that_are_none_are_refused(size: bytes) -> None:
    assert code(UNSIGNED_TRAILER, size + b"\r\nabc\r\n") == "InvalidRequest"


def test_a_line_without_end_is_refused_before_it_fills_memory() -> None:
    reading = decoder(UNSIGNED_TRAILER)
    for _ in range(10):
        reading.feed(b"1" * 100)
    with pytest.raises(S3Error, match="InvalidRequest"):
        reading.feed(b"1" * 100)


def test_a_line_feed_before_the_end_of_a_field_is_borne() -> None:
    """Old SDKs wrote the canonical form of the field, and then the line's end."""
    body = b"3\r\nabc\r\n0\r\n" + f"{NAME}:{crc32(b'abc')}".encode() + b"\n\r\n\r\n"
    assert decode(UNSIGNED_TRAILER, body) == (b"abc", {NAME: crc32(b"abc")})
