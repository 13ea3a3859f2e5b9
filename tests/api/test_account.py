"""The account over the wire: quotas, statistics, switches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hatobin.capabilities import account
from hatobin.words.settings import Account, Settings
from tests.api.answers import body_of, error_of
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


def test_everything_an_account_says_of_itself_comes_back(make_client: MakeClient) -> None:
    v2 = make_client("sesv2")
    details = {
        "MailType": "MARKETING",
        "WebsiteURL": "https://shop.example.com/a?b=c",
        "ContactLanguage": "JA",
        "UseCaseDescription": "お知らせ",
        "AdditionalContactEmailAddresses": ["a@example.com"],
    }
    validation = {
        "ConditionThreshold": {
            "ConditionThresholdEnabled": "ENABLED",
            "OverallConfidenceThreshold": {"ConfidenceVerdictThreshold": "MEDIUM"},
        }
    }
    vdm = {
        "VdmEnabled": "ENABLED",
        "DashboardAttributes": {"EngagementMetrics": "DISABLED"},
        "GuardianAttributes": {"OptimizedSharedDelivery": "ENABLED"},
    }
    v2.put_account_details(ProductionAccessEnabled=True, **details)
    v2.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"], ValidationAttributes=validation)
    v2.put_account_vdm_attributes(VdmAttributes=vdm)
    v2.put_account_dedicated_ip_warmup_attributes(AutoWarmupEnabled=False)
    v2.put_account_delivery_attributes(SharedPoolDeliveryMode="GLOBAL")
    v2.put_account_pricing_attributes(Plan="ENTERPRISE")
    shown = body_of(v2.get_account())
    review = shown["Details"].pop("ReviewDetails")
    assert review["Status"] == "GRANTED"
    assert review["CaseId"].isdigit()
    assert shown == {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendQuota": {"Max24HourSend": -1.0, "MaxSendRate": 10_000.0, "SentLast24Hours": 0.0},
        "SendingEnabled": True,
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE"], "ValidationAttributes": validation},
        "Details": details,
        "VdmAttributes": vdm,
        "PricingAttributes": {"CurrentPlan": "ENTERPRISE"},
        "DeliveryAttributes": {"SharedPoolDeliveryMode": "GLOBAL"},
    }


def test_all_that_is_wrong_with_details_is_said_at_once(make_client: MakeClient) -> None:
    v2 = make_client("sesv2")
    code, text, status = error_of(
        v2.put_account_details,
        MailType="NEWS",
        WebsiteURL="https://example.com",
        ContactLanguage="DE",
    )
    assert (code, status) == ("BadRequestException", 400)
    assert text.startswith("2 validation errors detected: ")
    assert "Value at 'mailType' failed to satisfy constraint" in text
    code, text, _ = error_of(v2.put_account_details, MailType="MARKETING", WebsiteURL="not a url")
    assert (code, text) == ("BadRequestException", "Url contains invalid format")
    assert "Details" not in v2.get_account()


@pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
def test_a_second_request_for_production_access_is_a_conflict_without_a_text(make_client: MakeClient) -> None:
    v2 = make_client("sesv2")
    request = {"MailType": "MARKETING", "WebsiteURL": "https://example.com", "ProductionAccessEnabled": True}
    v2.put_account_details(**request)
    assert v2.get_account()["Details"]["ReviewDetails"]["Status"] == "PENDING"
    code, text, status = error_of(v2.put_account_details, **request)
    assert (code, text or "", status) == ("ConflictException", "", 409)
