"""The end of content, its dots and its line ends: the reader against a simple model of the law."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.smtp.data import ContentFault, ContentReader, Stuffer, has_bare_line_end, stuff
from hatobin.protocols.smtp.errors import LocalProtocolError

_TOKENS = st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"\0", b"a", b"bc" * 20, b"\r\n.", b"\r\n.\r", b"..", b"\xff"])
_CLEAN_TOKENS = st.sampled_from([b"\r\n", b".", b"a", b"bc" * 3, b"\r\n.", b"\r\n..", b"\r\n.de fg"])
_STREAMS = st.one_of(st.lists(_CLEAN_TOKENS, max_size=30).map(b"".join), st.lists(_TOKENS, max_size=40).map(b"".join))


def model(stream: bytes, limit: int) -> tuple[bytes | ContentFault, bytes] | None:
    """Say by the letter what a stream after DATA holds: its content or the fault, and what follows."""
    # RFC 5321 §4.1.1.4: the CRLF that ended the DATA command counts.
    before, end, after = (b"\r\n" + stream).partition(b"\r\n.\r\n")
    if not end:
        return None
    lines = (before + b"\r\n")[2:]
    content = re.sub(rb"(\A|\r\n)\.", rb"\1", lines)
    if len(content) > limit:
        return ContentFault.TOO_LONG, after
    if re.search(rb"(?<!\r)\n|\r(?!\n)", lines):
        return ContentFault.BARE_LINE_END, after
    if b"\0" in lines:
        return ContentFault.NUL, after
    return content, after


def read_in_pieces(
    pieces: list[bytes], *, limit: int, stretch: int, taking: bool = False
) -> tuple[bytes | ContentFault, bytes] | None:
    reader = ContentReader(limit, stretch_bytes=stretch)
    buffer, taken = bytearray(), list[bytes]()
    for index, piece in enumerate(pieces):
        buffer += piece
        result = reader.read(buffer)
        if result is not None:
            whole = b"".join(taken) + result if isinstance(result, bytes) else result
            assert not isinstance(whole, bytes) or reader.size == len(whole)
            return whole, bytes(buffer) + b"".join(pieces[index + 1 :])
        if taking:
            taken += reader.take()
            assert reader.held_bytes == 0
    return None


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [*pieces, stream]


@given(
    stream=_STREAMS,
    sizes=st.lists(st.integers(1, 9), max_size=30),
    limit=st.one_of(st.integers(0, 60), st.just(10_000)),
    stretch=st.integers(8, 40),
    ended=st.booleans(),
)
@example(stream=b".\r", sizes=[2], limit=0, stretch=8, ended=False)
@example(stream=b"a\r\n.de fg", sizes=[10], limit=10_000, stretch=40, ended=True)
def test_reader_agrees_with_the_law_however_the_bytes_are_cut(
    stream: bytes, sizes: list[int], limit: int, stretch: int, ended: bool
) -> None:
    stream += b"\r\n.\r\nQUIT\r\n" * ended
    wanted = model(stream, limit)
    assert read_in_pieces([stream], limit=limit, stretch=1_000) == wanted
    assert read_in_pieces(cut(stream, sizes), limit=limit, stretch=stretch) == wanted
    assert read_in_pieces(cut(stream, sizes), limit=limit, stretch=stretch, taking=True) == wanted
    assert read_in_pieces([stream[i : i + 1] for i in range(len(stream))], limit=limit, stretch=stretch) == wanted


@given(content=_STREAMS)
def test_what_is_stuffed_is_read_back(content: bytes) -> None:
    wire = stuff(content) + b".\r\n"
    result = ContentReader(10_000).read(bytearray(wire))
    if has_bare_line_end(stuff(content)):
        assert result is ContentFault.BARE_LINE_END
    elif b"\0" in content:
        assert result is ContentFault.NUL
    else:
        assert result == (content if content.endswith(b"\r\n") or not content else content + b"\r\n")


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"", b""),
        (b".", b"..\r\n"),
        (b"..\r\n", b"...\r\n"),
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n"),
        (b"\r\n.\r\n", b"\r\n..\r\n"),
        (b"a.\r\n", b"a.\r\n"),
    ],
)
def test_dots_are_doubled_and_halved(content: bytes, wire: bytes) -> None:
    assert stuff(content) == wire
    assert read_in_pieces([wire + b".\r\n"], limit=1_000, stretch=1_000) == (
        content and content.removesuffix(b"\r\n") + b"\r\n",
        b"",
    )


@given(content=st.lists(_CLEAN_TOKENS, max_size=30).map(b"".join), sizes=st.lists(st.integers(1, 9), max_size=30))
def test_content_in_pieces_is_stuffed_as_it_is_whole(content: bytes, sizes: list[int]) -> None:
    stuffer = Stuffer()
    assert b"".join([stuffer.feed(piece) for piece in cut(content, sizes)]) + stuffer.end() == stuff(content)


@pytest.mark.parametrize("pieces", [[b"a\n"], [b"a\r", b"b"], [b"a\r"], [b"\r", b"\r\n"]], ids=repr)
def test_piece_with_a_bare_line_end_is_not_written(pieces: list[bytes]) -> None:
    stuffer = Stuffer()
    with pytest.raises(LocalProtocolError, match="bare"):
        b"".join([*map(stuffer.feed, pieces), stuffer.end()])


def test_a_line_without_end_is_not_held() -> None:
    reader, buffer = ContentReader(10_000_000), bytearray()
    taken = b""
    for _ in range(100):
        buffer += b"x" * 10_000
        assert reader.read(buffer) is None
        taken += b"".join(reader.take())
        assert reader.held_bytes + len(buffer) < 70_000
    buffer += b"\r\n.\r\n"
    assert reader.read(buffer) == (b"x" * 1_000_000 + b"\r\n")[len(taken) :]


@given(content=_STREAMS)
def test_bare_line_ends_are_found(content: bytes) -> None:
    assert has_bare_line_end(content) == bool(re.search(rb"(?<!\r)\n|\r(?!\n)", content))


def test_large_content_is_taken_in_stretches_and_not_held_twice() -> None:
    line = b"x" * 998 + b"\r\n"
    reader, buffer = ContentReader(10_000_000), bytearray()
    for _ in range(1_000):
        buffer += line
        assert reader.read(buffer) is None
        assert len(buffer) < 70_000
    assert reader.held_bytes + len(buffer) == 1_000_000
    buffer += b".\r\n"
    assert reader.read(buffer) == line * 1_000


def test_content_over_the_limit_is_heard_out_without_being_held() -> None:
    reader, buffer = ContentReader(100_000), bytearray()
    for _ in range(100):
        buffer += b"x" * 10_000  # one line without end
        assert reader.read(buffer) is None
        assert reader.held_bytes + len(buffer) < 200_000
    buffer += b".\r\n\r\n.\r\nNOOP\r\n"
    assert reader.read(buffer) is ContentFault.TOO_LONG
    assert buffer == b"NOOP\r\n"


def test_dot_that_ends_a_line_too_long_to_hold_does_not_end_the_content() -> None:
    pieces = [b"x" * 20 + b".", b"\r\nmore\r\n.\r\nNOOP\r\n"]
    assert read_in_pieces(pieces, limit=10, stretch=8) == (ContentFault.TOO_LONG, b"NOOP\r\n")


def test_content_of_just_the_limit_may_be_followed_by_half_an_end() -> None:
    assert read_in_pieces([b"123456\r\n.\r", b"\nNOOP\r\n"], limit=8, stretch=8) == (b"123456\r\n", b"NOOP\r\n")
    assert read_in_pieces([b"123456\r\n.\r", b"\n"], limit=7, stretch=8) == (ContentFault.TOO_LONG, b"")


def test_discarded_content_is_told_apart() -> None:
    reader, buffer = ContentReader(100), bytearray(b"abc\r\n")
    assert reader.read(buffer) is None
    reader.discard()
    buffer += b".\r\n"
    assert reader.read(buffer) is ContentFault.DISCARDED
