"""Content-Type and Content-Disposition: read as strictly as SES, written for every reader."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail.content_type import (
    extended_parameter,
    file_name,
    name_parameter,
    parse_content_type,
    parse_disposition,
    quoted,
)
from hatobin.protocols.mail.errors import MessageError


@pytest.mark.parametrize(
    ("value", "kind", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("TEXT/Html; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('multipart/mixed;  boundary="----=_Part_0_1.2"', "multipart/mixed", {"boundary": "----=_Part_0_1.2"}),
        ('multipart/mixed; boundary="a \\"b\\""', "multipart/mixed", {"boundary": 'a "b"'}),
        ("text/plain (a comment); charset=us-ascii (Plain text)", "text/plain", {"charset": "us-ascii"}),
        ("text / plain ; format = flowed ; delsp=yes", "text/plain", {"format": "flowed", "delsp": "yes"}),
        ("text/plain; charset=utf-8;", "text/plain", {"charset": "utf-8"}),
        ("text/plain;; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ("image/png; name=a/b:c.png", "image/png", {"name": "a/b:c.png"}),
        ("text/plain; charset=a; charset=b", "text/plain", {"charset": "a"}),
        (
            "application/x; name*0*=UTF-8''%E5%B1%B1; name*1=\"a b\"; name*2*=%E7%94%B0",
            "application/x",
            {"name": "山a b田"},
        ),
        ("application/x; name*=iso-8859-1'fr'%E9t%E9", "application/x", {"name": "été"}),
        ("application/x; name*0=a; name*1=b", "application/x", {"name": "ab"}),
    ],
)
def test_a_media_type_is_read(value: str, kind: str, parameters: dict[str, str]) -> None:
    parsed = parse_content_type(value)
    assert str(parsed) == kind
    assert dict(parsed.parameters) == parameters


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("text; charset=utf-8", "Expected '/', got ;"),
        ("text", "Expected '/', got null"),
        ("", "Expected MIME type, got null"),
        ("/plain", "Expected MIME type, got /"),
        ("text/", "Expected MIME subtype, got null"),
        ("text/;", "Expected MIME subtype, got ;"),
        ("text/plain charset=utf-8", "Expected ';', got \"charset\""),
        ("text/plain; =utf-8", 'Expected parameter name, got "="'),
        ("text/plain; charset", "Expected '=', got \"null\""),
        ("text/plain; charset; a=b", "Expected '=', got \";\""),
        ("text/plain; charset=", 'Expected parameter value, got "null"'),
        ("text/plain; charset=;", 'Expected parameter value, got ";"'),
        ("text/plain (never closed", "Expected ';', got \"(\""),
    ],
)
def test_a_broken_media_type_gets_the_text_of_ses(value: str, fault: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse_content_type(value)
    assert caught.value.text == fault


def test_a_disposition_is_read_or_refused_with_the_text_of_ses() -> None:
    assert parse_disposition("Attachment; filename=a.txt").parameters == {"filename": "a.txt"}
    with pytest.raises(MessageError) as caught:
        parse_disposition("=?utf-8?Q?attachment?=")
    assert caught.value.text == "Expected disposition, got ="


def test_a_file_name_comes_from_the_disposition_before_the_type() -> None:
    kind = parse_content_type('image/png; name="=?UTF-8?B?5bGx?=.png"')
    assert file_name(kind, parse_disposition("inline; filename=b.png")) == "b.png"
    assert file_name(kind, parse_disposition("inline")) == "山.png"
    assert file_name(parse_content_type("image/png"), None) is None


@given(st.text(max_size=80))
@example("(" * 50 + "text/plain")
@example('text/plain; a="' + "\\" * 50)
def test_any_text_is_read_or_refused_as_a_message_error(value: str) -> None:
    for parse in (parse_content_type, parse_disposition):
        try:
            found = parse(value)
        except MessageError:
            continue
        assert all(name == name.lower() for name in found.parameters)


def test_hostile_comments_and_strings_end_at_once() -> None:
    for value in ("text/plain" + "(" * 300_000, "text/plain; " + ";" * 300_000, 'text/plain; a="' + "x" * 300_000):
        try:
            parse_content_type(value)
        except MessageError:
            continue


_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=120).map(str.strip).filter(bool)


@given(_names)
@example("報告書（最終版）" * 12 + ".pdf")
@example('a"b\\c.txt')
@example("x" * 250 + ".txt")
@example("naïve file name.txt")
def test_a_written_file_name_reads_back_here_and_in_the_standard_library(name: str) -> None:
    raw = (
        f"Content-Type: application/pdf{name_parameter('name', name)}\r\n"
        f"Content-Disposition: attachment{extended_parameter('filename', name)}\r\n\r\n"
    )
    assert raw.isascii()
    assert max(map(len, raw.split("\r\n"))) <= 998
    kind, disposition = (line.partition(": ")[2] for line in raw.replace("\r\n ", " ").split("\r\n")[:2])
    assert parse_disposition(disposition).parameters["filename"] == name
    if name.isascii():
        assert parse_content_type(kind).parameters["name"] == name
    else:
        assert file_name(parse_content_type(kind), None) == name
    library = message_from_bytes(raw.encode("ascii"), policy=policy.default).get_filename()
    if "'" not in name and "%" not in name:  # The library takes both marks apart even in plain values.
        assert library == name


def test_a_value_is_quoted_only_where_it_must_be() -> None:
    assert quoted("abc.txt") == "abc.txt"
    assert quoted("----=_Part_1") == '"----=_Part_1"'
    assert quoted('a"b\\') == '"a\\"b\\\\"'
