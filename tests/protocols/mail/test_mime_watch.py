"""The MIME structure of a message in pieces is judged as that of the whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail import MessageError, parse_parts, split_message
from hatobin.protocols.mail.mime import MAX_DEPTH, MAX_PARTS
from hatobin.protocols.mail.mime_watch import MimeWatch

OUTER = b"Content-Type: multipart/mixed; boundary=b\r\n"
INNER = b"Content-Type: multipart/digest; boundary=b-i\r\n"
_HEADS = st.sampled_from(
    [
        OUTER + b"\r\n",
        b"\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        OUTER,
        b"Content-Type: text\r\n\r\n",
        INNER + b"\r\n",
    ]
)
_LINES = st.sampled_from(
    [
        b"--b\r\n",
        b"--b--\r\n",
        b"--b \t\r\n",
        b"--b-i\r\n",
        b"--b-i--\r\n",
        b" --b\r\n",
        b"--bc\r\n",
        b"--\r\n",
        b"-",
        b"x",
        b"text\r\n",
        b"\r\n",
        b"A: b\r\n",
        OUTER,
        INNER,
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Type: text\r\n",
        b"Content-Disposition: =x\r\n",
    ]
)


def judged(raw: bytes) -> str:
    try:
        parse_parts(split_message(raw))
    except MessageError as error:
        return str(error)
    return ""


def watched(raw: bytes, sizes: list[int]) -> str:
    start = split_message(raw).body_start
    rest = raw[start:]
    try:
        watch = MimeWatch(split_message(raw[:start]))
        for size in sizes:
            watch.feed(rest[:size])
            rest = rest[size:]
        watch.feed(rest)
        watch.end()
    except MessageError as error:
        return str(error)
    return ""


@given(head=_HEADS, lines=st.lists(_LINES, max_size=25), sizes=st.lists(st.integers(1, 9), max_size=40))
@example(head=OUTER + b"\r\n", lines=[b"--b\r\n", INNER, b"text\r\n", b"--b-i\r\n", b"\r\n", b"--b\r\n"], sizes=[])
@example(head=OUTER + b"\r\n", lines=[b"--b\r\n", INNER, b"--b--\r\n"], sizes=[4, 1])
@example(head=OUTER + b"\r\n", lines=[b"--b\r\n", b"Content-Type: message/rfc822\r\n", INNER, b"--b--\r\n"], sizes=[])
def test_pieces_are_judged_as_the_whole(head: bytes, lines: list[bytes], sizes: list[int]) -> None:
    raw = head + b"".join(lines)
    assert watched(raw, sizes) == judged(raw)
    assert watched(raw, [1] * len(raw)) == judged(raw)


@pytest.mark.parametrize("count", [MAX_PARTS - 1, MAX_PARTS])
def test_parts_are_counted(count: int) -> None:
    raw = OUTER + b"\r\n" + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"
    assert watched(raw, [1000] * 50) == judged(raw)
    assert bool(judged(raw)) == (count == MAX_PARTS)


@pytest.mark.parametrize("count", [MAX_DEPTH, MAX_DEPTH + 1])
def test_depth_is_bounded(count: int) -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * count + b"\r\n"
    assert watched(raw, [7] * 100) == judged(raw)
    assert bool(judged(raw)) == (count == MAX_DEPTH + 1)


@pytest.mark.parametrize("line", [b"A: b\r\n", b"--bbbb\r\n", b"x" * 1_000])
def test_header_of_a_part_is_bounded(line: bytes) -> None:
    raw = OUTER + b"\r\n--b\r\n" + line * (1_200_000 // len(line)) + b"\r\n\r\n--b--\r\n"
    assert watched(raw, [65_536] * 20) == judged(raw) != ""


def test_long_lines_of_a_body_are_not_kept() -> None:
    watch = MimeWatch(split_message(OUTER + b"\r\n"))
    watch.feed(b"--b\r\n\r\n")
    for _ in range(100):
        watch.feed(b"-" * 100_000)
        assert len(watch._unread) <= 1_200_000
    watch.feed(b"\r\n--b--\r\n")
    watch.end()
