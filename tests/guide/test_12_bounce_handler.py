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
from tests.guide.marks import printed_form
from tests.guide.reader import TOKYO, Reader
from tests.running import wait_until

_SET = "guide-12"
_LAMBDA = {"Service": "lambda.amazonaws.com"}
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


@pytest.fixture(scope="module")
def role(reader: Reader) -> str:
    """The role of the handler: Lambda may take it on, and it may suppress addresses."""
    iam = reader.client("iam")
    made = iam.create_role(RoleName="guide-12", AssumeRolePolicyDocument=_document("sts:AssumeRole", _LAMBDA))
    iam.put_role_policy(
        RoleName="guide-12",
        PolicyName="suppress",
        PolicyDocument=_document("ses:PutSuppressedDestination", Resource="*"),
    )
    return str(made["Role"]["Arn"])


def _document(action: str, principal: dict[str, str] | None = None, **more: str) -> str:
    statement = {"Effect": "Allow", "Action": action, **({"Principal": principal} if principal else {}), **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _deploy(reader: Reader, role: str, name: str, source: str, topic: str) -> None:
    """Make a function of a handler's source, and let a topic invoke it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bounces.py", source)
    client = reader.client("lambda")
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="bounces.handle",
        Role=role,
        Timeout=60,
        Code={"ZipFile": code.getvalue()},
    )
    client.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    reader.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=made["FunctionArn"])


def _logged(reader: Reader, name: str, pattern: str) -> int:
    """Count the events of a function's log that a pattern fits."""
    logs = reader.client("logs")
    try:
        return len(logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern=pattern)["events"])
    except logs.exceptions.ResourceNotFoundException:
        return 0


def _corrected() -> str:
    return Path(bounces.__file__).read_text()


def _printed() -> str:
    """Give the handler that looks at `notificationType` alone, as it is printed."""
    corrected = _corrected()
    printed = corrected.replace(
        'message.get("eventType") or message.get("notificationType")', 'message.get("notificationType")'
    )
    assert printed != corrected
    return printed


def test_sns_calls_the_function_itself_behind_an_identity(reader: Reader, role: str) -> None:
    """Behind SetIdentityNotificationTopic the printed form suppresses."""
    name, v1 = "guide-12-identity", reader.client("ses")
    topic = reader.topic(name)
    _deploy(reader, role, name, _printed(), topic)
    reader.client("sesv2").create_email_identity(EmailIdentity="function-12.example")
    v1.set_identity_notification_topic(Identity="function-12.example", NotificationType="Bounce", SnsTopic=topic)
    to = "bounce+function-12@simulator.amazonses.com"
    v1.send_email(
        Source="shop@function-12.example",
        Destination={"ToAddresses": [to]},
        Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
    )
    wait_until(lambda: reader.suppression_reason(to) == "BOUNCE", "the function suppresses the address")


def test_sns_calls_the_function_itself_behind_a_set(reader: Reader, role: str) -> None:
    name = "guide-12-corrected"
    topic = reader.topic(name)
    _deploy(reader, role, name, _corrected(), topic)
    reader.configuration_set(name, topic, ["BOUNCE", "COMPLAINT"])
    for kind, reason in (("bounce", "BOUNCE"), ("complaint", "COMPLAINT")):
        to = f"{kind}+corrected-12@simulator.amazonses.com"
        reader.send(to, name)
        wait_until(lambda to=to, reason=reason: reader.suppression_reason(to) == reason, f"{to} is suppressed")  # type: ignore[misc]


@printed_form("works in part")
def test_behind_a_set_the_printed_function_runs_and_suppresses_nobody(reader: Reader, role: str) -> None:
    name, to = "guide-12-printed", "bounce+printed-12@simulator.amazonses.com"
    topic = reader.topic(name)
    _deploy(reader, role, name, _printed(), topic)
    reader.configuration_set(name, topic, ["BOUNCE"])
    reader.send(to, name)
    reader.notifications(name, 1)
    wait_until(lambda: _ran_well(reader, name), "the function has run")
    assert reader.suppression_reason(to) is None


def _ran_well(reader: Reader, name: str) -> bool:
    """Say whether a run ended well; the first, of the text that says that the topic is there, is no JSON and fails."""
    return _logged(reader, name, "REPORT") > _logged(reader, name, '"[ERROR]"')
