"""Sample 3: bounces and complaints of a configuration set go to an SNS topic, which must exist first."""

from __future__ import annotations

import json

import pytest

from tests.guide.marks import CommandFailed
from tests.guide.reader import TOKYO, Reader
from tests.running import ACCOUNT_ID

_SET = "guide-03"


def _create_destination(reader: Reader, topic_arn: str) -> None:
    definition = {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "COMPLAINT"],
        "SnsDestination": {"TopicArn": topic_arn},
    }
    reader.aws(
        *("sesv2", "create-configuration-set-event-destination", "--configuration-set-name", _SET),
        *("--event-destination-name", "bounce-tracking", "--event-destination", json.dumps(definition)),
    )


def test_topic_first_then_destination_then_a_bounce_arrives(reader: Reader) -> None:
    reader.client("sesv2").create_configuration_set(ConfigurationSetName=_SET)
    arn = f"arn:aws:sns:{TOKYO}:{ACCOUNT_ID}:{_SET}"
    with pytest.raises(CommandFailed, match=f"BadRequestException.*{arn}"):
        _create_destination(reader, arn)
    assert reader.topic(_SET) == arn
    _create_destination(reader, arn)
    bounced = reader.send("bounce+guide-03@simulator.amazonses.com", _SET)
    complained = reader.send("complaint+guide-03@simulator.amazonses.com", _SET)
    events = {event["mail"]["messageId"]: event for event in reader.events(_SET, 2)}
    assert events[bounced]["eventType"] == "Bounce"
    assert events[bounced]["bounce"]["bounceType"] == "Permanent"
    assert events[complained]["eventType"] == "Complaint"
