"""Moments on the wire: ISO 8601 in XML and query strings, epoch seconds in JSON.

Refs: Smithy 2.0, "Timestamp serialization and deserialization".
"""

from __future__ import annotations

import calendar
import re
from time import gmtime, strftime

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?\Z",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = re.compile(r"-?\d{1,12}(\.\d{1,9})?\Z", re.ASCII)


def iso_timestamp(at: float) -> str:
    """Write epoch seconds as "2023-11-14T22:13:20Z", with milliseconds where there are some."""
    milliseconds = round(at * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    fraction = f".{rest:03d}" if rest else ""
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(seconds))}{fraction}Z"


def parse_timestamp(text: str) -> float | None:
    """Read an ISO 8601 date or moment, or epoch seconds, as epoch seconds; None for anything else.

    A date without time is midnight, a moment without zone is UTC.
    """
    if _EPOCH.match(text):
        return float(text)
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    fields = (int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    if not (
        fields[0]
        and 1 <= fields[1] <= 12
        and 1 <= fields[2] <= 31
        and fields[3] <= 24
        and fields[4] <= 59
        and fields[5] <= 60
    ):
        return None
    return calendar.timegm(fields) + float(fraction or 0) - _offset_s(zone)


def _offset_s(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    offset_s = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -offset_s if zone[0] == "-" else offset_s
