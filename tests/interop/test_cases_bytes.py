"""DEV-IS-06, 07 and 29: long lines, eight-bit bodies and leading dots arrive as they were meant."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from email.message import EmailMessage, Message

import pytest

from tests.interop.sending import accepted_id, send_raw, send_simple, submission, submit
from tests.interop.signatures import PublishedKeys, signatures
from tests.peers.smtp_sink import Received, SmtpSink
from tests.running import RunningServer

_MAX_LINE = 998  # RFC 5322 §2.1.1, without CRLF


@pytest.fixture(scope="module")
def keys(relaying: RunningServer) -> PublishedKeys:
    return PublishedKeys(relaying.command("dns", "example.com"))


@pytest.fixture(scope="module")
def seven_bit_sink() -> Iterator[SmtpSink]:
    with SmtpSink(offer_8bitmime=False) as running:
        yield running


@pytest.fixture(scope="module")
def seven_bit_relaying(seven_bit_sink: SmtpSink) -> Iterator[RunningServer]:
    settings = {"delivery.mode": "relay", "delivery.relay": seven_bit_sink.address, "account.verification": "instant"}
    with RunningServer(settings | {"delivery.retry_delays_s": "[0.5]"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield server


def _check(received: Received, keys: PublishedKeys) -> None:
    """What holds for every message that leaves."""
    assert max(len(line) for line in received.data.split(b"\r\n")) <= _MAX_LINE
    assert b"\n" not in received.data.replace(b"\r\n", b""), "a bare LF"
    assert b"\r" not in received.data.replace(b"\r\n", b""), "a bare CR"
    found = signatures(received.data, keys)
    assert [one.domain for one in found].count("example.com") == 1
    assert all(one.holds for one in found)


def _text(part: Message) -> str:
    assert isinstance(part, EmailMessage)
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


# ── long lines ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "html"), [("ascii", "<p>" + "word " * 4000 + "</p>"), ("utf8", "<p>" + "Täube" * 4000 + "</p>")]
)
def test_a_page_on_one_line(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys, name: str, html: str) -> None:
    to = f"long-html-{name}@example.net"
    content = {"Simple": {"Subject": {"Data": "x"}, "Body": {"Html": {"Data": html}, "Text": {"Data": html}}}}
    send_simple(relaying, [to], Content=content)
    received = sink.wait_for(to)
    _check(received, keys)
    parts = [part for part in received.message.walk() if not part.is_multipart()]
    assert [_text(part).rstrip("\n") for part in parts] == [html, html]


def test_an_attachment_in_base64_on_one_line(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys) -> None:
    payload = bytes(range(256)) * 150
    to = "long-base64@example.net"
    data = (
        f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename=a.bin\r\n\r\n{base64.b64encode(payload).decode()}\r\n--b--\r\n"
    ).encode()
    send_raw(relaying, data)
    received = sink.wait_for(to)
    _check(received, keys)
    attachment = next(received.message.iter_attachments())
    assert hashlib.sha256(attachment.get_content()).digest() == hashlib.sha256(payload).digest()


@pytest.mark.parametrize("door", ["v2", "smtp"])
def test_a_seven_bit_line_of_1200_is_mended(
    relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys, door: str
) -> None:
    to = f"long-7bit-{door}@example.net"
    line = "0123456789 " * 109 + "x"
    data = (
        f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{line}\r\nend\r\n"
    ).encode()
    if door == "v2":
        send_raw(relaying, data)
    else:
        with submission(relaying) as session:
            accepted_id(submit(session, "sender@example.com", [to], data))
    received = sink.wait_for(to)
    _check(received, keys)
    assert _text(received.message) == f"{line}\nend\n"


@pytest.mark.parametrize("separator", [", ", ",\r\n "], ids=["unfolded", "folded"])
def test_sixty_names_in_to(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys, separator: str) -> None:
    names = [f'"Name Number {number}" <name{number}@example.net>' for number in range(60)]
    to = f"sixty-{len(separator)}@example.net"
    data = f"From: sender@example.com\r\nTo: {separator.join(names)}\r\nSubject: x\r\n\r\nx\r\n".encode()
    send_raw(relaying, data, [to], FromEmailAddress="sender@example.com")
    received = sink.wait_for(to)
    _check(received, keys)
    assert received.recipients == (to,)
    assert [one.addr_spec for one in received.message["To"].addresses] == [f"name{n}@example.net" for n in range(60)]


# ── eight-bit bodies ─────────────────────────────────────────────────────────

_CYRILLIC = "Привет, голубь!\n«Съешь ещё этих мягких булок»\n"


def _eight_bit(to: str) -> bytes:
    return (
        f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{_CYRILLIC}--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"<p>{_CYRILLIC}</p>\r\n--b--\r\n"
    ).replace("\r\n", "\n").replace("\n", "\r\n").encode()  # fmt: skip


def _latin(to: str) -> bytes:
    return (
        f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + "Grüße, Mädchen & Söhne\r\n".encode("latin-1")


def _send_eight_bit(server: RunningServer, door: str, to: str, data: bytes) -> None:
    if door == "v2":
        send_raw(server, data)
        return
    with submission(server) as session:
        accepted_id(submit(session, "sender@example.com", [to], data, body="8BITMIME"))


@pytest.mark.parametrize("door", ["v2", "smtp"])
@pytest.mark.parametrize("receiver", ["8bitmime", "7bit"])
def test_eight_bit_text_decodes_to_the_same(
    request: pytest.FixtureRequest, keys: PublishedKeys, door: str, receiver: str
) -> None:
    prefix = "" if receiver == "8bitmime" else "seven_bit_"
    server: RunningServer = request.getfixturevalue(prefix + "relaying")
    receiving: SmtpSink = request.getfixturevalue(prefix + "sink")
    if receiver == "7bit":
        keys = PublishedKeys(server.command("dns", "example.com"))
    cyrillic, latin = f"cyrillic-{receiver}-{door}@example.net", f"latin-{receiver}-{door}@example.net"
    _send_eight_bit(server, door, cyrillic, _eight_bit(cyrillic))
    _send_eight_bit(server, door, latin, _latin(latin))
    first, second = receiving.wait_for(cyrillic), receiving.wait_for(latin)
    texts = [_text(part) for part in first.message.iter_parts()]
    assert texts[0].rstrip("\n") == _CYRILLIC.rstrip("\n")
    assert texts[1].rstrip("\n") == f"<p>{_CYRILLIC}</p>"
    assert _text(second.message) == "Grüße, Mädchen & Söhne\n"
    for received in (first, second):
        _check(received, keys)
        for part in received.message.walk():
            if part.get("Content-Transfer-Encoding", "7bit").lower() == "7bit" and not part.is_multipart():
                assert str(part.get_payload()).isascii()
        if receiver == "7bit":
            assert received.data.isascii(), "eight-bit octets for a receiver without 8BITMIME"
            assert "8BITMIME" not in received.parameters.upper()
        elif not received.data.isascii():
            assert "BODY=8BITMIME" in received.parameters.upper()


# ── leading dots ─────────────────────────────────────────────────────────────

_DOTS = ".\n..\n.x\n...\nhttps://example.com/a\n.html\nend\n."


@pytest.mark.parametrize("door", ["v2-raw", "v2-simple", "v1-raw", "smtp"])
def test_leading_dots_arrive(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys, door: str) -> None:
    to = f"dots-{door}@example.net"
    head = f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\n\r\n"
    data = (head + _DOTS.replace("\n", "\r\n") + "\r\n").encode()
    if door == "v2-raw":
        send_raw(relaying, data)
    elif door == "v1-raw":
        relaying.client("ses").send_raw_email(RawMessage={"Data": data})
    elif door == "smtp":
        with submission(relaying) as session:
            accepted_id(submit(session, "sender@example.com", [to], data))
    else:
        content = {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": _DOTS}}}}
        send_simple(relaying, [to], Content=content)
    received = sink.wait_for(to)
    _check(received, keys)
    assert _text(received.message).rstrip("\n") == _DOTS
    if door != "v2-simple":
        assert received.data.partition(b"\r\n\r\n")[2] == data.partition(b"\r\n\r\n")[2]


def test_a_dot_after_a_soft_line_break(relaying: RunningServer, sink: SmtpSink, keys: PublishedKeys) -> None:
    to = "dots-qp@example.net"
    data = (
        f"From: sender@example.com\r\nTo: {to}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "see https://example.com/page=\r\n.html and =C3=A4=\r\n..\r\n"
    ).encode()
    send_raw(relaying, data)
    received = sink.wait_for(to)
    _check(received, keys)
    assert _text(received.message) == "see https://example.com/page.html and ä..\n"
