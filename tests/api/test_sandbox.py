"""The sandbox and limits of single accounts, at all three doors, beside accounts that have none."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import account
from hatobin.words.settings import Account, Settings
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.test_set_enforcement import by_smtp, by_v1, by_v2, told

SANDBOX = Settings(account=Account(sandbox=True))
UNVERIFIED = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: you@example.net"
)
RATE, DAY = "Maximum sending rate exceeded.", "Daily message quota exceeded."


def answer(api: Api, *, granted: bool, **limits: Any) -> None:
    """Answer as `hatobin account` does."""
    api.run(
        api.world.database.write(lambda s: account.put_production_access(s, ACCOUNT, REGION, granted=granted, **limits))
    )


def verify(api: Api, *names: str, **options: Any) -> None:
    for name in names:
        api.client("sesv2", **options).create_email_identity(EmailIdentity=name)


def pause(api: Api, seconds: float) -> None:
    """Move the world's time on; nothing else happens meanwhile."""
    api.world.clock.elapsed_s += seconds


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_the_sandbox_wants_verified_recipients_at_all_doors_until_access_is_granted(api: Api) -> None:
    verify(api, "example.com")
    assert told(lambda: by_v2(api)) == ("MessageRejected", UNVERIFIED)
    assert told(lambda: by_v1(api)) == ("MessageRejected", UNVERIFIED)
    assert by_smtp(api) == f"554 Message rejected: {UNVERIFIED}"
    verify(api, "you@example.net")
    assert by_v2(api)
    answer(api, granted=True)
    api.client("sesv2").delete_email_identity(EmailIdentity="you@example.net")
    assert by_v2(api)
    assert by_v1(api)
    assert by_smtp(api).startswith("250 Ok ")


@pytest.mark.parametrize("api", [SANDBOX], indirect=True)
def test_a_sandbox_sends_one_a_second_at_any_door(api: Api) -> None:
    verify(api, "example.com", "you@example.net")
    assert by_smtp(api).startswith("250 Ok ")
    assert told(lambda: by_v2(api)) == ("TooManyRequestsException", RATE)
    assert told(lambda: by_v1(api)) == ("Throttling", RATE)
    assert by_smtp(api) == f"454 Throttling failure: {RATE.removesuffix('.')}"
    pause(api, 1.0)
    assert by_v1(api)


def test_an_account_that_is_put_back_is_limited_where_others_are_not(api: Api) -> None:
    verify(api, "example.com", "you@example.net")
    for _ in range(3):
        assert by_v2(api)
    answer(api, granted=False)
    assert by_v2(api)
    assert told(lambda: by_v2(api)) == ("TooManyRequestsException", RATE)
    verify(api, "example.com", account_id=OTHER_ACCOUNT)
    other = api.client("sesv2", account_id=OTHER_ACCOUNT)
    for _ in range(3):
        other.send_email(
            FromEmailAddress="sender@example.com",
            Destination={"ToAddresses": ["stranger@example.org"]},
            Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        )


def test_the_daily_quota_of_an_account_rolls_over_24_hours(api: Api) -> None:
    verify(api, "example.com")
    answer(api, granted=True, max_24_hour_send=3)
    for _ in range(3):
        assert by_v2(api)
    assert told(lambda: by_v2(api)) == ("TooManyRequestsException", DAY)
    assert told(lambda: by_v1(api)) == ("Throttling", DAY)
    assert by_smtp(api) == f"454 Throttling failure: {DAY.removesuffix('.')}"
    assert api.client("ses").get_send_quota()["SentLast24Hours"] == 3.0
    pause(api, 12 * 3600.0)
    assert told(lambda: by_v2(api)) == ("TooManyRequestsException", DAY)
    pause(api, 12 * 3600.0 + 60)
    assert by_v2(api)


def test_bulk_entries_beyond_a_quota_say_so(api: Api) -> None:
    verify(api, "example.com")
    answer(api, granted=True, max_24_hour_send=2)
    ses = api.client("sesv2")
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "x"})
    entries = [{"Destination": {"ToAddresses": [f"{name}@example.net"]}} for name in "abc"]
    results = ses.send_bulk_email(
        FromEmailAddress="sender@example.com",
        DefaultContent={"Template": {"TemplateName": "t", "TemplateData": "{}"}},
        BulkEmailEntries=entries,
    )["BulkEmailEntryResults"]
    assert sorted(result["Status"] for result in results) == [
        "ACCOUNT_DAILY_QUOTA_EXCEEDED",
        "SUCCESS",
        "SUCCESS",
    ]
