"""Transfer encodings: the right one is chosen, and decoding gives back every octet."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail.transfer import (
    LineWatch,
    choose_text_encoding,
    crlf,
    decode_base64,
    decode_body,
    decode_quoted_printable,
    encode_base64,
    encode_quoted_printable,
    encode_text_body,
    is_seven_bit,
    longest_line_exceeds,
)

_pieces = st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b".", b"=", b"\xe9", b"\x00", b"From ", b"x" * 90])
_octets = st.lists(_pieces, max_size=60).map(b"".join)


@given(_octets)
def test_line_ends_become_crlf_and_nothing_else_changes(data: bytes) -> None:
    clean = crlf(data)
    assert clean.replace(b"\r\n", b"").count(b"\r") == 0
    assert clean.replace(b"\r\n", b"").count(b"\n") == 0
    assert clean.replace(b"\r\n", b"\n") == data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert crlf(clean) is clean


@given(_octets)
@example(b"x" * 75 + b" ")
@example(b"x" * 76 + b" \r\n.\r\n")
@example(b"\xe9" * 100)
def test_quoted_printable_decodes_to_every_octet(data: bytes) -> None:
    text = crlf(data)
    for encoded, wanted in (
        (encode_quoted_printable(text), text),
        (encode_quoted_printable(data, text=False), data),
    ):
        assert decode_quoted_printable(encoded) == wanted
        assert binascii.a2b_qp(encoded) == wanted
        for line in encoded.split(b"\r\n"):
            assert len(line) <= 76
            assert line.isascii()
            assert b"\r" not in line
            assert b"\n" not in line
            assert not line.endswith((b" ", b"\t"))


@given(st.binary(max_size=300))
def test_base64_decodes_to_every_octet(data: bytes) -> None:
    encoded = encode_base64(data)
    assert decode_base64(encoded) == data
    assert base64.b64decode(encoded) == data
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain text\r\n", "7bit"),
        (b"x" * 998 + b"\r\n", "7bit"),
        (b"x" * 999 + b"\r\n", "quoted-printable"),
        ("café\r\n".encode() * 5 + b"x" * 40, "quoted-printable"),
        ("日本語".encode() * 20, "base64"),
        ("日本語".encode("iso-2022-jp"), "7bit"),
        (b"a\x00b" + b"x" * 40, "quoted-printable"),
        (b"=" * 2000, "base64"),
    ],
)
def test_the_encoding_is_chosen_by_the_content(data: bytes, encoding: str) -> None:
    assert choose_text_encoding(data) == encoding
    name, body = encode_text_body(data)
    assert name == encoding
    assert decode_body(body, name) == data
    assert longest_line_exceeds(body) < 0


@given(st.lists(st.integers(0, 1100), max_size=12), st.booleans())
def test_the_first_long_line_is_found_wherever_it_is(lengths: list[int], ended: bool) -> None:
    data = b"\r\n".join([b"x" * length for length in lengths]) + (b"\r\n" if ended else b"")
    found = longest_line_exceeds(data)
    lines = data.split(b"\r\n")
    long = [index for index, line in enumerate(lines) if len(line) > 998]
    assert found == (sum(len(line) + 2 for line in lines[: long[0]]) if long else -1)


def test_seven_bit_is_only_what_needs_no_encoding() -> None:
    assert is_seven_bit(b"a\r\nb")
    for data in (b"\xe9", b"\x00", b"a\nb", b"a\rb", b"x" * 999):
        assert not is_seven_bit(data)


def test_broken_encodings_are_read_leniently() -> None:
    assert decode_quoted_printable(b"a=zz=\r\nb = \r\nc=C3=a9=") == b"a=zzb c\xc3\xa9"
    assert decode_quoted_printable(b"100% = sure") == b"100% = sure"
    assert decode_base64(b"QU\r\n*JD\r\n") == b"ABC"
    assert decode_base64(b"Q") is None
    assert decode_body(b"Q", "base64") == b"Q"
    assert decode_body(b"x", "x-unknown") == b"x"


@given(
    lengths=st.lists(st.sampled_from([0, 1, 500, 996, 997, 999, 1_000, 2_000]), max_size=8),
    sizes=st.lists(st.sampled_from([1, 2, 300, 997, 998, 999, 1_000]), max_size=20),
)
def test_long_lines_are_found_in_pieces(lengths: list[int], sizes: list[int]) -> None:
    data = b"".join([b"x" * length + b"\r\n" for length in lengths])
    watch, rest = LineWatch(), data
    for size in sizes:
        watch.feed(rest[:size])
        rest = rest[size:]
    watch.feed(rest)
    assert watch.exceeded == (longest_line_exceeds(data) >= 0)
