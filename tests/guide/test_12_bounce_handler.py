"""Sample 12: a function behind SNS suppresses bounced and complaining addresses.

There are two wirings, and their messages differ: an identity's notifications
say `notificationType`, the events of a configuration set say `eventType`.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.guide.functions import bounces
from tests.guide.marks import printed_form, waits_for
from tests.guide.reader import TOKYO, Reader
from tests.running import wait_until

_SET = "guide-12"
_BOUNCE, _COMPLAINT = "bounce+guide-12@simulator.amazonses.com", "complaint+guide-12@simulator.amazonses.com"


@pytest.fixture
def function(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function, in the environment that Lambda would give it."""
    for name, text in reader.server.client_environment(TOKYO).items():
        monkeypatch.setenv(name, text)
    return bounces.handle


@pytest.fixture(scope="module")
def notifications(reader: Reader) -> list[dict[str, Any]]:
    """What SNS delivers for one bounce and one complaint behind a configuration set."""
    reader.configuration_set(_SET, reader.topic(_SET), ["BOUNCE", "COMPLAINT"])
    for to in (_BOUNCE, _COMPLAINT):
        reader.send(to, _SET)
    return reader.notifications(_SET, 2)


def _lambda_event(notifications: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": one} for one in notifications]}


def _by_legacy_key(message: dict[str, Any]) -> Any:
    """What the printed handler looks at."""
    return message.get("notificationType")


def test_events_of_a_set_suppress_with_a_handler_that_reads_both_keys(
    reader: Reader, notifications: list[dict[str, Any]], function: Any
) -> None:
    assert reader.suppression_reason(_BOUNCE) is None, "the simulator's own bounces suppress nobody"
    done = function(_lambda_event(notifications), None)
    assert done == {"BOUNCE": [_BOUNCE], "COMPLAINT": [_COMPLAINT]}
    assert reader.suppression_reason(_BOUNCE) == "BOUNCE"
    assert reader.suppression_reason(_COMPLAINT) == "COMPLAINT"


@printed_form("works in part")
def test_behind_a_set_the_printed_handler_finds_nothing(notifications: list[dict[str, Any]]) -> None:
    messages = [json.loads(one["Message"]) for one in notifications]
    assert {_by_legacy_key(message) for message in messages} == {None}
    assert {message["eventType"] for message in messages} == {"Bounce", "Complaint"}


def test_the_feedback_type_is_of_the_complaint(notifications: list[dict[str, Any]]) -> None:
    messages = [json.loads(one["Message"]) for one in notifications]
    [complaint] = [message["complaint"] for message in messages if message["eventType"] == "Complaint"]
    assert complaint["complaintFeedbackType"] == "abuse"
    assert complaint["complainedRecipients"] == [{"emailAddress": _COMPLAINT}]


def test_notifications_of_an_identity_suppress_as_printed(reader: Reader, function: Any) -> None:
    topic, queue = reader.topic("guide-12-legacy"), "guide-12-legacy"
    v1 = reader.client("ses")
    reader.client("sesv2").create_email_identity(EmailIdentity="legacy-12.example")
    for kind in ("Bounce", "Complaint"):
        v1.set_identity_notification_topic(Identity="legacy-12.example", NotificationType=kind, SnsTopic=topic)
    to = "bounce+legacy-12@simulator.amazonses.com"
    v1.send_email(
        Source="shop@legacy-12.example",
        Destination={"ToAddresses": [to]},
        Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
    )
    [notification] = reader.notifications(queue, 1)
    assert _by_legacy_key(json.loads(notification["Message"])) == "Bounce"
    assert function(_lambda_event([notification]), None)["BOUNCE"] == [to]
    assert reader.suppression_reason(to) == "BOUNCE"


@waits_for("lambda companion")
def test_sns_calls_the_function_itself(reader: Reader) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(Path(bounces.__file__), "bounces.py")
    made = reader.client("lambda").create_function(
        FunctionName="guide-12",
        Runtime="python3.13",
        Handler="bounces.handle",
        Role="arn:aws:iam::123456789012:role/mail",
        Code={"ZipFile": code.getvalue()},
    )
    topic = reader.topic("guide-12-lambda")
    reader.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=made["FunctionArn"])
    to = "bounce+lambda-12@simulator.amazonses.com"
    reader.send(to, reader.configuration_set("guide-12-lambda", topic, ["BOUNCE"]))
    wait_until(lambda: reader.suppression_reason(to) == "BOUNCE", "the function suppresses the address")
