"""What an account may send, and how much of it is used. Pure.

Refs: AWS developer guide "quotas", surface.md §4.1, §4.6, appendix F.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

UNLIMITED = -1
"""How SES shows that there is no limit (API reference, SendQuota)."""

QUOTA_WINDOW_MINUTES = 24 * 60
STATISTICS_POINT_S = 15 * 60
STATISTICS_KEPT_S = 14 * 24 * 60 * 60
"""GetSendStatistics shows the last two weeks in points of 15 minutes."""

SANDBOX_SEND_RATE = 1.0
SANDBOX_24_HOUR_SEND = 200
"""Recipients per second and per 24 hours in the sandbox (surface.md §4.1)."""

DEFAULT_SUPPRESSED_REASONS = ("BOUNCE", "COMPLAINT")
"""Accounts made after 2019-11-25 suppress for both reasons (surface.md §4.9)."""


class QuotaExceeded(Exception):
    """The account may not send this now; `text` is what every door of SES says then."""

    text = ""


class RateExceeded(QuotaExceeded):
    """More recipients per second than the account may have."""

    text = "Maximum sending rate exceeded."


class DailyQuotaExceeded(QuotaExceeded):
    """More recipients in 24 hours than the account may have."""

    text = "Daily message quota exceeded."


UNLIMITED_RATE_SHOWN = 10_000.0
"""What GetSendQuota and GetAccount show for an unlimited rate.

Deviates from house §7, which shows -1 for both: at SES only Max24HourSend is
ever -1, and clients that pace themselves by MaxSendRate (django-ses by
default) fail on a negative one.
"""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Recipients per second and per rolling 24 hours; a negative one is unlimited."""

    max_send_rate: float
    max_24_hour_send: int

    @property
    def limited(self) -> bool:
        """Whether either is limited, so that a message must be weighed before it is accepted."""
        return self.max_send_rate >= 0 or self.max_24_hour_send >= 0

    @property
    def shown_send_rate(self) -> float:
        """The rate as the API shows it, always finite."""
        return UNLIMITED_RATE_SHOWN if self.max_send_rate < 0 else float(self.max_send_rate)


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """How an account stands in a region when it wants to send."""

    sending_enabled: bool
    sandboxed: bool
    suppressed_reasons: tuple[str, ...]
    limits: SendLimits


@dataclass(frozen=True, slots=True)
class StatisticsPoint:
    """A quarter of an hour of sending; `starts_at` in seconds since the epoch."""

    starts_at: int
    attempts: int
    bounces: int
    complaints: int
    rejects: int


def default_limits(settings: Settings, *, sandboxed: bool) -> SendLimits:
    """Give the limits of an account that was given none of its own; what the settings name goes before all else."""
    if not sandboxed:
        return SendLimits(settings.max_send_rate, settings.max_24_hour_send)
    rate, quota = settings.account.max_send_rate, settings.account.max_24_hour_send
    return SendLimits(SANDBOX_SEND_RATE if rate is None else rate, SANDBOX_24_HOUR_SEND if quota is None else quota)


def refusal(problem: QuotaExceeded, service: str) -> CallerError:
    """Word a spent quota for the API that was called: "ses" or "sesv2".

    v1 answers Throttling and v2 TooManyRequestsException, both for the rate
    and for the day (DEV-IS-21); SDKs retry either.
    """
    if service == "ses":
        return CallerError("Throttling", problem.text)
    return CallerError("TooManyRequestsException", problem.text, status=429)


def smtp_refusal(problem: QuotaExceeded) -> str:
    """Word a spent quota as the text of a 454 reply (surface.md §4.5).

    >>> smtp_refusal(RateExceeded())
    'Throttling failure: Maximum sending rate exceeded.'
    """
    return f"Throttling failure: {problem.text}"
