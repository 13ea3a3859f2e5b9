"""Instants in the text forms that SES and mail use. An instant is seconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso_ms(at_s: float) -> str:
    """Write an instant as events do.

    >>> iso_ms(1501893602.012)
    '2017-08-05T00:40:02.012Z'
    """
    whole, milliseconds = divmod(round(at_s * 1000), 1000)
    return f"{_iso_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=64)
def _iso_second(whole_s: int) -> str:
    """Thousands of events share a second, so its text is made once."""
    return f"{datetime.fromtimestamp(whole_s, UTC):%Y-%m-%dT%H:%M:%S}"


def read_instant(text: str) -> float:
    """Read ISO 8601: a date (its beginning in UTC), or a date and a time, in UTC where it names no zone.

    Raises `ValueError`.

    >>> read_instant("2017-08-05"), read_instant("2017-08-05T00:40:02.012Z"), read_instant("2017-08-05T02:40+02:00")
    (1501891200.0, 1501893602.012, 1501893600.0)
    """
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
