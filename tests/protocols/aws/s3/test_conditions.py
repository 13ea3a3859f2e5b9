"""Conditions and ranges, by the table of RFC 9110 §13.2.2 and what S3 says of pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.aws.s3.conditions import (
    Stretch,
    check_copy_source,
    check_write,
    find_copy_range,
    find_range,
    is_not_modified,
)
from hatobin.protocols.aws.s3.errors import S3Error

AT = 1_767_268_800.5  # 2026-01-01T12:00:00.5Z
THEN, BEFORE, AFTER = (
    *("Thu, 01 Jan 2026 12:00:00 GMT", "Thu, 01 Jan 2026 11:59:59 GMT"),
    "Thu, 01 Jan 2026 12:00:01 GMT",
)


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, 200),
        ({"if-match": '"tag"'}, 200),
        ({"if-match": "tag"}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"other", "tag"'}, 200),
        ({"if-match": '"other"'}, 412),
        ({"if-none-match": '"tag"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-modified-since": THEN}, 304),
        ({"if-modified-since": AFTER}, 304),
        ({"if-modified-since": BEFORE}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-unmodified-since": THEN}, 200),
        ({"if-unmodified-since": BEFORE}, 412),
        ({"if-match": '"tag"', "if-unmodified-since": BEFORE}, 200),
        ({"if-none-match": '"tag"', "if-modified-since": BEFORE}, 304),
        ({"if-none-match": '"other"', "if-modified-since": AFTER}, 200),
        ({"if-match": '"other"', "if-none-match": '"tag"'}, 412),
    ],
)
def test_reads(headers: dict[str, str], outcome: int) -> None:
    try:
        found = 304 if is_not_modified(headers, etag="tag", modified_at=AT) else 200
    except S3Error as error:
        found = error.status
    assert found == outcome
    copied = {f"x-amz-copy-source-{name}": value for name, value in headers.items()}
    if outcome == 200:
        check_copy_source(copied, etag="tag", modified_at=AT)
    else:
        with pytest.raises(S3Error, match="PreconditionFailed"):
            check_copy_source(copied, etag="tag", modified_at=AT)


@pytest.mark.parametrize(
    ("headers", "etag", "code"),
    [
        ({}, "tag", None),
        ({"if-none-match": "*"}, None, None),
        ({"if-none-match": "*"}, "tag", "PreconditionFailed"),
        ({"if-none-match": '"tag"'}, None, "NotImplemented"),
        ({"if-match": '"tag"'}, "tag", None),
        ({"if-match": '"other"'}, "tag", "PreconditionFailed"),
        ({"if-match": '"tag"'}, None, "NoSuchKey"),
    ],
)
def test_writes(headers: dict[str, str], etag: str | None, code: str | None) -> None:
    if code is None:
        check_write(headers, etag=etag)
        return
    with pytest.raises(S3Error) as caught:
        check_write(headers, etag=etag)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "size", "stretch"),
    [
        (None, 10, None),
        ("bytes=0-0", 10, Stretch(0, 1)),
        ("bytes=2-5", 10, Stretch(2, 6)),
        ("bytes=2-", 10, Stretch(2, 10)),
        ("bytes=2-99", 10, Stretch(2, 10)),
        ("bytes=-3", 10, Stretch(7, 10)),
        ("bytes=-99", 10, Stretch(0, 10)),
        ("bytes=5-2", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("bytes=-", 10, None),
        ("items=0-1", 10, None),
        ("bytes=a-b", 10, None),
    ],
)
def test_ranges(text: str | None, size: int, stretch: Stretch | None) -> None:
    assert find_range(text, size) == stretch


@pytest.mark.parametrize(("text", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_ranges_behind_the_end(text: str, size: int) -> None:
    with pytest.raises(S3Error, match="InvalidRange"):
        find_range(text, size)


@given(st.text(alphabet="bytes=-0123456789, ", max_size=30), st.integers(0, 100))
def test_any_range_lies_in_the_object(text: str, size: int) -> None:
    try:
        found = find_range(text, size)
    except S3Error:
        return
    assert found is None or 0 <= found.start < found.end <= size


def test_ranges_of_a_copied_part() -> None:
    assert find_copy_range("bytes=0-4", 5) == Stretch(0, 5)
    for text in ("bytes=0-5", "bytes=-5", "bytes=1-", "bytes=3-2", "0-4"):
        with pytest.raises(S3Error, match="InvalidArgument"):
            find_copy_range(text, 5)
