"""Dates as header fields write them, from seconds since the epoch.

Law: RFC 5322 §3.3. SES writes UTC as "+0000" and single-digit days without a zero.
"""

from __future__ import annotations

import time
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_date(epoch_s: float) -> str:
    """Write a moment, given in seconds since the epoch, as a Date value in UTC.

    >>> format_date(1567795934.9)
    'Fri, 6 Sep 2019 18:52:14 +0000'
    """
    return _format_second(int(epoch_s))


@lru_cache(maxsize=8)
def _format_second(epoch_s: int) -> str:
    # A conversion of the argument; no clock is read.
    moment = time.gmtime(epoch_s)
    return (
        f"{_DAYS[moment.tm_wday]}, {moment.tm_mday} {_MONTHS[moment.tm_mon - 1]} {moment.tm_year:04d} "
        f"{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} +0000"
    )
