"""How often an operation may be called."""

from __future__ import annotations

import pytest

from hatobin.gateway import rationing
from hatobin.gateway.rationing import Rationing
from hatobin.words.errors import CallerError

ACCOUNT, REGION = "123456789012", "us-east-1"


def allowed(one: Rationing, now: float, operation: str = "GetAccount", account: str = ACCOUNT, **where: str) -> bool:
    try:
        one.check(where.get("service", "sesv2"), operation, account, where.get("region", REGION), now)
    except CallerError:
        return False
    return True


def test_one_call_a_second_of_each_operation() -> None:
    one = Rationing(1.0)
    assert [allowed(one, now) for now in (10.0, 10.5, 10.99, 11.0, 11.1, 12.5)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert allowed(one, 12.5, "ListContactLists")


def test_a_higher_rate_lets_a_second_s_worth_through_at_once() -> None:
    one = Rationing(4.0)
    assert [allowed(one, 10.0) for _ in range(5)] == [True] * 4 + [False]
    assert [allowed(one, 10.3), allowed(one, 10.3)] == [True, False]


def test_less_than_one_a_second() -> None:
    one = Rationing(0.5)
    assert [allowed(one, now) for now in (10.0, 11.0, 12.0)] == [True, False, True]


def test_callers_do_not_take_from_each_other() -> None:
    one = Rationing(1.0)
    assert allowed(one, 10.0)
    assert allowed(one, 10.0, account="210987654321")
    assert allowed(one, 10.0, region="eu-west-1")
    assert allowed(one, 10.0, service="ses")


@pytest.mark.parametrize("operation", ["SendEmail", "SendBulkEmail", "SendCustomVerificationEmail"])
def test_sending_has_its_own_rate(operation: str) -> None:
    one = Rationing(1.0)
    assert all(allowed(one, 10.0, operation) for _ in range(10))


def test_other_services_and_no_rate_are_not_rationed() -> None:
    assert all(allowed(Rationing(1.0), 10.0, "Publish", service="sns") for _ in range(3))
    unlimited = Rationing(-1.0)
    assert all(allowed(unlimited, 10.0) for _ in range(10))


@pytest.mark.parametrize(
    ("service", "code", "status"), [("sesv2", "TooManyRequestsException", 429), ("ses", "Throttling", 400)]
)
def test_the_refusal_is_in_the_service_s_words(service: str, code: str, status: int) -> None:
    one = Rationing(1.0)
    one.check(service, "GetAccount", ACCOUNT, REGION, 10.0)
    with pytest.raises(CallerError) as refused:
        one.check(service, "GetAccount", ACCOUNT, REGION, 10.0)
    assert (refused.value.code, refused.value.message, refused.value.status) == (code, "Rate exceeded", status)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rationing, "MAX_COUNTED", 3)
    one = Rationing(1.0)
    assert all(allowed(one, 10.0, f"Get{number}") for number in range(3))
    assert not allowed(one, 10.5, "Get3"), "nobody may be forgotten yet"
    assert allowed(one, 11.5, "Get3")
