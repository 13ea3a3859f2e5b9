"""Sample 16: events of a configuration set become CloudWatch metrics with two message tags as dimensions."""

from __future__ import annotations

import json
from typing import Any

from tests.guide.reader import Reader

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
