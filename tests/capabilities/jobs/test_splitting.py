"""Octets into records: whatever the pieces are that they come in."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.capabilities.jobs.splitting import RawRecord, Splitter


def split(content: bytes, *, quoting: bool = True, limit: int = 100, size: int = 1_000_000) -> list[RawRecord]:
    splitter = Splitter(0, quoting=quoting, limit=limit)
    found: list[RawRecord] = []
    for start in range(0, len(content), size):
        found += splitter.feed(content[start : start + size])
    return found + splitter.finish()


def octets(content: bytes, **options: int | bool) -> list[bytes]:
    return [record.octets for record in split(content, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_lines_are_records_and_the_last_one_needs_no_end(size: int) -> None:
    records = split(b"a\nbc\n\nd", size=size)
    assert [(record.octets, record.end) for record in records] == [(b"a", 2), (b"bc", 5), (b"", 6), (b"d", 7)]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_a_line_end_within_quotation_marks_is_a_character(size: int) -> None:
    assert octets(b'a,"b\n""c""\n",d\ne\n', size=size) == [b'a,"b\n""c""\n",d', b"e"]
    assert octets(b'"a\nb"', size=size) == [b'"a\nb"']


def test_json_knows_no_quotation_over_lines() -> None:
    assert octets(b'"a\nb"\n', quoting=False) == [b'"a', b'b"']


def test_a_mark_within_a_field_quotes_nothing() -> None:
    assert octets(b'a,{"b": 1\nc"\n') == [b'a,{"b": 1', b'c"']


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_mark_that_nothing_closes_costs_its_own_line(size: int) -> None:
    assert octets(b'"a\nb\nc\n', size=size) == [b'"a', b"b", b"c"]
    content = b'"a\n' + b"b\n" * 100
    assert octets(content, size=size) == [b'"a', *[b"b"] * 100]


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("quoting", [True, False])
def test_a_record_over_the_limit_is_shown_by_its_beginning(size: int, quoting: bool) -> None:
    records = split(b"a\n" + b"x" * 5000 + b"\nb\n", quoting=quoting, size=size)
    assert [(record.octets, record.is_too_long) for record in records] == [
        (b"a", False),
        (b"x" * 100, True),
        (b"b", False),
    ]
    assert [record.end for record in records] == [2, 5003, 5005]
    assert split(b"x" * 5000, quoting=quoting, size=size) == [RawRecord(b"x" * 100, 5000, is_too_long=True)]


_FIELDS = st.lists(st.text(alphabet='ab,"\n ', max_size=6), min_size=1, max_size=4).filter(lambda row: row != [""])


@given(st.lists(_FIELDS, max_size=6), st.integers(1, 20))
def test_what_csv_writers_write_comes_back_record_by_record(rows: list[list[str]], size: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    records = octets(text.getvalue().encode(), limit=10_000, size=size)
    assert [next(csv.reader((record.decode(),), strict=True)) for record in records] == rows


@given(st.binary(max_size=300).map(lambda some: some.translate(bytes(b'a,"\n'[octet % 4] for octet in range(256)))))
def test_pieces_do_not_matter_and_reading_can_go_on_at_any_record(content: bytes) -> None:
    whole = split(content, limit=20)
    for size in (1, 3, 50):
        assert split(content, limit=20, size=size) == whole
    for number, record in enumerate(whole):
        splitter = Splitter(record.end, quoting=True, limit=20)
        assert splitter.feed(content[record.end :]) + splitter.finish() == whole[number + 1 :]
    assert sum(len(record.octets) for record in whole) <= len(content)
    if content:
        assert whole[-1].end == len(content)
