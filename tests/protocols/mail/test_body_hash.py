"""The body hash of a message in pieces is that of the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.mail.body_hash import RelaxedBodyHash
from hatobin.protocols.mail.canonical import body_hash

_BODIES = st.lists(st.sampled_from([b"\r\n", b"\r\n\r\n", b" ", b"\t", b"a", b"bc d", b"  \t", b"."]), max_size=40)


@given(body=_BODIES.map(b"".join), sizes=st.lists(st.integers(1, 7), max_size=30))
def test_hash_does_not_depend_on_the_pieces(body: bytes, sizes: list[int]) -> None:
    streamed, rest = RelaxedBodyHash(), body
    for size in sizes:
        streamed.feed(rest[:size])
        rest = rest[size:]
    streamed.feed(rest)
    assert streamed.digest() == body_hash(body, "relaxed")


def test_empty_lines_count_once_text_follows() -> None:
    streamed, empty = RelaxedBodyHash(), b"\r\n" * 30_000
    for piece in (empty, b"text\r\n", empty, b"more", b"\r\n", empty):
        streamed.feed(piece)
    assert streamed.digest() == body_hash(empty + b"text\r\n" + empty + b"more\r\n", "relaxed")
