"""The tree of MIME parts: positions, texts of SES for broken structure, bounds."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.mail import MessageError, Part, parse_parts, split_message
from hatobin.protocols.mail.mime import MAX_DEPTH, MAX_PARTS
from tests.corpus import corpus_path

NESTED = (
    b"From: a@x\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n"
    b"preamble --outer\r\n"
    b"--outer\r\nContent-Type: multipart/alternative; boundary=outer2\r\n\r\n"
    b"--outer2\r\n\r\nplain\r\n--outer2  \r\nContent-Type: text/html\r\n\r\n<p>\r\n--outer2--\r\n"
    b"\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner body\r\n--outer--\r\nepilogue"
)


def body(raw: bytes, part: Part) -> bytes:
    return raw[part.body_start : part.end]


def test_parts_lie_where_their_octets_are() -> None:
    root = parse_parts(split_message(NESTED))
    kinds = [str(part.content_type) for part in root.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "message/rfc822",
        "text/plain",
    ]
    leaves = [part for part in root.walk() if part.is_leaf]
    assert [body(NESTED, part) for part in leaves] == [b"plain", b"<p>", b"inner body"]
    assert leaves[2].fields[0].value == "in"


@pytest.mark.parametrize(
    ("head", "text", "fault"),
    [
        (b"multipart/mixed; boundary=b", b"no delimiter", "Missing start boundary"),
        (b"multipart/mixed; boundary=b", b"", "Missing start boundary"),
        (b"multipart/mixed; boundary=b", b"--bb\r\n\r\nx", "Missing start boundary"),
        (b"multipart/mixed; boundary=b", b" --b\r\n\r\nx", "Missing start boundary"),
        (b"multipart/mixed", b"--b\r\n\r\nx\r\n--b--", "Missing start boundary"),
        (b"text; charset=x", b"", "Expected '/', got ;"),
        (b"multipart/mixed; boundary=b", b"--b\r\nContent-Type: text\r\n\r\nx\r\n--b--", "Expected '/', got null"),
        (
            b"multipart/mixed; boundary=b",
            b"--b\r\nContent-Disposition: =x\r\n\r\nx\r\n--b--",
            "Expected disposition, got =",
        ),
    ],
)
def test_broken_structure_gets_the_text_of_ses(head: bytes, text: bytes, fault: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse_parts(split_message(b"Content-Type: " + head + b"\r\n\r\n" + text))
    assert caught.value.text == fault


def test_a_missing_last_delimiter_is_forgiven() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo"
    root = parse_parts(split_message(raw))
    assert [body(raw, part) for part in root.children] == [b"one", b"two"]


def test_parts_may_be_empty() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--b--\r\n"
    assert [body(raw, part) for part in parse_parts(split_message(raw)).children] == [b"", b""]


def test_count_and_depth_of_parts_are_bounded() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    parse_parts(split_message(head + b"--b\r\n\r\nx\r\n" * (MAX_PARTS - 1) + b"--b--"))
    with pytest.raises(MessageError):
        parse_parts(split_message(head + b"--b\r\n\r\nx\r\n" * MAX_PARTS + b"--b--"))
    nested = b"Content-Type: message/rfc822\r\n\r\n"
    parse_parts(split_message(nested * MAX_DEPTH))
    with pytest.raises(MessageError):
        parse_parts(split_message(nested * (MAX_DEPTH + 1)))


_lines = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: multipart/mixed; boundary=bb",
        b"Content-Type: message/rfc822",
        b"--b",
        b"--b--",
        b"--bb",
        b"--bb--",
        b"",
        b"",
        b"text",
    ]
)


@given(st.lists(_lines, max_size=25))
def test_any_structure_is_read_or_refused_and_parts_lie_within_each_other(lines: list[bytes]) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n".join(lines)
    try:
        root = parse_parts(split_message(raw))
    except MessageError:
        return
    for part in root.walk():
        assert part.fields_end <= part.body_start <= part.end <= len(raw)
        position = part.body_start
        for child in part.children:
            assert position <= child.fields_end <= child.end <= part.end
            position = child.end


def test_trees_of_the_corpus_are_those_of_the_standard_library() -> None:
    seen = 0
    for path in sorted(corpus_path("mime/mail-parser").rglob("*.eml")):
        raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            root = parse_parts(split_message(raw))
        except MessageError:
            continue
        library = message_from_bytes(raw)
        if library.defects or any(part.defects for part in library.walk()):
            continue
        ours = [str(part.content_type) for part in root.walk()]
        theirs = [part.get_content_type() for part in library.walk()]
        if any(kind.startswith("message/") and kind != "message/rfc822" for kind in theirs):
            continue  # The library looks into other message types too.
        assert ours == theirs, path.name
        seen += 1
    assert seen >= 15
