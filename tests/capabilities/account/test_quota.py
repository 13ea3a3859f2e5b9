"""The sending rate and the daily quota."""

from __future__ import annotations

import pytest

from hatobin.capabilities import account
from hatobin.capabilities.account import DailyQuotaExceeded, RateExceeded, SendLimits
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room

FOURTEEN = SendLimits(14.0, -1)
SANDBOX = SendLimits(1.0, 200)
DAY = 24 * 60 * 60


def spend(
    room: Room,
    recipients: int,
    now: float,
    limits: SendLimits,
    *,
    quota_count: int | None = None,
    account_id: str = ACCOUNT,
    region: str = REGION,
) -> None:
    room.transact(lambda s: account.spend(s, account_id, region, recipients, now, limits, quota_count=quota_count))


def accepted(room: Room, tries: int, now: float, limits: SendLimits) -> int:
    done = 0
    for _ in range(tries):
        try:
            spend(room, 1, now, limits)
        except RateExceeded:
            continue
        done += 1
    return done


def sent(room: Room, now: float) -> int:
    return room.transact(lambda s: account.sent_last_24_hours(s, ACCOUNT, REGION, now))


def test_a_second_s_worth_goes_at_once_and_the_rest_waits(room: Room) -> None:
    assert accepted(room, 60, NOON, FOURTEEN) == 14
    assert accepted(room, 60, NOON + 0.5, FOURTEEN) == 7
    assert accepted(room, 60, NOON + 10, FOURTEEN) == 14


@pytest.mark.parametrize("rate", [1.0, 3.0, 7.0, 14.0, 33.0, 1000.0])
def test_a_burst_is_exactly_the_rate(room: Room, rate: float) -> None:
    assert accepted(room, int(rate) + 20, NOON, SendLimits(rate, -1)) == int(rate)


def test_a_steady_sender_at_the_rate_is_never_refused(room: Room) -> None:
    for step in range(200):
        spend(room, 1, NOON + step / 14, FOURTEEN)


def test_less_than_one_a_second_still_lets_one_go(room: Room) -> None:
    slow = SendLimits(0.5, -1)
    spend(room, 1, NOON, slow)
    with pytest.raises(RateExceeded):
        spend(room, 1, NOON + 1.9, slow)
    spend(room, 1, NOON + 2, slow)


def test_many_recipients_leave_while_one_is_left_and_the_debt_is_paid(room: Room) -> None:
    spend(room, 5, NOON, SANDBOX)
    with pytest.raises(RateExceeded):
        spend(room, 1, NOON + 4.9, SANDBOX)
    spend(room, 1, NOON + 5, SANDBOX)


def test_a_rate_of_zero_sends_nothing(room: Room) -> None:
    with pytest.raises(RateExceeded):
        spend(room, 1, NOON, SendLimits(0, -1))


def test_accounts_and_regions_do_not_share_a_rate(room: Room) -> None:
    spend(room, 1, NOON, SANDBOX)
    spend(room, 1, NOON, SANDBOX, account_id=OTHER_ACCOUNT)
    spend(room, 1, NOON, SANDBOX, region=OTHER_REGION)
    with pytest.raises(RateExceeded):
        spend(room, 1, NOON, SANDBOX)


def test_unlimited_leaves_only_the_minute_s_count(room: Room) -> None:
    spend(room, 30, NOON, SendLimits(-1, -1))
    tables = {name: room.transact(lambda s, n=name: s.execute(f"SELECT * FROM {n}")) for name in TABLES}
    assert tables == {
        "account_rate": [],
        "account_quota": [],
        "account_minutes": [(ACCOUNT, REGION, int(NOON) // 60, 30)],
    }


TABLES = ("account_rate", "account_quota", "account_minutes")


def test_the_quota_is_never_exceeded(room: Room) -> None:
    limits = SendLimits(-1, 10)
    spend(room, 6, NOON, limits)
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 5, NOON + 1, limits)
    spend(room, 4, NOON + 1, limits)
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 1, NOON + 3600, limits)
    assert sent(room, NOON + 3600) == 10


def test_the_quota_comes_back_after_24_hours(room: Room) -> None:
    limits = SendLimits(-1, 10)
    spend(room, 6, NOON, limits)
    spend(room, 4, NOON + 3600, limits)
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 1, NOON + DAY + 30, limits)  # Still inside the first minute's bucket.
    spend(room, 6, NOON + DAY + 60, limits)
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 1, NOON + DAY + 60, limits)


def test_a_rolling_day_never_holds_more_than_the_quota(room: Room) -> None:
    limits, events = SendLimits(-1, 25), list[tuple[float, int]]()
    for step in range(400):
        now = NOON + step * 997.0
        try:
            spend(room, 1 + step % 3, now, limits)
        except DailyQuotaExceeded:
            continue
        events.append((now, 1 + step % 3))
    assert len(events) > 30
    for start, _ in events:
        assert sum(count for at, count in events if start <= at < start + DAY) <= 25


def test_the_simulator_counts_for_the_rate_only(room: Room) -> None:
    spend(room, 1, NOON, SANDBOX, quota_count=0)
    assert sent(room, NOON) == 0
    with pytest.raises(RateExceeded):
        spend(room, 1, NOON, SANDBOX, quota_count=0)


def test_a_refused_message_spends_nothing(room: Room) -> None:
    limits = SendLimits(1.0, 2)
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 3, NOON, limits)
    spend(room, 2, NOON, limits)
    assert sent(room, NOON) == 2


def test_a_quota_that_becomes_limited_counts_what_was_sent_before(room: Room) -> None:
    spend(room, 7, NOON, SendLimits(-1, -1))
    with pytest.raises(DailyQuotaExceeded):
        spend(room, 4, NOON + 60, SendLimits(-1, 10))
    spend(room, 3, NOON + 60, SendLimits(-1, 10))


def test_old_minutes_are_forgotten(room: Room) -> None:
    for step in range(3):
        spend(room, 1, NOON + step * 1.5 * DAY, SendLimits(-1, -1))
    rows = room.transact(lambda s: s.execute("SELECT minute FROM account_minutes"))
    assert rows == [(int(NOON + 3 * DAY) // 60,)]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (RateExceeded(), "Maximum sending rate exceeded."),
        (DailyQuotaExceeded(), "Daily message quota exceeded."),
    ],
)
def test_each_door_says_it_in_its_own_way(problem: account.QuotaExceeded, text: str) -> None:
    v1, v2 = account.refusal(problem, "ses"), account.refusal(problem, "sesv2")
    assert (v1.code, v1.status, v1.message) == ("Throttling", 400, text)
    assert (v2.code, v2.status, v2.message) == ("TooManyRequestsException", 429, text)
    assert account.smtp_refusal(problem) == f"Throttling failure: {text}"
