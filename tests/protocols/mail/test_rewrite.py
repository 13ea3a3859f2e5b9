"""Outbound rewriting: exactly the fields of the service change, all other octets pass."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail import (
    HeaderError,
    LineTooLong,
    MessageError,
    check_message,
    format_date,
    read_message,
    rewrite,
    split_message,
)
from hatobin.protocols.mail.headers import ONCE_ONLY
from hatobin.protocols.mail.transfer import longest_line_exceeds
from tests.corpus import corpus_path

MESSAGE_ID = "<0100016d07eb7477-8e1938ce-475e-4e4b-89cb-000000000000-000000@email.hatobin.localhost>"
DATE = format_date(1567795934)
EXTRA = (("X-SES-Outgoing", "2019.09.06-203.0.113.0"), ("Feedback-ID", "::1.us-east-1.abc=:Hatobin"))
ADDED = (
    f"Message-ID: {MESSAGE_ID}\r\nDate: Fri, 6 Sep 2019 18:52:14 +0000\r\n"
    "X-SES-Outgoing: 2019.09.06-203.0.113.0\r\nFeedback-ID: ::1.us-east-1.abc=:Hatobin\r\n"
).encode()


def sent(raw: bytes, *, seven_bit: bool = False) -> bytes:
    return rewrite(read_message(raw), message_id_header=MESSAGE_ID, date=DATE, extra=EXTRA, seven_bit=seven_bit)


ORIGINAL = (
    b"Received: by a\r\n\tfor b\r\n"
    b"From:  Odd   spacing <a@x>\r\n"
    b"bcc : hidden@x,\r\n more@x\r\n"
    b"Return-Path: <r@x>\r\n"
    b"Message-Id: <mine@x>\r\n"
    b"DATE: Mon, 1 Jan 2001 00:00:00 +0000\r\n"
    b"X-SES-CONFIGURATION-SET: set\r\n"
    b"x-ses-message-tags: a=b\r\n"
    b"Feedback-ID: old:AmazonSES\r\n"
    b"DKIM-Signature: v=1; b=abc\r\n def\r\n"
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Bcc: not a field\r\n..dots\r\n.\r\n \r\nlast line without end"
)


def test_only_the_fields_of_the_service_change() -> None:
    assert sent(ORIGINAL) == (
        b"Received: by a\r\n\tfor b\r\n"
        b"From:  Odd   spacing <a@x>\r\n"
        b"DKIM-Signature: v=1; b=abc\r\n def\r\n"
        b"Subject: =?utf-8?q?caf=C3=A9?=\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n" + ADDED + b"\r\n"
        b"Bcc: not a field\r\n..dots\r\n.\r\n \r\nlast line without end"
    )


@pytest.mark.parametrize("ends", [b"\n", b"\r"])
def test_bare_line_ends_are_normalised_before_anything_is_judged(ends: bytes) -> None:
    raw = ORIGINAL.replace(b"\r\n", ends)
    assert sent(raw) == sent(ORIGINAL)
    # The message object may also come from elsewhere, with its line ends as they were.
    assert rewrite(
        split_message(ORIGINAL.replace(b"\r\n", b"\n")), message_id_header=MESSAGE_ID, date=DATE, extra=EXTRA
    ) == sent(ORIGINAL)


@pytest.mark.parametrize(
    "hidden", [b"Subject: a\rBcc: b@x\r\n", b"Subject: a\nBcc: b@x\r\n", b"Subject: a\r\nBcc: b@x\r\n"]
)
def test_no_bcc_hides_behind_a_bare_line_end(hidden: bytes) -> None:
    out = sent(b"From: a@x\r\n" + hidden + b"\r\nbody\r\n")
    assert b"Bcc" not in out
    assert out.count(b"\r") == out.count(b"\n") == out.count(b"\r\n")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"plain\r\n", b"Content-Type: text/plain; charset=us-ascii\r\n"),
        ("é\r\n".encode(), b"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n"),
        (b"\xe9\r\n", b"Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n"),
    ],
)
def test_missing_mime_fields_are_added(body: bytes, fields: bytes) -> None:
    assert sent(b"From: a@x\r\n\r\n" + body) == b"From: a@x\r\nMIME-Version: 1.0\r\n" + fields + ADDED + b"\r\n" + body
    typed = sent(b"From: a@x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body)
    assert typed.count(b"Content-Type") == 1
    assert typed.count(b"MIME-Version: 1.0\r\n") == 1


@pytest.mark.parametrize(
    "raw", [b"From: a@x\r\nSubject: s", b"From: a@x\r\nSubject: s\r\n", b"From: a@x\r\nno field\r\nbody"]
)
def test_a_message_without_its_empty_line_gets_it(raw: bytes) -> None:
    head, _, body = sent(raw).partition(b"\r\n\r\n")
    assert head.endswith(b"Feedback-ID: ::1.us-east-1.abc=:Hatobin")
    assert body in (b"", b"no field\r\nbody")


def test_an_mbox_line_on_top_is_dropped() -> None:
    assert sent(b"From me Mon Jan 1\r\nFrom: a@x\r\n\r\nb").startswith(b"From: a@x\r\n")


def test_a_long_line_is_mended_without_loss_or_refused() -> None:
    html = b"<p>" + b"word " * 400
    out = sent(b"From: a@x\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n")
    assert longest_line_exceeds(out) < 0
    assert message_from_bytes(out).get_payload(decode=True) == html + b"\r\n"
    with pytest.raises(LineTooLong):
        sent(b"From: a@x\r\nSubject: " + b"x" * 1000 + b"\r\n\r\n")


def test_eight_bit_content_is_encoded_where_asked() -> None:
    raw = b"From: a@x\r\n\r\n" + "Привет\r\n".encode()
    out = sent(raw, seven_bit=True)
    assert out.isascii()
    assert message_from_bytes(out, policy=policy.default).get_payload(decode=True) == "Привет\r\n".encode()


def test_a_field_of_the_service_with_a_line_end_is_our_own_fault() -> None:
    with pytest.raises(HeaderError):
        rewrite(read_message(ORIGINAL), message_id_header="<a@x>\r\nBcc: b@x", date=DATE)


def test_a_message_without_from_is_refused_with_the_text_of_ses() -> None:
    with pytest.raises(MessageError) as caught:
        check_message(read_message(b"Subject: s\r\n\r\n"))
    assert caught.value.text == "Missing required header 'From'."


@pytest.mark.parametrize("name", sorted(ONCE_ONLY - {"content-type", "content-disposition"}))
def test_a_doubled_field_is_refused_with_the_text_of_ses(name: str) -> None:
    first, second = name.title(), name.upper()
    raw = f"From: a@x\r\n{first}: 1\r\n{second}: 1\r\nReceived: 1\r\nReceived: 2\r\n\r\n"
    with pytest.raises(MessageError) as caught:
        check_message(read_message(raw.encode()))
    assert caught.value.text == f"Duplicate header '{first}'."


def test_received_and_unknown_fields_may_be_doubled() -> None:
    raw = b"Received: a\r\nReceived: b\r\nX-Foo: 1\r\nX-Foo: 2\r\nFrom: a@x\r\n\r\n"
    assert check_message(read_message(raw)).is_leaf


_lines = st.sampled_from(
    [
        b"From: a@x",
        b"BCC: b@x",
        b"Bcc : c@x",
        b" folded",
        b"Return-Path: <>",
        b"X-SES-TENANT: t",
        b"Message-ID: <x>",
        b"Content-Type: text/plain",
        b"",
        b"text",
        b"\xe9",
        b"x" * 1200,
    ]
)


@given(st.lists(_lines, max_size=12), st.sampled_from([b"\r\n", b"\n", b"\r"]), st.booleans())
@example([], b"\r\n", True)
def test_any_message_leaves_with_clean_lines_and_without_secrets(
    lines: list[bytes], end: bytes, seven_bit: bool
) -> None:
    raw = end.join(lines)
    try:
        out = sent(raw, seven_bit=seven_bit)
    except MessageError:
        return
    assert out.count(b"\r") == out.count(b"\n") == out.count(b"\r\n")
    assert longest_line_exceeds(out) < 0
    message = split_message(out)
    keys = [field.key for field in message.fields]
    assert not {"bcc", "return-path", "x-ses-tenant"} & set(keys)
    assert keys.count("message-id") == keys.count("date") == keys.count("mime-version") == 1
    assert message.separator == b"\r\n"
    again = rewrite(message, message_id_header=MESSAGE_ID, date=DATE, extra=EXTRA, seven_bit=seven_bit)
    assert again == out


def test_every_raw_message_of_the_corpus_leaves_with_its_body_untouched() -> None:
    seen = 0
    for path in sorted(corpus_path("mime").rglob("*.eml")):
        message = read_message(path.read_bytes())
        try:
            out = rewrite(message, message_id_header=MESSAGE_ID, date=DATE, extra=EXTRA)
        except MessageError:
            continue
        assert longest_line_exceeds(out) < 0
        if longest_line_exceeds(message.raw) < 0:
            assert split_message(out).body == message.body, path.name
            seen += 1
    assert seen >= 70


def test_dates_are_written_as_ses_writes_them() -> None:
    assert format_date(1567795934.9) == "Fri, 6 Sep 2019 18:52:14 +0000"
    assert format_date(0) == "Thu, 1 Jan 1970 00:00:00 +0000"
    assert format_date(1735689599) == "Tue, 31 Dec 2024 23:59:59 +0000"
