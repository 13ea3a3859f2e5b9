"""The account over the wire: quotas, statistics, switches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hatobin.capabilities import account
from hatobin.words.settings import Account, Settings
from tests.api.answers import body_of
from tests.api.harness import ACCOUNT, REGION, Api

MakeClient = Callable[..., Any]
LIMITED = Settings(account=Account(max_send_rate=14.0, max_24_hour_send=50_000))


def test_an_unlimited_account_shows_minus_one(make_client: MakeClient) -> None:
    quota = {"Max24HourSend": -1.0, "MaxSendRate": 10_000.0, "SentLast24Hours": 0.0}
    assert body_of(make_client("ses").get_send_quota()) == quota
    assert body_of(make_client("sesv2").get_account()) == {
        "DedicatedIpAutoWarmupEnabled": True,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendQuota": quota,
        "SendingEnabled": True,
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }


@pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
def test_a_sandbox_shows_its_limits(make_client: MakeClient) -> None:
    assert body_of(make_client("ses").get_send_quota()) == {
        "Max24HourSend": 200.0,
        "MaxSendRate": 1.0,
        "SentLast24Hours": 0.0,
    }


@pytest.mark.parametrize("api", [LIMITED], indirect=True)
def test_sends_count_for_the_quota(api: Api, make_client: MakeClient) -> None:
    v1 = make_client("ses")
    v1.verify_email_identity(EmailAddress="a@example.com")
    v1.send_email(
        Source="a@example.com",
        Destination={"ToAddresses": ["b@example.net", "c@example.net"]},
        Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
    )
    assert v1.get_send_quota()["SentLast24Hours"] == 2.0
    api.wait_until_delivered()
    (point,) = v1.get_send_statistics()["SendDataPoints"]
    assert (point["DeliveryAttempts"], point["Bounces"], point["Complaints"], point["Rejects"]) == (2, 0, 0, 0)


def test_statistics_have_a_time(api: Api, make_client: MakeClient) -> None:
    now = api.world.clock.now()
    api.run(api.world.database.write(lambda s: account.count(s, ACCOUNT, REGION, now, bounced=3)))
    (point,) = make_client("ses").get_send_statistics()["SendDataPoints"]
    assert point["Timestamp"] == datetime.fromtimestamp(now // 900 * 900, UTC)
    assert (point["DeliveryAttempts"], point["Bounces"]) == (3, 3)


def test_the_switches_reach_both_doors(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v1.update_account_sending_enabled(Enabled=False)
    assert v2.get_account()["SendingEnabled"] is False
    v2.put_account_sending_attributes(SendingEnabled=True)
    assert v1.get_account_sending_enabled()["Enabled"] is True
    v2.put_account_suppression_attributes(SuppressedReasons=[])
    assert v2.get_account()["SuppressionAttributes"] == {"SuppressedReasons": []}
