"""Configuration sets over the wire: blocks that round-trip, destinations, DEV-CL-06."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json

from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, REGION

MakeClient = Callable[..., Any]
MISSING_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing"

BLOCKS: list[dict[str, Any]] = [
    {},
    {"DeliveryOptions": {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 3600}},
    {
        "ReputationOptions": {
            "ReputationMetricsEnabled": True,
            "LastFreshStart": datetime(2026, 1, 1, tzinfo=UTC),
        }
    },
    {"SendingOptions": {"SendingEnabled": False}},
    {"SuppressionOptions": {"SuppressedReasons": []}},
    {"SuppressionOptions": {"SuppressedReasons": ["COMPLAINT", "BOUNCE"]}},
    {
        "VdmOptions": {
            "DashboardOptions": {"EngagementMetrics": "ENABLED"},
            "GuardianOptions": {"OptimizedSharedDelivery": "DISABLED"},
        }
    },
    {"Tags": [{"Key": "team", "Value": "mail"}]},
    {
        "DeliveryOptions": {"SendingPoolName": "ses-shared-pool", "SharedPoolDeliveryMode": "ACCOUNT"},
        "SuppressionOptions": {
            "SuppressionScope": "ACCOUNT",
            "ValidationOptions": {"ConditionThreshold": {"ConditionThresholdEnabled": "DISABLED"}},
        },
        "ArchivingOptions": {"ArchiveArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-archive/a-{'x' * 24}"},
        "MessageSecurityOptions": {"SigningScheme": {"SmimeScheme": {"SignatureFormat": "DETACHED"}}},
    },
]


@pytest.mark.parametrize("blocks", BLOCKS, ids=lambda blocks: "+".join(blocks) or "none")
def test_blocks_come_back_and_absent_stays_absent(make_client: MakeClient, blocks: dict[str, Any]) -> None:
    ses = make_client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="cs", **blocks)
    shown = body_of(ses.get_configuration_set(ConfigurationSetName="cs"))
    assert shown == {"ConfigurationSetName": "cs", "Tags": [], **blocks}


def test_sets_are_listed_and_deleted(make_client: MakeClient) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    for name in ("b", "a", "c"):
        v2.create_configuration_set(ConfigurationSetName=name)
    first = v2.list_configuration_sets(PageSize=2)
    rest = v1.list_configuration_sets(NextToken=first["NextToken"])
    assert (first["ConfigurationSets"], rest["ConfigurationSets"]) == (["a", "b"], [{"Name": "c"}])
    v2.delete_configuration_set(ConfigurationSetName="a")
    missing = "Configuration set <a> does not exist."
    assert error_of(v2.get_configuration_set, ConfigurationSetName="a") == ("NotFoundException", missing, 404)
    assert error_of(v1.describe_configuration_set, ConfigurationSetName="a") == (
        "ConfigurationSetDoesNotExist",
        missing,
        400,
    )


def test_a_delivery_time_out_of_range_is_refused_by_the_model(make_client: MakeClient) -> None:
    code, text, status = error_of(
        make_client("sesv2").create_configuration_set,
        ConfigurationSetName="cs",
        DeliveryOptions={"MaxDeliverySeconds": 50401},
    )
    assert (code, status) == ("BadRequestException", 400)
    assert "Member must have value less than or equal to 50400" in text


@pytest.fixture
def topic_arn(make_client: MakeClient) -> str:
    return str(make_client("sns").create_topic(Name="events")["TopicArn"])


def to_topic(arn: str, *types: str) -> dict[str, Any]:
    return {"Enabled": True, "MatchingEventTypes": list(types), "SnsDestination": {"TopicArn": arn}}


def test_a_destination_is_shown_as_it_was_made_and_its_topic_told(make_client: MakeClient, topic_arn: str) -> None:
    ses, sns, sqs = make_client("sesv2"), make_client("sns"), make_client("sqs")
    queue_url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
    ses.create_configuration_set(ConfigurationSetName="cs")
    definition = to_topic(topic_arn, "OPEN", "BOUNCE", "SEND")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="cs", EventDestinationName="d", EventDestination=definition
    )
    shown = ses.get_configuration_set_event_destinations(ConfigurationSetName="cs")
    assert shown["EventDestinations"] == [{"Name": "d", **definition}]
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    text = json.decode(message["Body"])["Message"]
    assert text == "Successfully validated SNS topic for Amazon SES event publishing."


def test_topics_and_sets_must_exist(make_client: MakeClient, topic_arn: str) -> None:
    v1, v2 = make_client("ses"), make_client("sesv2")
    v2.create_configuration_set(ConfigurationSetName="cs")
    create = v2.create_configuration_set_event_destination
    no_topic = error_of(
        create,
        ConfigurationSetName="cs",
        EventDestinationName="d",
        EventDestination=to_topic(MISSING_TOPIC, "SEND"),
    )
    assert no_topic == ("BadRequestException", f"SNS topic <{MISSING_TOPIC}> not found.", 400)
    no_set = error_of(
        create,
        ConfigurationSetName="none",
        EventDestinationName="d",
        EventDestination=to_topic(topic_arn, "SEND"),
    )
    assert no_set == ("NotFoundException", "Configuration set <none> does not exist.", 404)
    by_v1 = error_of(
        v1.create_configuration_set_event_destination,
        ConfigurationSetName="cs",
        EventDestination={
            "Name": "d",
            "Enabled": True,
            "MatchingEventTypes": ["send"],
            "SNSDestination": {"TopicARN": MISSING_TOPIC},
        },
    )
    assert by_v1 == ("InvalidSNSDestination", f"SNS topic <{MISSING_TOPIC}> not found.", 400)


def test_v1_describes_the_destinations_it_made(make_client: MakeClient, topic_arn: str) -> None:
    v1 = make_client("ses")
    v1.create_configuration_set(ConfigurationSet={"Name": "cs"})
    destination = {
        "Name": "d",
        "Enabled": True,
        "MatchingEventTypes": ["renderingFailure", "click"],
        "SNSDestination": {"TopicARN": topic_arn},
    }
    v1.create_configuration_set_event_destination(ConfigurationSetName="cs", EventDestination=destination)
    shown = body_of(
        v1.describe_configuration_set(ConfigurationSetName="cs", ConfigurationSetAttributeNames=["eventDestinations"])
    )
    assert shown == {"ConfigurationSet": {"Name": "cs"}, "EventDestinations": [destination]}
    gone = error_of(
        v1.delete_configuration_set_event_destination, ConfigurationSetName="cs", EventDestinationName="none"
    )
    assert gone == ("EventDestinationDoesNotExist", "No EventDestination found for cs", 400)
    v1.delete_configuration_set_event_destination(ConfigurationSetName="cs", EventDestinationName="d")
    v1.delete_configuration_set(ConfigurationSetName="cs")
    assert v1.list_configuration_sets()["ConfigurationSets"] == []
