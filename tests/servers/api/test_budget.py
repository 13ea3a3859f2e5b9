"""The budget of large bodies."""

from __future__ import annotations

import pytest

from hatobin.servers.api import BodyBudget


def test_shares_come_together_to_no_more_than_the_budget() -> None:
    budget = BodyBudget(100)
    with budget.share() as one, budget.share() as two:
        assert one.take(60)
        assert not two.take(50)
        assert two.take(40)
        assert not one.take(1)
        assert (budget.bytes, budget.has_room(0), budget.has_room(1)) == (100, True, False)
    assert budget.bytes == 0


def test_what_was_refused_is_not_held() -> None:
    budget = BodyBudget(100)
    with budget.share() as share:
        assert not share.take(101)
        assert (share.bytes, budget.bytes) == (0, 0)


def test_a_share_comes_back_when_its_request_fails() -> None:
    budget = BodyBudget(100)

    def fail() -> None:
        with budget.share() as share:
            share.take(70)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert budget.bytes == 0
