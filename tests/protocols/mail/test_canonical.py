"""Canonical forms, held against the examples of RFC 6376 and against dkimpy's own."""

from __future__ import annotations

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail.canonical import body_hash, relaxed_body, relaxed_header, simple_body, simple_header


def test_the_example_of_the_law() -> None:
    # RFC 6376 §3.4.5
    assert relaxed_header(b"A: X\r\n") == b"a:X\r\n"
    assert relaxed_header(b"B : Y\t\r\n\tZ  \r\n") == b"b:Y Z\r\n"
    assert simple_header(b"B : Y\t\r\n\tZ  \r\n") == b"B : Y\t\r\n\tZ  \r\n"
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert simple_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C \r\nD \t E\r\n"


@pytest.mark.parametrize(
    ("body", "relaxed", "simple"),
    [
        (b"", b"", b"\r\n"),
        (b"\r\n", b"", b"\r\n"),
        (b"\r\n\r\n\r\n", b"", b"\r\n"),
        (b" \t\r\n \r\n", b"", b" \t\r\n \r\n"),
        (b"a", b"a\r\n", b"a\r\n"),
        (b"a ", b"a\r\n", b"a \r\n"),
        (b"a\r\n \r\n\t\r\n", b"a\r\n", b"a\r\n \r\n\t\r\n"),
        (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
    ],
)
def test_ends_of_bodies(body: bytes, relaxed: bytes, simple: bytes) -> None:
    assert relaxed_body(body) == relaxed
    assert simple_body(body) == simple


def test_the_hashes_of_empty_bodies_are_those_of_the_law() -> None:
    # RFC 6376 §3.4.3 and §3.4.4
    assert body_hash(b"", "simple") == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="
    assert body_hash(b"", "relaxed") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert body_hash(b"abc\r\n", "simple", 0) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


_body = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"   ", b".", b"\xe9"]), max_size=40).map(b"".join)


@given(_body)
@example(b"a\r\n" * 5 + b"\r\n" * 9)
@example(b" " * 40)
def test_bodies_are_those_of_dkimpy(body: bytes) -> None:
    ended = body if body.endswith(b"\r\n") else body + b"\r\n"
    assert relaxed_body(ended) == Relaxed.canonicalize_body(ended)
    assert simple_body(body) == Simple.canonicalize_body(body)
    if body:
        # The wire adds the last line end, and must not change the hash.
        assert relaxed_body(body) == relaxed_body(ended)
        assert simple_body(body) == simple_body(ended)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a"]), max_size=20).map(b"".join))
def test_stray_line_ends_never_count_as_empty_lines(body: bytes) -> None:
    assert simple_body(body) == Simple.canonicalize_body(body)


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n ", b"\r\n\t", b":", b"\xe9"]), max_size=20).map(b"".join))
def test_header_fields_are_those_of_dkimpy(value: bytes) -> None:
    raw = b"Subject : " + value + b"\r\n"
    ((name, canonical),) = Relaxed.canonicalize_headers([(b"Subject ", b" " + value + b"\r\n")])
    assert relaxed_header(raw) == name + b":" + canonical


def test_only_space_and_tab_are_blanks() -> None:
    # Deviates from dkimpy, which strips vertical tabs: RFC 6376 §2.8 names SP and HTAB.
    assert relaxed_header(b"A: \x0b b\x0c\r\n\tc \r\n") == b"a:\x0b b\x0c c\r\n"


def test_a_body_of_nothing_but_line_ends_takes_linear_steps() -> None:
    # Not timed: quadratic work would not come back within a test run.
    assert relaxed_body(b"\r\n" * 2_000_000) == b""
    assert simple_body(b"\r\n" * 2_000_000 + b"\r") == b"\r\n" * 2_000_000 + b"\r\r\n"
    assert relaxed_body(b"a" + b" " * 4_000_000) == b"a\r\n"
