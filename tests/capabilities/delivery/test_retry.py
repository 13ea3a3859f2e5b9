"""The retry schedule: growing gaps, a give-up time that counts from acceptance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatobin.capabilities.delivery import Expired, Retry, RetrySchedule, decide_next_attempt

SCHEDULE = RetrySchedule((120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0), 0.2)
DAY = 50_400.0


def gap(attempts: int, chance: float = 0.0) -> float:
    decision = decide_next_attempt(attempts=attempts, now=0.0, expires_at=DAY, schedule=SCHEDULE, chance=chance)
    assert isinstance(decision, Retry)
    return decision.at


def test_the_gaps_grow_and_then_stay() -> None:
    assert [gap(attempts) for attempts in range(1, 9)] == [120, 300, 600, 1200, 2400, 3600, 3600, 3600]


def test_chance_moves_a_gap_by_a_fifth() -> None:
    assert (gap(1, -1), gap(1, 1)) == (96, 144)


def test_the_last_attempt_is_at_the_deadline_and_none_after_it() -> None:
    last = decide_next_attempt(attempts=9, now=DAY - 60, expires_at=DAY, schedule=SCHEDULE, chance=0)
    assert last == Retry(DAY)
    assert decide_next_attempt(attempts=10, now=DAY, expires_at=DAY, schedule=SCHEDULE, chance=0) == Expired()


@given(st.integers(1, 60), st.floats(0, DAY * 2), st.floats(-1, 1))
def test_a_retry_is_never_in_the_past_nor_after_the_deadline(attempts: int, now: float, chance: float) -> None:
    decision = decide_next_attempt(attempts=attempts, now=now, expires_at=DAY, schedule=SCHEDULE, chance=chance)
    assert isinstance(decision, Expired) == (now >= DAY)
    if isinstance(decision, Retry):
        assert now < decision.at <= DAY
