"""The sending rate and the daily quota, spent inside the accept transaction.

The rate is a generic cell rate algorithm (ITU-T I.371) in one row: the time
at which the account's bucket is full again. A bucket holds one second's worth
of recipients, at least one. As SES does, a message goes through as soon as
one recipient is left in the bucket, whatever their number, and the next waits
until the debt is paid (the SES blog's words, quoted in django-ses#59): so a
message to fifty leaves a sandbox account, and none starves.

The quota is a count of recipients in buckets of one minute over the last 24
hours, and, where it is limited, their sum, made anew when the minute changes.
The oldest minute counts whole, so the window is never shorter than 24 hours.
Deviates: SES lets the message through that crosses the daily quota; here the
quota is never exceeded.

A caller whose work is rolled back has spent nothing.
"""

from __future__ import annotations

from hatobin.capabilities.account.model import (
    QUOTA_WINDOW_MINUTES,
    DailyQuotaExceeded,
    RateExceeded,
    SendLimits,
)
from hatobin.ports import Session, Value

_SECOND_NS = 1_000_000_000

_SPEND_RATE = """
INSERT INTO account_rate (account_id, region, full_at_ns) VALUES (:account_id, :region, :first_ns)
ON CONFLICT (account_id, region) DO UPDATE SET
  full_at_ns = CASE WHEN account_rate.full_at_ns > :now_ns THEN account_rate.full_at_ns ELSE :now_ns END + :cost_ns
WHERE account_rate.full_at_ns <= :latest_ns
RETURNING full_at_ns
"""
_SPEND_MINUTE = """
INSERT INTO account_minutes (account_id, region, minute, recipients) VALUES (:account_id, :region, :minute, :recipients)
ON CONFLICT (account_id, region, minute) DO UPDATE SET
  recipients = account_minutes.recipients + excluded.recipients
RETURNING recipients
"""
_SPEND_QUOTA = """
UPDATE account_quota SET total = total + :recipients
WHERE account_id = :account_id AND region = :region AND minute >= :minute AND total + :recipients <= :maximum
RETURNING total
"""
_SUM = """
SELECT coalesce(sum(recipients), 0) FROM account_minutes
WHERE account_id = :account_id AND region = :region AND minute >= :oldest
"""


def spend(
    session: Session,
    account_id: str,
    region: str,
    recipient_count: int,
    now: float,
    limits: SendLimits,
    *,
    quota_count: int | None = None,
) -> None:
    """Take a message's recipients from the account's rate and daily quota.

    `quota_count` is how many of them count for the day, where the mailbox
    simulator's do not (surface.md §4.8); None is all. Raises `RateExceeded` or
    `DailyQuotaExceeded`.
    """
    if limits.max_send_rate >= 0:
        _spend_rate(session, account_id, region, recipient_count, now, limits.max_send_rate)
    counted = recipient_count if quota_count is None else quota_count
    if counted:
        _spend_quota(session, account_id, region, counted, int(now) // 60, limits.max_24_hour_send)


def _spend_rate(
    session: Session, account_id: str, region: str, recipient_count: int, now: float, max_send_rate: float
) -> None:
    if max_send_rate == 0:
        raise RateExceeded
    # Whole nanoseconds rounded down, so that a second's worth of single costs fits into a second.
    one_ns = int(_SECOND_NS / max_send_rate)
    now_ns = int(now * _SECOND_NS)
    burst_ns = max(_SECOND_NS, one_ns)
    row = session.one(
        _SPEND_RATE,
        {
            "account_id": account_id,
            "region": region,
            "now_ns": now_ns,
            "cost_ns": one_ns * recipient_count,
            # Its own parameter: PostgreSQL cannot tell what two parameters without a column add up to.
            "first_ns": now_ns + one_ns * recipient_count,
            # The last moment at which one recipient is left in the bucket.
            "latest_ns": now_ns + burst_ns - one_ns,
        },
    )
    if row is None:
        raise RateExceeded


def _spend_quota(session: Session, account_id: str, region: str, counted: int, minute: int, maximum: int) -> None:
    where: dict[str, Value] = {"account_id": account_id, "region": region, "minute": minute, "recipients": counted}
    if maximum >= 0:
        row = session.one(_SPEND_QUOTA, {**where, "maximum": maximum})
        if row is None:
            _renew_sum(session, account_id, region, minute)
            row = session.one(_SPEND_QUOTA, {**where, "maximum": maximum})
        if row is None:
            raise DailyQuotaExceeded
    in_minute = session.one(_SPEND_MINUTE, where)
    if in_minute is not None and in_minute[0] == counted:  # The first message of this minute.
        _drop_old_minutes(session, account_id, region, minute)


def _renew_sum(session: Session, account_id: str, region: str, minute: int) -> None:
    session.execute(
        """
        INSERT INTO account_quota (account_id, region, minute, total) VALUES (:account_id, :region, :minute, :total)
        ON CONFLICT (account_id, region) DO UPDATE SET minute = excluded.minute, total = excluded.total
        WHERE account_quota.minute < excluded.minute
        """,
        {
            "account_id": account_id,
            "region": region,
            "minute": minute,
            "total": _sent(session, account_id, region, minute),
        },
    )


def _sent(session: Session, account_id: str, region: str, minute: int) -> int:
    row = session.one(_SUM, {"account_id": account_id, "region": region, "oldest": minute - QUOTA_WINDOW_MINUTES})
    return int(row[0]) if row is not None else 0


def _drop_old_minutes(session: Session, account_id: str, region: str, minute: int) -> None:
    session.execute(
        "DELETE FROM account_minutes WHERE account_id = :account_id AND region = :region AND minute < :oldest",
        {"account_id": account_id, "region": region, "oldest": minute - QUOTA_WINDOW_MINUTES},
    )


def sent_last_24_hours(session: Session, account_id: str, region: str, now: float) -> int:
    """Give how many recipients counted for the daily quota in the last 24 hours."""
    return _sent(session, account_id, region, int(now) // 60)
