"""Words that are replaced in the texts of a message, under every transfer encoding."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest

from hatobin.protocols.mail.attachment import Attachment
from hatobin.protocols.mail.compose import Content, Simple, compose
from hatobin.protocols.mail.headers import Message
from hatobin.protocols.mail.placeholders import replace_in_texts
from hatobin.protocols.mail.rewrite import read_message, rewrite
from hatobin.words.address import parse_mailbox

HERE, URL = "{{here}}", "https://mail.test/unsubscribe/" + "x" * 600
LONG = "ü" * 300


def replaced(message: Message, limit: int = 2) -> Any:
    done = replace_in_texts(message, HERE.encode(), URL.encode(), limit=limit)
    octets = rewrite(done, message_id_header="<a@b>", date="Thu, 01 Jan 2026 00:00:00 +0000")
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998
    return message_from_bytes(octets, policy=policy.default)


def composed(text: str | None, html: str | None, *attachments: Attachment, charset: str = "UTF-8") -> Message:
    sender = parse_mailbox("a@example.com")
    parts = [None if part is None else Content(part, charset) for part in (text, html)]
    simple = Simple(sender, Content("s"), text=parts[0], html=parts[1], attachments=attachments)
    return read_message(compose(simple, lambda: "boundary"))


@pytest.mark.parametrize("around", ["plain", f"mostly plain, one ü, {'words ' * 300}", LONG, "a = b\nü\n"])
@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1"])
def test_a_lone_part_decodes_to_the_same_text_with_the_link(around: str, charset: str) -> None:
    text = f"{around}{HERE}{around} {HERE} and {HERE}"
    message = replaced(composed(text, None, charset=charset))
    expected = text.replace(HERE, URL, 2)
    assert message.get_content().split() == expected.split()


def test_each_text_has_its_own_two() -> None:
    message = replaced(composed(f"{HERE}{HERE}{HERE}{LONG}", f'<a href="{HERE}">ü</a>'))
    text, html = message.iter_parts()
    assert text.get_content().strip() == f"{URL}{URL}{HERE}{LONG}"
    assert html.get_content().strip() == f'<a href="{URL}">ü</a>'


def test_attachments_are_left_alone() -> None:
    file = Attachment(file_name="x.txt", content=HERE.encode(), content_type="text/plain")
    message = replaced(composed(HERE, None, file))
    body, attached = message.iter_parts()
    assert body.get_content().strip() == URL
    assert attached.get_payload(decode=True) == HERE.encode()


def test_signed_and_forwarded_parts_are_left_alone() -> None:
    raw = (
        b'From: a@example.com\r\nContent-Type: multipart/signed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n{{here}}\r\n--b\r\nContent-Type: application/x\r\n\r\nx\r\n--b--\r\n"
    )
    signed = read_message(raw)
    assert replace_in_texts(signed, HERE.encode(), URL.encode(), limit=2) is signed
    forwarded = read_message(
        raw.replace(b"multipart/signed", b"multipart/mixed").replace(b"text/plain", b"message/rfc822")
    )
    assert replace_in_texts(forwarded, HERE.encode(), URL.encode(), limit=2) is forwarded


def test_a_message_without_the_word_keeps_its_octets() -> None:
    message = composed("nothing ü here", "<p>nor here</p>")
    assert replace_in_texts(message, HERE.encode(), URL.encode(), limit=2) is message


def test_escaped_line_ends_stay_what_they_are() -> None:
    head = b"From: a@example.com\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    message = replaced(read_message(head + b"a=0Ab {{here}} c=0D=0Ad\r\n"))
    assert message.get_payload(decode=True) == f"a\nb {URL} c\r\nd\r\n".encode()
