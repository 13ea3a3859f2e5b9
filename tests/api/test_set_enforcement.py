"""What a configuration set or the account says about sending holds at all three doors, and for its events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.capabilities.queue import MessageKey
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.submission import submit

RAW = b"From: sender@example.com\r\nTo: you@example.net\r\nSubject: Hi\r\n%s\r\nHello\r\n"


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_configuration_set(ConfigurationSetName="cs")
    return client


def told(work: Callable[[], object]) -> tuple[str, str]:
    """Give the code and the text of a refusal."""
    with pytest.raises(ClientError) as caught:
        work()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def by_v2(api: Api, **more: Any) -> str:
    answer = api.client("sesv2").send_email(
        FromEmailAddress="sender@example.com",
        Destination={"ToAddresses": ["you@example.net"]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        **more,
    )
    return str(answer["MessageId"])


def by_v1(api: Api, **more: Any) -> str:
    answer = api.client("ses").send_email(
        Source="sender@example.com",
        Destination={"ToAddresses": ["you@example.net"]},
        Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
        **more,
    )
    return str(answer["MessageId"])


def by_smtp(api: Api, configuration_set: str | None = None) -> str:
    """Submit a message and give the reply."""
    header = b"" if configuration_set is None else f"X-SES-CONFIGURATION-SET: {configuration_set}\r\n".encode()
    return submit(api, RAW % header, "you@example.net", reverse_path="sender@example.com")


def kinds(api: Api, message_id: str) -> list[str]:
    api.wait_until_delivered()
    return api.run(api.world.kinds(MessageKey(ACCOUNT, REGION, message_id)))


def test_a_paused_set_refuses_at_all_doors_until_it_is_resumed(api: Api, ses: Any) -> None:
    ses.put_configuration_set_sending_options(ConfigurationSetName="cs", SendingEnabled=False)
    text = "Sending is paused for configuration set cs"
    assert told(lambda: by_v2(api, ConfigurationSetName="cs")) == ("SendingPausedException", text)
    assert told(lambda: by_v1(api, ConfigurationSetName="cs")) == ("ConfigurationSetSendingPausedException", text)
    assert by_smtp(api, "cs") == f"554 Message rejected: {text}"
    assert by_smtp(api).startswith("250 Ok ")
    api.client("ses").update_configuration_set_sending_enabled(ConfigurationSetName="cs", Enabled=True)
    assert by_smtp(api, "cs").startswith("250 Ok ")
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Delivery"]
    fresh = ses.get_configuration_set(ConfigurationSetName="cs")["ReputationOptions"]["LastFreshStart"]
    assert fresh.timestamp() == pytest.approx(api.world.clock.now(), abs=3600)


def test_a_paused_account_refuses_at_all_doors(api: Api, ses: Any) -> None:
    ses.put_account_sending_attributes(SendingEnabled=False)
    text = "Account sending is disabled."
    assert told(lambda: by_v2(api)) == ("SendingPausedException", text)
    assert told(lambda: by_v1(api)) == ("AccountSendingPausedException", text)
    assert by_smtp(api) == f"554 Message rejected: {text}"
    api.client("ses").update_account_sending_enabled(Enabled=True)
    assert by_v1(api)


def test_a_pause_is_of_one_account_in_one_region(api: Api, ses: Any) -> None:
    for options in ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"}):
        other = api.client("sesv2", **options)
        other.create_configuration_set(ConfigurationSetName="cs")
        other.put_account_sending_attributes(SendingEnabled=False)
        other.put_configuration_set_sending_options(ConfigurationSetName="cs", SendingEnabled=False)
    assert by_v2(api, ConfigurationSetName="cs")


def test_a_set_overrides_for_which_reasons_recipients_are_suppressed(api: Api, ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="you@example.net", Reason="BOUNCE")
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Bounce"]
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressedReasons=["COMPLAINT"])
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Delivery"]
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressedReasons=["BOUNCE"])
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Bounce"]
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressedReasons=[])
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Delivery"]
    assert kinds(api, by_v2(api)) == ["Send", "Bounce"]


def test_a_set_suppresses_what_the_account_does_not(api: Api, ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="you@example.net", Reason="COMPLAINT")
    ses.put_account_suppression_attributes(SuppressedReasons=[])
    ses.put_configuration_set_suppression_options(ConfigurationSetName="cs", SuppressedReasons=["COMPLAINT"])
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Complaint"]
    assert kinds(api, by_v2(api)) == ["Send", "Delivery"]


def test_only_enabled_destinations_get_events_and_only_what_they_match(api: Api, ses: Any) -> None:
    sns, sqs = api.client("sns"), api.client("sqs")
    topic = sns.create_topic(Name="events")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")

    def definition(*, enabled: bool, types: list[str]) -> dict[str, Any]:
        target = {"SnsDestination": {"TopicArn": topic}}
        name = {"ConfigurationSetName": "cs", "EventDestinationName": "d"}
        return {**name, "EventDestination": {"Enabled": enabled, "MatchingEventTypes": types, **target}}

    def published() -> list[str]:
        api.wait_until_delivered()
        api.run(api.outbound.publisher.publish_batch())
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"])["eventType"] for message in messages]

    ses.create_configuration_set_event_destination(**definition(enabled=False, types=["SEND", "DELIVERY"]))
    sqs.purge_queue(QueueUrl=queue)
    by_v2(api, ConfigurationSetName="cs")
    assert published() == []
    ses.update_configuration_set_event_destination(**definition(enabled=True, types=["DELIVERY"]))
    by_v2(api, ConfigurationSetName="cs")
    assert published() == ["Delivery"]
    ses.update_configuration_set_event_destination(**definition(enabled=False, types=["DELIVERY"]))
    by_v2(api, ConfigurationSetName="cs")
    assert published() == []


def test_a_destination_that_is_only_stored_holds_up_nothing(api: Api, ses: Any) -> None:
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="d",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND"],
            "EventBridgeDestination": {"EventBusArn": bus},
        },
    )
    assert kinds(api, by_v2(api, ConfigurationSetName="cs")) == ["Send", "Delivery"]
