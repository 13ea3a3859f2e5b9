"""The header parts of the `mail` object, held against the records of the developer guide."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.mail import common_headers, display_list, event_headers, read_message, split_message
from tests.corpus import corpus_path

SEND = (
    b"From: Sender Name <sender@example.com>\r\n"
    b"To: recipient@example.com\r\n"
    b"Subject: Message sent from Amazon SES\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; \r\n\tboundary="----=_Part_7307378_1629847660.1516840721503"\r\n'
    b"\r\n"
)


def test_the_headers_of_a_sent_message_are_those_of_the_guide() -> None:
    listed = event_headers(split_message(SEND).fields)
    assert not listed.truncated
    assert listed.headers == [
        {"name": "From", "value": "Sender Name <sender@example.com>"},
        {"name": "To", "value": "recipient@example.com"},
        {"name": "Subject", "value": "Message sent from Amazon SES"},
        {"name": "MIME-Version", "value": "1.0"},
        {
            "name": "Content-Type",
            "value": 'multipart/alternative;  boundary="----=_Part_7307378_1629847660.1516840721503"',
        },
    ]
    assert json.dumps(common_headers(split_message(SEND).fields, message_id="id-000000")) == (
        '{"from": ["Sender Name <sender@example.com>"], "to": ["recipient@example.com"], '
        '"messageId": "id-000000", "subject": "Message sent from Amazon SES"}'
    )


def test_common_headers_are_decoded_and_absent_ones_missing() -> None:
    raw = (
        b"Return-Path: <prvs=1=sender@example.com>\r\n"
        b'From: "Doe, John" <sender@example.com>\r\n'
        b'To: =?UTF-8?B?5bGx55Sw?= <a@x>, Team: b@y, "C" <c@z>;\r\n'
        b"Cc: not an address at all\r\nBcc: d@x\r\nReply-To: e@x\r\n"
        b"Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n"
        b"Date: Mon, 5 Aug 2019 21:29:57 +0000\r\nMessage-ID: <original@example.com>\r\n\r\n"
    )
    assert common_headers(split_message(raw).fields, message_id="id-000000") == {
        "returnPath": "prvs=1=sender@example.com",
        "from": ['"Doe, John" <sender@example.com>'],
        "date": "Mon, 5 Aug 2019 21:29:57 +0000",
        "to": ["山田 <a@x>", "b@y", "C <c@z>"],
        "cc": ["not an address at all"],
        "bcc": ["d@x"],
        "replyTo": ["e@x"],
        "messageId": "<original@example.com>",
        "subject": "日本",
    }
    assert common_headers(()) == {}
    assert common_headers((), return_path="r@x") == {"returnPath": "r@x"}


def test_headers_stop_at_ten_kilobytes_and_say_so() -> None:
    many = b"".join([b"X-%04d: %s\r\n" % (number, b"v" * 94) for number in range(200)])
    listed = event_headers(split_message(many + b"\r\n").fields)
    size = sum(len(header["name"]) + len(header["value"]) for header in listed.headers)
    assert listed.truncated
    assert len(listed.headers) == 102
    assert size <= 10_240
    assert not event_headers(split_message(many + b"\r\n").fields[:102]).truncated


def test_names_and_lists_are_shown_alike_with_and_without_the_parser() -> None:
    assert display_list("a@x, B b <c@y>") == ["a@x", "B b <c@y>"]
    assert display_list("<a@x>") == ["a@x"]
    assert display_list("<a.b+c@mail.example.com>") == ["a.b+c@mail.example.com"]
    assert display_list("<a@b>@c") == ["<a@b>@c"]
    assert display_list(f"<{'a' * 65}@example.com>") == [f"<{'a' * 65}@example.com>"]
    assert display_list("John Q. Public <a@x>") == ['"John Q. Public" <a@x>']
    assert display_list("") == []
    assert display_list("undisclosed-recipients:;") == []


@given(st.binary(max_size=200))
def test_any_message_gives_an_object_that_is_json(raw: bytes) -> None:
    fields = split_message(b"From: " + raw + b"\r\nSubject: " + raw + b"\r\n\r\n").fields
    json.dumps([event_headers(fields).headers, common_headers(fields)]).encode("ascii")


def test_the_multi_charset_samples_decode_to_the_expected_text() -> None:
    folder = corpus_path("mime/ruby-mail/multi_charset")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    for name, wanted in expected.items():
        common = common_headers(read_message((folder / name).read_bytes()).fields)
        assert common["subject"] == wanted["subject"], name
        assert common["from"] == [wanted["from"]], name
        assert common["to"] == [wanted["to"]], name
