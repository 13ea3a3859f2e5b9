"""Single lines: paths, parameters, replies, offers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.smtp.grammar import (
    is_mailbox,
    parse_extensions,
    parse_hello,
    parse_mail_path,
    parse_parameters,
    parse_rcpt_path,
    render_reply,
    shown_path,
    split_command,
)
from hatobin.words.reply import Reply


@pytest.mark.parametrize(
    ("line", "verb", "rest"),
    [
        (b"NOOP", b"NOOP", b""),
        (b"mail From:<a@b> SIZE=1", b"MAIL", b"From:<a@b> SIZE=1"),
        (b"QUIT \t", b"QUIT", b""),
        (b"", b"", b""),
        (b" NOOP", b"", b"NOOP"),
    ],
)
def test_command_is_split_at_the_first_blank(line: bytes, verb: bytes, rest: bytes) -> None:
    assert split_command(line) == (verb, rest)


def test_null_sender_is_a_path_and_null_recipient_is_none() -> None:
    assert parse_mail_path(b"FROM:<> SIZE=1") == ("", b" SIZE=1")
    assert parse_rcpt_path(b"TO:<>") is None


def test_postmaster_needs_no_domain_and_nobody_else_goes_without() -> None:
    assert parse_rcpt_path(b"TO:<Postmaster>") == ("Postmaster", b"")
    assert parse_rcpt_path(b"TO:<hostmaster>") is None
    assert parse_mail_path(b"FROM:<postmaster>") is None


def test_path_lengths_are_those_of_the_law() -> None:
    domain = "d." * 93 + "abc"  # 189 octets
    assert is_mailbox("l" * 64 + "@" + domain)
    assert not is_mailbox("l" * 65 + "@" + domain)
    assert not is_mailbox("l" * 64 + "@x" + domain)  # 255 octets in all


@pytest.mark.parametrize(
    "address",
    ["a@b", '"a b"@example.com', '"a\\"b"@example.com', "a@[127.0.0.1]", "a@[IPv6:::1]", "a/b=c!d@x--y.example"],
)
def test_mailbox_that_may_stand_in_a_command(address: str) -> None:
    assert is_mailbox(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a@b>",
        "<a@b>",
        "a@b c",
        "a@b\r\nRCPT TO:<c@d>",
        "a@b\n",
        '"a"b@c',
        '"a\r\n"@c',
        '"a@b',
        "ü@b",
        "a@ü",
        "a@b.",
        "a.@b",
        ".a@b",
        "a@[1.2.3]",
        "a@[IPv6:fe80::1%eth0]",
        "a@b@c",
    ],
)
def test_mailbox_that_may_not(address: str) -> None:
    assert not is_mailbox(address)


@given(st.text(max_size=30))
def test_no_mailbox_holds_a_line_end_or_unquoted_bracket(address: str) -> None:
    if is_mailbox(address):
        assert parse_mail_path(b"FROM:<%s>" % address.encode("ascii")) == (address, b"")


def test_parameters_have_no_case_and_come_once() -> None:
    assert parse_parameters(b" Size=1 BODY=x  Y") == {b"SIZE": b"1", b"BODY": b"x", b"Y": None}
    assert parse_parameters(b" SIZE=1 size=1") is None
    assert parse_parameters(b" SIZE==1") is None
    assert parse_parameters(b" -X") is None


def test_hello_takes_any_printable_word() -> None:
    assert parse_hello(b" my_host ") == "my_host"
    assert parse_hello(b"[192.0.2.1]") == "[192.0.2.1]"
    assert parse_hello(b"two words") is None
    assert parse_hello(b"\xff") is None
    assert parse_hello(b"x" * 256) is None


def test_shown_path_is_printable_and_short() -> None:
    assert shown_path(b"TO:<a@b> X") == "a@b"
    assert shown_path(b"TO:<" + b"\x00" * 600) == "?" * 256


def test_reply_with_several_lines_has_hyphens() -> None:
    assert render_reply(Reply.of(250, "a", "b", "c")) == b"250-a\r\n250-b\r\n250 c\r\n"
    assert render_reply(Reply.of(250, "5.1.1 a")) == b"250 5.1.1 a\r\n"
    assert render_reply(Reply.of(250)) == b"250\r\n"


def test_reply_text_cannot_become_a_second_line() -> None:
    assert render_reply(Reply.of(250, "a\r\n221 b\tü")) == b"250 a??221 b??\r\n"


def test_extensions_are_read_with_their_parameters() -> None:
    lines = ("mx.example.com at your service", "size 100", "AUTH PLAIN", "AUTH=LOGIN", "8BITMIME", "", "<odd>", "Ok")
    assert parse_extensions(lines) == {"SIZE": "100", "AUTH": "PLAIN LOGIN", "8BITMIME": "", "OK": ""}
