"""Reviews and pauses: what bounces and complaints do to an account, its sets and its tenants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.words.settings import Reputation, Settings
from tests.api.answers import error_of
from tests.api.buses import Bus
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.reputed import ACCOUNT_ARN, Reputed

SIMPLE = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}}
HOUR_S = 3600
DISABLED, ENABLED = "Sending Status Disabled", "Sending Status Enabled"
OPENED, RESOLVED = "Advisor Recommendation Status Open", "Advisor Recommendation Status Resolved"


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_configuration_set(ConfigurationSetName="shown", ReputationOptions={"ReputationMetricsEnabled": True})
    client.create_configuration_set(ConfigurationSetName="hidden")
    return client


@pytest.fixture
def reputed(api: Api) -> Reputed:
    return Reputed(api)


def mail(**more: Any) -> dict[str, Any]:
    to = {"ToAddresses": ["a@example.net"]}
    return {"FromEmailAddress": "me@example.com", "Destination": to, "Content": SIMPLE, **more}


def standing(ses: Any) -> tuple[str, bool]:
    found = ses.get_account()
    return found["EnforcementStatus"], found["SendingEnabled"]


def test_an_account_is_healthy_then_under_review_then_paused(api: Api, ses: Any, reputed: Reputed) -> None:
    reputed.count(99, bounces=99)
    reputed.look()
    assert standing(ses) == ("HEALTHY", True), "too few mails are no representative volume"
    reputed.count(1881, bounces=0)
    reputed.look()
    assert standing(ses) == ("PROBATION", True), "99 of 1980 are 5 %"
    reputed.count(0, bounces=98)
    reputed.look()
    assert standing(ses) == ("PROBATION", True)
    reputed.count(0, bounces=1)
    assert reputed.look() == 2, "the account, and the findings of the identity"
    assert standing(ses) == ("SHUTDOWN", False)
    assert error_of(ses.send_email, **mail()) == ("SendingPausedException", "Account sending is disabled.", 400)
    assert api.client("ses").get_account_sending_enabled()["Enabled"] is False
    assert reputed.look() == 0, "nothing is done twice"


def test_whoever_resumes_has_a_fresh_start(api: Api, ses: Any, reputed: Reputed) -> None:
    reputed.count(1000, bounces=500)
    reputed.look()
    ses.put_account_sending_attributes(SendingEnabled=True)
    assert standing(ses) == ("HEALTHY", True)
    reputed.count(10, bounces=10)
    reputed.look()
    assert standing(ses) == ("HEALTHY", True), "what comes in the rest of the hour does not count"
    assert ses.send_email(**mail())["MessageId"]
    api.pass_time(HOUR_S)
    reputed.count(1000, bounces=40)
    reputed.look()
    assert standing(ses) == ("HEALTHY", True)
    reputed.count(0, bounces=100)
    reputed.look()
    assert standing(ses) == ("SHUTDOWN", False)


def test_who_pauses_himself_has_no_fresh_start(ses: Any, reputed: Reputed) -> None:
    reputed.count(1000, bounces=60)
    reputed.look()
    for enabled in (False, True):
        ses.put_account_sending_attributes(SendingEnabled=enabled)
        reputed.look()
        assert standing(ses) == ("PROBATION", enabled)


def test_complaints_are_judged_over_ten_times_as_much(ses: Any, reputed: Reputed) -> None:
    reputed.count(999, complaints=1)
    reputed.look()
    assert standing(ses) == ("HEALTHY", True)
    reputed.count(1)
    reputed.look()
    assert standing(ses) == ("PROBATION", True)
    reputed.count(0, complaints=4)
    reputed.look()
    assert standing(ses) == ("SHUTDOWN", False)


@pytest.mark.parametrize("api", [Settings(reputation=Reputation(automatic_pause=False))], indirect=True)
def test_an_operator_may_leave_pausing_to_himself(ses: Any, reputed: Reputed) -> None:
    reputed.count(1000, bounces=500, set_name="shown")
    reputed.look()
    assert standing(ses) == ("PROBATION", True)
    assert ses.send_email(**mail(ConfigurationSetName="shown"))["MessageId"]


@pytest.mark.parametrize(
    "api", [Settings(reputation=Reputation(min_sends=10, bounce_review=0.2, bounce_pause=0.4))], indirect=True
)
def test_thresholds_are_settings(ses: Any, reputed: Reputed) -> None:
    found = []
    for _ in range(4):
        reputed.count(3 if found else 10, bounces=2)
        reputed.look()
        found.append(standing(ses)[0])
    assert found == ["PROBATION", "PROBATION", "PROBATION", "SHUTDOWN"]


def test_a_set_that_has_reputation_metrics_is_paused_alone(ses: Any, reputed: Reputed) -> None:
    reputed.count(5000)
    for name in ("shown", "hidden"):
        reputed.count(200, bounces=30, set_name=name)
    reputed.look()
    assert standing(ses) == ("HEALTHY", True)
    refused = "Sending is paused for configuration set shown"
    assert error_of(ses.send_email, **mail(ConfigurationSetName="shown"))[:2] == ("SendingPausedException", refused)
    assert ses.send_email(**mail(ConfigurationSetName="hidden"))["MessageId"]
    ses.put_configuration_set_sending_options(ConfigurationSetName="shown", SendingEnabled=True)
    reputed.look()
    assert ses.send_email(**mail(ConfigurationSetName="shown"))["MessageId"]


def test_the_bus_is_told(api: Api, ses: Any, reputed: Reputed) -> None:
    bus = Bus(api)
    bus.rule({"source": ["aws.ses"], "resources": [ACCOUNT_ARN]})
    reputed.count(1000, bounces=100)
    reputed.look()
    ses.put_account_sending_attributes(SendingEnabled=True)
    reputed.look()
    api.pass_time(2)
    opened, disabled, resolved, enabled = bus.bodies()
    kinds = [one["detail-type"] for one in (opened, disabled, resolved, enabled)]
    assert kinds == [OPENED, DISABLED, RESOLVED, ENABLED]
    assert (opened["source"], opened["account"], opened["region"]) == ("aws.ses", ACCOUNT, REGION)
    assert opened["detail"]["metadata"] == {"impact": "HIGH", "type": "BOUNCE"}
    text = opened["detail"]["data"]
    assert text.startswith("The bounce rate exceeded 10% based on a representative volume of 1000 emails from ")
    data = disabled["detail"]["data"]
    assert (disabled["detail"]["version"], data["origin"]) == ("1.0.0", "AWS_MANAGED")
    assert (data["record"]["status"], data["record"]["cause"]) == ("DISABLED", text)
    assert len(data["record"]["lastUpdatedTimestamp"]) == 7
    assert json.dumps(enabled["detail"]["data"]["record"]).startswith('{"status": "ENABLED"')


def test_what_is_done_for_one_account_is_not_done_to_another(api: Api, ses: Any, reputed: Reputed) -> None:
    reputed.count(1000, bounces=500)
    reputed.look()
    other = api.client("sesv2", region="eu-west-1").get_account()
    assert (other["EnforcementStatus"], other["SendingEnabled"]) == ("HEALTHY", True)
