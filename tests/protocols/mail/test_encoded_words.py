"""Encoded words and charsets: RFC 2047 both ways, Japanese mail as it really is."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail import HeaderError, decode_words, encode_words, mailbox_field, split_message, text_field
from hatobin.protocols.mail.charsets import codec_name, decode_text, encode_text
from hatobin.words.address import Address, Mailbox, parse_mailbox_list

CHARSETS = ["UTF-8", "ISO-8859-1", "Shift_JIS", "ISO-2022-JP", "EUC-JP", "GB18030", "no-such-charset"]
LONG_JAPANESE = "本日は晴天なり。" * 30


def check_shape(raw: bytes) -> None:
    """Hold a field against RFC 2047 §2: words within 75, lines within 76, each word whole by itself."""
    for line in raw.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 76, line
        for word in re.findall(rb"=\?[^ ]*\?=", line):
            assert len(word) <= 75
            ((octets, charset),) = decode_header(word.decode("ascii"))
            assert isinstance(octets, bytes)
            assert charset is not None
            octets.decode(charset)


def library_text(value: str) -> str:
    """Decode a value with the standard library, charset by charset."""
    return "".join(
        [part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in decode_header(value)]
    )


_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120).map(str.strip)


@given(_text, st.sampled_from(CHARSETS))
@example(LONG_JAPANESE, "ISO-2022-JP")
@example(LONG_JAPANESE, "Shift_JIS")
@example(LONG_JAPANESE, "UTF-8")
@example("é" * 200, "ISO-8859-1")
@example("👩‍👩‍👧‍👦" * 20, "UTF-8")
@example("x" * 3000, "UTF-8")
@example("a =?UTF-8?Q?b?= ü", "UTF-8")
def test_any_subject_survives_encoding_folding_and_decoding(text: str, charset: str) -> None:
    field = text_field("Subject", text, charset)
    unfolded = split_message(field.raw + b"\r\n").value("subject")
    assert unfolded is not None
    if not text.isascii():
        check_shape(field.raw)
        # Shift_JIS is read as Windows reads it, which has wide signs for a few narrow ones.
        assert decode_words(unfolded) == text or charset == "Shift_JIS"
        assert library_text(unfolded) == text
    else:
        assert all(len(line) <= 998 for line in field.raw.split(b"\r\n"))


def test_an_ascii_subject_stays_as_it_is_even_when_it_holds_encoded_words() -> None:
    assert text_field("Subject", "=?UTF-8?B?5bGx?= ok").raw == b"Subject: =?UTF-8?B?5bGx?= ok\r\n"


def test_an_ascii_word_too_long_for_a_line_is_encoded_instead_of_refused() -> None:
    raw = text_field("Subject", "x" * 2000).raw
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert decode_words(split_message(raw + b"\r\n").value("subject") or "") == "x" * 2000


def test_the_charset_asked_for_is_used_where_it_can_hold_the_text() -> None:
    assert text_field("Subject", "日本", "ISO-2022-JP").raw == b"Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n"
    assert b"=?Shift_JIS?B?" in text_field("Subject", "日本", "Shift_JIS").raw
    assert text_field("Subject", "café au lait, s'il", "ISO-8859-1").raw.startswith(
        b"Subject: =?ISO-8859-1?Q?caf=E9_au"
    )
    assert b"=?UTF-8?" in text_field("Subject", "日本", "ISO-8859-1").raw


@pytest.mark.parametrize("text", ["a\r\nBcc: x", "ü\nBcc: x", "ü\r", "ü\x00", "\x7fü"])
def test_a_subject_with_a_line_end_is_refused(text: str) -> None:
    with pytest.raises(HeaderError):
        text_field("Subject", text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?q?caf=C3=A9?= noir", "café noir"),
        ("=?UTF-8?B?5bGx?= =?UTF-8?B?55Sw?=", "山田"),
        ("=?UTF-8?B?5bGx?=\t =?UTF-8?B?55Sw?= x", "山田 x"),
        ("=?UTF-8?B?5bE=?= =?UTF-8?B?sQ==?=", "山"),
        ("=?ISO-8859-1?Q?a?= b =?UTF-8?Q?c?=", "a b c"),
        ("=?iso-8859-1*fr?Q?=E9t=E9?=", "été"),
        ("=?UTF-8?Q?a_b?=", "a b"),
        ("=?UTF-8?B?5bGx55Sw?", "=?UTF-8?B?5bGx55Sw?"),
        ("=?UTF-8?X?a?=", "=?UTF-8?X?a?="),
        ("=?UTF-8?B?!!!!?=", ""),
        ("=?UTF-8?B?5bGx55S?=", "山\ufffd"),
        ("=?unknown?Q?=C3=A9?=", "é"),
        ("=?unknown?Q?=E9?=", "é"),
        ("=?zlib?Q?a?=", "a"),
        ("=?unicode_escape?Q?=5Cx41?=", "\\x41"),
        ("no words", "no words"),
        ("=?=?=?=?=?", "=?=?=?=?=?"),
        ("=?ISO-2022-JP?B?GyRCLSEbKEI=?=", "①"),
        ("=?ISO-2022-JP?B?GyRCLWobKEI=?=", "㈱"),
        ("=?Shift_JIS?B?h0CDQQ==?=", "①ア"),
    ],
)
def test_words_are_decoded_as_readers_do_it(written: str, meant: str) -> None:
    assert decode_words(written) == meant


@given(st.text(max_size=80))
@example("=?a?b?" * 30)
def test_decoding_never_fails(text: str) -> None:
    decode_words(text)
    decode_words(f"=?UTF-8?B?{text}?=")
    decode_words(f"=?{text}?Q?x?=")


def test_japanese_text_outside_the_standard_is_read() -> None:
    assert decode_text(b"\x1b$B-!\x1b(B \x1b(I1\x1b(B", "iso-2022-jp") == "① ｱ"
    assert decode_text("髙橋①".encode("cp932"), "shift_jis") == "髙橋①"
    assert decode_text(b"\x93quoted\x94", "iso-8859-1") == "“quoted”"


def test_python_notations_are_no_charsets() -> None:
    for name in (
        "rot13",
        "zlib",
        "unicode_escape",
        "raw-unicode-escape",
        "idna",
        "punycode",
        "undefined",
        "",
        "x" * 99,
        "é",
    ):
        assert codec_name(name) is None
    assert codec_name("UTF-8") == "utf-8"


def test_text_that_its_charset_cannot_hold_becomes_utf_8() -> None:
    assert encode_text("é", "ISO-8859-1") == (b"\xe9", "ISO-8859-1")
    assert encode_text("日", "ISO-8859-1") == ("日".encode(), "UTF-8")
    assert encode_text("é", "US-ASCII") == ("é".encode(), "UTF-8")
    assert encode_text("é", "utf-16") == ("é".encode(), "UTF-8")
    assert encode_text("a\ud800", "UTF-8") == (b"a?", "UTF-8")
    assert encode_words("\ud800é") == "=?UTF-8?B?P8Op?="


_name = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60).map(str.strip)
_box = st.builds(
    Mailbox,
    _name.filter(lambda name: "=?" not in name),
    st.builds(
        Address,
        st.from_regex(r"[a-z0-9+]{1,64}", fullmatch=True),
        st.from_regex(r"[a-z0-9]{1,60}\.example", fullmatch=True),
    ),
)


@given(st.lists(_box, min_size=1, max_size=6), st.sampled_from(["UTF-8", "ISO-2022-JP"]))
@example([Mailbox("日本" * 30, Address("a" * 60, "b" * 60 + ".example"))] * 3, "UTF-8")
@example([Mailbox("A, B " * 40 + "C", Address("a", "x.example"))] * 3, "UTF-8")
def test_an_address_field_reads_back_here_and_in_the_standard_library(boxes: list[Mailbox], charset: str) -> None:
    raw = mailbox_field("To", boxes, charset).raw
    for line in raw[:-2].split(b"\r\n"):
        assert line.strip()
        assert len(line) <= 200
        if b"=?" in line:
            assert len(line) <= 76
    value = split_message(raw + b"\r\n").value("to")
    ours = [(decode_words(box.display_name), str(box.address)) for box in parse_mailbox_list(value or "")]
    assert ours == [(" ".join(box.display_name.split(" ")), str(box.address)) for box in boxes]
    parsed = message_from_bytes(raw + b"\r\n", policy=policy.default)["To"]
    assert [address.addr_spec for address in parsed.addresses] == [str(box.address) for box in boxes]


def test_a_display_name_with_a_line_end_is_refused() -> None:
    with pytest.raises(HeaderError):
        mailbox_field("From", [Mailbox("a\r\nBcc: b@x", Address("a", "x"))])


def test_a_name_that_is_an_encoded_word_stays_outside_quotes() -> None:
    box = Mailbox("=?UTF-8?B?5bGx?=", Address("a", "x"))
    assert mailbox_field("From", [box]).raw == b"From: =?UTF-8?B?5bGx?= <a@x>\r\n"
