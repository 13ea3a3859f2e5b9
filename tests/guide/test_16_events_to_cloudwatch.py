"""Sample 16: events of a configuration set become CloudWatch metrics with two message tags as dimensions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.guide.reader import SENDER, Reader

_DEFINITION: dict[str, Any] = {
    "Enabled": True,
    "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "OPEN", "CLICK"],
    "CloudWatchDestination": {
        "DimensionConfigurations": [
            {
                "DimensionName": "email-source",
                "DimensionValueSource": "MESSAGE_TAG",
                "DefaultDimensionValue": "unknown",
            },
            {
                "DimensionName": "email-type",
                "DimensionValueSource": "MESSAGE_TAG",
                "DefaultDimensionValue": "transactional",
            },
        ]
    },
}


def test_the_destination_is_made_and_shown(reader: Reader) -> None:
    reader.client("sesv2").create_configuration_set(ConfigurationSetName="guide-16")
    reader.aws(
        *("sesv2", "create-configuration-set-event-destination", "--configuration-set-name", "guide-16"),
        *("--event-destination-name", "cloudwatch-tracking", "--event-destination", json.dumps(_DEFINITION)),
    )
    [shown] = reader.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName="guide-16")[
        "EventDestinations"
    ]
    assert shown["CloudWatchDestination"] == _DEFINITION["CloudWatchDestination"]
    assert set(shown["MatchingEventTypes"]) == set(_DEFINITION["MatchingEventTypes"])


@pytest.mark.parametrize("named", [("email-source", "email-type"), ("email-source",), ("email-type",)])
def test_an_event_is_counted_under_its_dimensions(reader: Reader, named: tuple[str, ...]) -> None:
    values = {"email-source": f"shop-{len(named)}-{named[0]}", "email-type": "transactional"}
    reader.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["counted-16@example.net"]},
        Content={"Simple": {"Subject": {"Data": "注文"}, "Body": {"Text": {"Data": "注文"}}}},
        ConfigurationSetName="guide-16",
        EmailTags=[{"Name": "email-source", "Value": values["email-source"]}],
    )
    now = datetime.now(UTC)
    answer = reader.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SES",
        MetricName="Send",
        Dimensions=[{"Name": name, "Value": values[name]} for name in named],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=86400,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in answer["Datapoints"]) >= 1
