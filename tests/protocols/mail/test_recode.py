"""Repairs without loss: long lines (DEV-IS-06) and eight-bit parts (DEV-IS-07)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.mail import LineTooLong, MessageError, fit_lines, to_seven_bit
from hatobin.protocols.mail.transfer import encode_base64, longest_line_exceeds

HEAD = b"From: a@x\r\nMIME-Version: 1.0\r\n"


def library(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def payloads(raw: bytes) -> list[bytes]:
    """Decoded leaves, as the standard library reads them."""
    found = []
    for part in library(raw).walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found.append(payload)
    return found


def test_a_message_without_long_lines_is_given_back_as_it_is() -> None:
    raw = HEAD + b"\r\n" + b"x" * 998 + b"\r\n"
    assert fit_lines(raw) is raw


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (b"Content-Type: text/plain\r\n", b"word " * 260 + b"\r\nshort\r\n"),
        (b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "<p>é".encode() * 500),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nX-After: 1\r\n", b"a" * 1200),
        (b"Content-Type: application/json\r\n", b"[" + b"1," * 900 + b"1]"),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n", b"=C3=A9" * 400 + b"=3D"),
        (
            b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n",
            encode_base64(b"png" * 9000).replace(b"\r\n", b""),
        ),
    ],
)
def test_a_long_line_in_a_part_is_encoded_and_decodes_to_the_same(kind: bytes, text: bytes) -> None:
    for raw in (
        HEAD + kind + b"\r\n" + text + b"\r\n",
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nkept as it is\r\n--b\r\n"
        + kind
        + b"\r\n"
        + text
        + b"\r\n--b--\r\n",
    ):
        fitted = fit_lines(raw)
        assert longest_line_exceeds(fitted) < 0
        assert payloads(fitted) == payloads(raw)
        assert fitted.startswith(HEAD)


def test_long_header_lines_are_folded_and_mean_the_same() -> None:
    names = ", ".join(f"Recipient Number {number} <r{number}@example.com>" for number in range(60))
    raw = f"From: a@x\r\nTo: {names}\r\nSubject: s\r\n\r\nbody\r\n".encode()
    fitted = fit_lines(raw)
    assert longest_line_exceeds(fitted) < 0
    assert library(fitted)["To"] == names
    assert fitted.replace(b"\r\n ", b" ") == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: " + b"x" * 1000 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"p" * 1000 + b"\r\n--b\r\n\r\nx\r\n--b--\r\n",
        b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" + b"x" * 1000 + b"\r\n--b--\r\n",
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"!" * 1000,
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n" + b"M" * 1000,
        b"Content-Type: message/delivery-status\r\n\r\n" + b"M" * 1000,
    ],
)
def test_what_cannot_be_changed_without_loss_is_refused(raw: bytes) -> None:
    with pytest.raises(LineTooLong):
        fit_lines(raw)


def test_eight_bit_parts_become_seven_bit_and_read_the_same() -> None:
    raw = HEAD + (
        b"Content-Type: multipart/alternative; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "Привет, мир\r\n".encode()
        + b"\r\n--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>caf\xe9 au lait, s'il vous pla\xeet</p>"
        b"\r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\xfe"
        b"\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nkept\r\n--b--\r\n"
    )
    seven = to_seven_bit(raw)
    assert seven.isascii()
    assert payloads(seven) == payloads(raw)
    encodings = [part["Content-Transfer-Encoding"] for part in library(seven).walk()]
    assert encodings == ["7bit", "base64", "quoted-printable", "base64", "7bit"]
    assert seven.count(b"\r\nkept\r\n--b--\r\n") == 1


def test_eight_bit_under_a_signature_is_refused_and_an_ascii_message_is_left_alone() -> None:
    signed = b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xe9\r\n--b--\r\n"
    with pytest.raises(MessageError):
        to_seven_bit(signed)
    plain = b"From: a@x\r\n\r\nplain\r\n"
    assert to_seven_bit(plain) is plain


_text = st.lists(st.sampled_from(["a", "é", " ", "\r\n", "=", "x" * 600, "日", "."]), max_size=40).map("".join)


@given(_text, st.sampled_from([b"", b"8bit", b"quoted-printable"]))
def test_any_text_survives_both_repairs(text: str, encoding: bytes) -> None:
    head = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n"
    if encoding:
        head += b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    octets = text.encode()
    if encoding == b"quoted-printable":
        octets = b"".join([b"=%02X" % octet if octet > 126 or octet == 61 else bytes((octet,)) for octet in octets])
    raw = head + b"\r\n" + octets
    repaired = to_seven_bit(fit_lines(raw))
    assert repaired.isascii()
    assert longest_line_exceeds(repaired) < 0
    assert payloads(repaired) == payloads(raw)
