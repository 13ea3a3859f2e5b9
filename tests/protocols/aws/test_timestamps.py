"""Moments, in the forms in which clients write them."""

from __future__ import annotations

import pytest

from hatobin.protocols.aws.timestamps import iso_timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T22:13:20.250Z", 1_700_000_000.25),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
        ("2023-11-14T17:13:20-0500", 1_700_000_000.0),
        ("2023-11-14 22:13", 1_699_999_980.0),
        ("2023-11-14", 1_699_920_000.0),
        ("1700000000", 1_700_000_000.0),
        ("1700000000.5", 1_700_000_000.5),
        ("-1", -1.0),
    ],
)
def test_moments_are_read(text: str, expected: float) -> None:
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "2023-13-01", "0000-01-01", "2023-11-14T25:00:00Z", "1" * 20, "٢٠٢٣-١١-١٤"]
)
def test_other_text_is_no_moment(text: str) -> None:
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("at", "text"),
    [(0.0, "1970-01-01T00:00:00Z"), (1_700_000_000.25, "2023-11-14T22:13:20.250Z"), (-1.0, "1969-12-31T23:59:59Z")],
)
def test_moments_are_written(at: float, text: str) -> None:
    assert iso_timestamp(at) == text
    assert parse_timestamp(text) == at
