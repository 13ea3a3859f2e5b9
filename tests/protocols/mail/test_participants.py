"""Sender and recipients that a raw message names itself (DEV-IS-03, DEV-IS-30)."""

from __future__ import annotations

import pytest

from hatobin.protocols.mail import MessageError, header_recipients, header_senders, read_message
from hatobin.words.address import AddressError


def test_recipients_come_from_to_cc_and_bcc() -> None:
    raw = b"From: a@x\r\nTo: T <t@x>,\r\n u@x\r\nBcc: b@x\r\nCc: Team: c@x, t@x;\r\nTo: z@x\r\nReply-To: r@x\r\n\r\n"
    assert [str(box.address) for box in header_recipients(read_message(raw))] == [
        "t@x",
        "u@x",
        "b@x",
        "c@x",
        "t@x",
        "z@x",
    ]
    assert header_recipients(read_message(b"From: a@x\r\nTo: undisclosed-recipients:;\r\n\r\n")) == ()


def test_the_sender_comes_from_from() -> None:
    senders = header_senders(read_message(b"From: =?utf-8?q?J=C3=A9?= <a@x>, b@x\r\n\r\n"))
    assert [(box.display_name, str(box.address)) for box in senders] == [("=?utf-8?q?J=C3=A9?=", "a@x"), ("", "b@x")]


@pytest.mark.parametrize("raw", [b"To: a@x\r\n\r\n", b"From:\r\n\r\n", b"From: nobody:;\r\n\r\n"])
def test_a_message_from_nobody_is_refused(raw: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        header_senders(read_message(raw))
    assert caught.value.text == "Missing required header 'From'."


def test_an_address_that_does_not_parse_is_refused_with_its_text() -> None:
    with pytest.raises(AddressError, match="Local address contains control or whitespace"):
        header_recipients(read_message("From: a@x\r\nTo: dån@x\r\n\r\n".encode()))
