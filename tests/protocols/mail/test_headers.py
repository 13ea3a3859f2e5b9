"""Header blocks: split and joined as octets, looked up, edited by whole fields."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatobin.protocols.mail import Field, HeaderError, ascii_field, find_duplicate, split_message, unfold
from hatobin.protocols.mail.headers import MAX_FIELDS, MAX_HEADER_OCTETS, ONCE_ONLY, check_name, fold
from tests.corpus import corpus_path

FOLDED = (
    b"Received: from a\r\n\tby b;\r\n  Fri, 1 Jan 2021 00:00:00 +0000\r\n"
    b"From: a@x\r\n"
    b"Subject : old blank before the colon\r\n"
    b"X-Empty:\r\n"
    b"\r\n"
    b"body\r\n\r\nFrom: not a field\r\n"
)


def test_fields_keep_their_folding_and_the_body_starts_after_the_empty_line() -> None:
    message = split_message(FOLDED)
    assert [field.key for field in message.fields] == ["received", "from", "subject", "x-empty"]
    assert message.fields[0].raw == b"Received: from a\r\n\tby b;\r\n  Fri, 1 Jan 2021 00:00:00 +0000\r\n"
    assert message.fields[0].value == "from a by b;  Fri, 1 Jan 2021 00:00:00 +0000"
    assert message.fields[2].name == "Subject"
    assert message.value("x-empty") == ""
    assert message.value("to") is None
    assert message.body == b"body\r\n\r\nFrom: not a field\r\n"
    assert bytes(message.body_view) == message.body


@pytest.mark.parametrize(
    ("raw", "keys", "body"),
    [
        (b"A: 1\nB: 2\n\nbody\n", ["a", "b"], b"body\n"),
        (b"A: 1\nB: 2\n\r\nbody\n", ["a", "b"], b"body\n"),
        (b"A: 1\r\nB: 2\r\n\nbody\r\n\r\n", ["a", "b"], b"body\r\n\r\n"),
        (b"A: 1\r\nB: 2\r\n", ["a", "b"], b""),
        (b"A: 1\r\nB: 2", ["a", "b"], b""),
        (b"\r\nbody", [], b"body"),
        (b"\nbody", [], b"body"),
        (b"", [], b""),
        (b"A: 1\r\n \r\n B\r\n\r\nbody", ["a"], b"body"),
        (b"From me Mon Jan 1 00:00:00 2021\r\nA: 1\r\n\r\nbody", ["a"], b"body"),
        (b"A: 1\r\nno field here\r\nB: 2\r\n\r\nbody", ["a"], b"no field here\r\nB: 2\r\n\r\nbody"),
        (b" starts folded\r\nA: 1\r\n\r\nbody", [], b" starts folded\r\nA: 1\r\n\r\nbody"),
        (b"A: 1\r\n: nameless\r\n\r\nbody", ["a"], b": nameless\r\n\r\nbody"),
    ],
)
def test_odd_blocks_are_split_as_other_mail_software_reads_them(raw: bytes, keys: list[str], body: bytes) -> None:
    message = split_message(raw)
    assert [field.key for field in message.fields] == keys
    assert message.body == body
    assert message.to_bytes() == raw


@given(st.binary(max_size=300))
@example(b"From x\nFrom y\nA: b\n\n")
@example(b":\n\n")
def test_any_octets_split_and_join_to_the_same_octets(raw: bytes) -> None:
    assert split_message(raw).to_bytes() == raw


_lines = st.sampled_from(
    [b"From: a@x", b" folded", b"\tx", b"", b"Subject: \xe5", b"no colon", b"A b: c", b"To:", b"\r"]
)


@given(st.lists(_lines, max_size=12), st.sampled_from([b"\r\n", b"\n"]))
def test_any_arrangement_of_lines_splits_and_joins_to_the_same_octets(lines: list[bytes], end: bytes) -> None:
    raw = end.join(lines)
    message = split_message(raw)
    assert message.to_bytes() == raw
    assert all(
        field.key and field.raw.partition(b":")[0].strip().lower().decode() == field.key for field in message.fields
    )


def test_every_sample_of_the_mime_corpora_is_split_without_loss() -> None:
    for path in sorted(corpus_path("mime").rglob("*.eml")):
        raw = path.read_bytes()
        assert split_message(raw).to_bytes() == raw, path.name


def test_a_header_block_beyond_the_limits_is_refused() -> None:
    with pytest.raises(HeaderError):
        split_message(b"A: " + b"x" * MAX_HEADER_OCTETS + b"\r\n\r\n")
    with pytest.raises(HeaderError):
        split_message(b"A:\r\n" * (MAX_FIELDS + 1) + b"\r\n")
    assert len(split_message(b"A:\r\n" * MAX_FIELDS + b"\r\n").fields) == MAX_FIELDS


def test_edits_touch_whole_fields_and_nothing_else() -> None:
    message = split_message(FOLDED)
    received, sender, subject, empty = message.fields
    assert message.without(["subject"]).fields == (received, sender, empty)
    added = ascii_field("X-New", "1")
    assert message.appended(added).fields[-1] == added
    assert message.prepended(added).fields[0] == added
    assert message.replaced(ascii_field("FROM", "b@y")).fields[1].raw == b"FROM: b@y\r\n"
    assert message.replaced(added).fields == (*message.fields, added)
    doubled = message.appended(sender)
    assert len(doubled.all("from")) == 2
    assert len(doubled.replaced(sender).all("from")) == 1
    assert message.without(["subject"]).to_bytes() == FOLDED.replace(subject.raw, b"")


def test_octets_that_are_not_utf_8_are_read_as_latin_1() -> None:
    assert unfold(b" caf\xe9 ") == "café"
    assert unfold("café".encode()) == "café"


@pytest.mark.parametrize("name", sorted(ONCE_ONLY))
def test_a_field_that_may_appear_once_is_found_doubled_as_first_written(name: str) -> None:
    written = name.title()
    fields = split_message(f"X-Foo: 1\r\n{written}: 1\r\nX-Foo: 2\r\n{name.upper()}: 2\r\n\r\n".encode()).fields
    assert find_duplicate(fields) == written


def test_fields_outside_the_list_may_be_doubled() -> None:
    assert len(ONCE_ONLY) == 60
    raw = b"Received: a\r\nReceived: b\r\nX-Foo: 1\r\nX-Foo: 2\r\nTo: a@x\r\nTo: b@x\r\nFrom: a@x\r\n\r\n"
    assert find_duplicate(split_message(raw).fields) is None


@pytest.mark.parametrize("value", ["a\r\nBcc: b@x", "a\nb", "a\rb", "a\x00b", "a\x7fb", "a\x1bb", "ä"])
def test_a_value_that_would_inject_a_field_is_refused(value: str) -> None:
    with pytest.raises(HeaderError):
        ascii_field("Subject", value)


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\nB", "Ä", "A\t"])
def test_a_name_that_is_no_field_name_is_refused(name: str) -> None:
    with pytest.raises(HeaderError):
        check_name(name)
    with pytest.raises(HeaderError):
        ascii_field(name, "v")


_printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=400)


@given(_printable)
@example("word " * 60)
@example("x" * 90 + " " + "y" * 90)
@example(" " * 200)
@example("a" + " " * 200 + "b")
@example("a" * 70 + "  " + " " * 30)
def test_folding_only_adds_line_ends_before_blanks(value: str) -> None:
    raw = ascii_field("Subject", value).raw
    assert raw.endswith(b"\r\n")
    lines = raw[:-2].split(b"\r\n")
    assert b"".join(lines) == f"Subject: {value}".encode()
    assert all(line.strip() and line[:1] in (b" ", b"\t") for line in lines[1:])
    assert split_message(raw + b"\r\n").fields == (Field("subject", raw),)


@given(st.lists(st.text("abc", min_size=1, max_size=20), min_size=1, max_size=40))
def test_words_that_fit_give_lines_within_78_columns(words: list[str]) -> None:
    assert all(len(line) <= 78 for line in fold("Subject: " + " ".join(words)).split("\r\n"))


def test_a_word_too_long_for_any_line_is_refused() -> None:
    ascii_field("A", "x" * 995)
    with pytest.raises(HeaderError):
        ascii_field("A", "x" * 996)
