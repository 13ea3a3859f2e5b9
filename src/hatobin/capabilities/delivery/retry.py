"""When a deferred recipient is tried again, and when its time is over.

Refs: RFC 5321 §4.5.4.1 (retry strategy, give-up time); SES caps delivery at
14 hours (MaxDeliverySeconds 300 to 50,400).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class RetrySchedule(Struct, frozen=True):
    """Gaps between attempts in seconds; the last one repeats. `jitter` is a share, 0.2 is ±20 %."""

    delays_s: Sequence[float]
    jitter: float


class Retry(Struct, frozen=True):
    """Try again at `at`, seconds since the epoch."""

    at: float


class Expired(Struct, frozen=True):
    """The message's time is over: the recipient gets a transient bounce."""


def decide_next_attempt(
    *, attempts: int, now: float, expires_at: float, schedule: RetrySchedule, chance: float
) -> Retry | Expired:
    """Say when a recipient with `attempts` finished attempts is tried again.

    `chance` is drawn by the caller from -1 to 1, which keeps this function
    pure. The deadline counts from acceptance, so a message that waited in our
    queue never outlives its promise; one last attempt is made at the deadline
    itself when the schedule would jump over it.

    >>> decide_next_attempt(attempts=1, now=0, expires_at=50400, schedule=RetrySchedule([120, 300], 0.2), chance=0)
    Retry(at=120.0)
    """
    if now >= expires_at:
        return Expired()
    delay_s = schedule.delays_s[min(attempts, len(schedule.delays_s)) - 1]
    return Retry(min(now + delay_s * (1 + schedule.jitter * chance), expires_at))
