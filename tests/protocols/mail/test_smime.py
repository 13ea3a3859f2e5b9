"""S/MIME: what is signed, what stays outside, and that the signed part keeps its octets."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.mime import parse_parts
from hatobin.protocols.mail.smime import SmimeKey, join_signed, load_smime_key, separate, sign_entity
from tests.mail_certificates import issue, key_pem, rsa_key

NOW = 1_767_268_800.0
HEAD = b"From: a@example.com\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nX-Own: 1\r\n"


@pytest.fixture(scope="module")
def key() -> SmimeKey:
    issued = issue("a@example.com", now=NOW)
    der = serialization.load_pem_private_key(key_pem(rsa_key()), None).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return load_smime_key((issued.certificate + issued.authority).decode(), der)


def test_content_fields_go_inside_and_all_others_stay() -> None:
    fields = (
        b"Content-Type: text/html;\r\n charset=utf-8\r\nContent-Language: de\r\nContent-Transfer-Encoding: base64\r\n"
    )
    found = separate(HEAD + fields + b"Message-ID: <1@x>\r\n\r\nHello\r\n")
    assert found is not None
    assert found.outer == HEAD + b"Message-ID: <1@x>\r\n"
    assert found.entity == fields + b"\r\nHello\r\n"


def test_message_without_mime_becomes_one() -> None:
    found = separate(b"From: a@example.com\r\n\r\nHello\r\n")
    assert found is not None
    assert found.outer == b"From: a@example.com\r\nMIME-Version: 1.0\r\n"
    assert found.entity == b"\r\nHello\r\n"


def test_eight_bit_content_is_signed_in_seven_bits() -> None:
    text = "Grüße\r\n".encode()
    found = separate(
        HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text
    )
    assert found is not None
    assert found.entity.isascii()
    assert b"quoted-printable" in found.entity or b"base64" in found.entity


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/signed; protocol=x; boundary=b",
        "Multipart/Encrypted; protocol=x; boundary=b",
        "application/pkcs7-mime; smime-type=enveloped-data",
        "application/x-pkcs7-mime",
    ],
)
def test_what_its_sender_has_sealed_is_left_alone(kind: str) -> None:
    assert separate(HEAD + f"Content-Type: {kind}\r\n\r\n--b\r\n".encode()) is None


@pytest.mark.parametrize("body", [b"", b"Hello", b"Hello\r\n", b"\r\n\r\n", b"--\r\nfrom \r\n trailing \t\r\n\r\n\r\n"])
def test_signed_part_keeps_its_octets(key: SmimeKey, body: bytes) -> None:
    found = separate(HEAD + b"Content-Type: text/plain\r\n\r\n" + body)
    assert found is not None
    signature = sign_entity(key, found.entity)
    message = join_signed(found, signature, "abc")
    tree = parse_parts(split_message(message))
    assert [str(part.content_type) for part in tree.children] == [
        "text/plain",
        "application/pkcs7-signature",
    ]
    start = message.index(b"--abc\r\n") + len(b"--abc\r\n")
    assert message[start : message.index(b"\r\n--abc\r\n", start)] == found.entity
    encoded = message[message.rindex(b"\r\n\r\n") + 4 : message.rindex(b"\r\n--abc--\r\n")]
    assert base64.b64decode(encoded) == signature
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


def test_signature_brings_the_certificates_and_not_the_content(key: SmimeKey) -> None:
    entity = b"Content-Type: text/plain\r\n\r\n" + b"Here is what is signed" * 1000
    signature = sign_entity(key, entity)
    assert b"Here is what is signed" not in signature
    serials = {certificate.serial_number for certificate in pkcs7.load_der_pkcs7_certificates(signature)}
    assert serials == {key.certificate.serial_number, *(one.serial_number for one in key.issuers)}
