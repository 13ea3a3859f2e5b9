"""Events whose services are elsewhere: each kind arrives there signed, and clients see nothing of the difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.far_services import FarServices, send, settings_with, told
from tests.api.harness import ACCOUNT, Api

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:events"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture
def far(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FarServices]:
    """A server whose services are elsewhere: those of the parameter, a name or several."""
    names = request.param if isinstance(request.param, tuple) else (request.param,)
    api = Api(settings_with(*names))
    monkeypatch.setattr("botocore.auth.get_current_datetime", api.now)
    yield FarServices(api)
    api.close()


def elsewhere(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("far", [names], indirect=True, ids=["+".join(names)])


def kinds(events: list[Any]) -> list[str]:
    return [json.loads(event)["eventType"] for event in events]


@elsewhere("sns")
def test_a_topic_elsewhere_is_published_to(far: FarServices) -> None:
    told(far.api, {"SnsDestination": {"TopicArn": TOPIC}})
    message_id = send(far.api)
    far.api.wait(lambda: len(far.of("sns")) == 3)
    proof, sent, delivered = far.of("sns")
    assert "Successfully validated" in proof["Message"]
    assert kinds([sent["Message"], delivered["Message"]]) == ["Send", "Delivery"]
    assert sent["TopicArn"] == TOPIC
    assert sent["Subject"] == "Amazon SES Email Event Notification"
    assert json.loads(sent["Message"])["mail"]["messageId"] == message_id


@elsewhere("firehose")
def test_a_stream_elsewhere_gets_lines(far: FarServices) -> None:
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/ses"
    told(far.api, {"KinesisFirehoseDestination": {"IamRoleArn": ROLE, "DeliveryStreamArn": arn}})
    send(far.api)
    far.api.wait(lambda: len(far.of("firehose")) == 2)
    assert all(record.endswith("}\n") for record in far.of("firehose"))
    assert kinds(far.of("firehose")) == ["Send", "Delivery"]
    assert {call.target for call in far.calls} == {"ses"}


@elsewhere("events")
def test_a_bus_elsewhere_gets_entries_under_a_source_of_ours(far: FarServices) -> None:
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    told(far.api, {"EventBridgeDestination": {"EventBusArn": bus}})
    send(far.api)
    far.api.wait(lambda: len(far.of("events")) == 2)
    sent, delivered = far.of("events")
    assert (sent["Source"], sent["DetailType"], delivered["DetailType"]) == (
        "hatobin.ses",
        "Email Sent",
        "Email Delivered",
    )
    assert sent["EventBusName"] == "default"
    assert sent["Resources"] == [f"arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/app"]
    assert json.loads(sent["Detail"])["eventType"] == "Send"


@elsewhere("cloudwatch")
def test_a_cloudwatch_elsewhere_gets_measurements_and_ours_too(far: FarServices) -> None:
    dimension = {"DimensionName": "kind", "DimensionValueSource": "MESSAGE_TAG", "DefaultDimensionValue": "none"}
    told(far.api, {"CloudWatchDestination": {"DimensionConfigurations": [dimension]}}, "SEND")
    send(far.api, EmailTags=[{"Name": "kind", "Value": "news"}])
    far.api.wait(lambda: bool(far.of("cloudwatch")))
    [form] = far.of("cloudwatch")
    prefix = "MetricData.member.1"
    assert (form["Namespace"], form[f"{prefix}.MetricName"]) == ("Hatobin/SES", "Send")
    assert form[f"{prefix}.StatisticValues.Sum"] == "1"
    dimensions = f"{prefix}.Dimensions.member.1"
    assert (form[f"{dimensions}.Name"], form[f"{dimensions}.Value"]) == ("kind", "news")
    listed = far.api.client("cloudwatch").list_metrics(Dimensions=[{"Name": "kind"}])["Metrics"]
    assert [metric["MetricName"] for metric in listed] == ["Send"]


@elsewhere("pinpoint")
def test_a_project_gets_events(far: FarServices) -> None:
    arn = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/abc123"
    told(far.api, {"PinpointDestination": {"ApplicationArn": arn}}, "SEND", "BOUNCE")
    send(far.api, to="bounce@simulator.amazonses.com", EmailTags=[{"Name": "kind", "Value": "news"}])
    far.api.wait(lambda: len(far.of("pinpoint")) == 2)
    sent, bounced = far.of("pinpoint")
    assert (sent["EventType"], bounced["EventType"]) == ("_email.send", "_email.hardbounce")
    assert sent["Attributes"]["kind"] == "news"
    assert {call.target for call in far.calls} == {"/v1/apps/abc123/events"}


def test_without_an_endpoint_a_project_is_kept_and_gets_nothing(api: Api) -> None:
    arn = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/abc123"
    told(api, {"PinpointDestination": {"ApplicationArn": arn}})
    send(api)
    api.pass_time(10)
    assert api.read(lambda session: session.one("SELECT COUNT(*) FROM event_outbox")) == (0,)
    shown = api.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName="app")
    assert shown["EventDestinations"][0]["PinpointDestination"] == {"ApplicationArn": arn}


@elsewhere("sqs")
def test_a_queue_elsewhere_gets_what_topics_and_rules_here_have_for_it(far: FarServices) -> None:
    api = far.api
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail"
    topic = api.client("sns").create_topic(Name="events")["TopicArn"]
    api.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )
    api.client("sns").publish(
        TopicArn=topic, Message="m", MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    )
    api.client("events").put_rule(Name="r", EventPattern='{"source":["mine"]}')
    api.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue}])
    api.client("events").put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])
    api.wait(lambda: len(far.of("sqs")) == 2)
    plain, ruled = sorted(far.of("sqs"), key=lambda message: len(message["MessageBody"]))
    assert plain["QueueUrl"] == f"https://sqs.far.example/{ACCOUNT}/mail"
    assert plain["MessageBody"] == "m"
    assert plain["MessageAttributes"] == {"a": {"DataType": "Binary", "BinaryValue": "AP8="}}
    assert json.loads(ruled["MessageBody"])["source"] == "mine"


@elsewhere("sns")
def test_notifications_of_identities_and_alarms_go_there_too(far: FarServices) -> None:
    api = far.api
    ses = api.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.set_identity_notification_topic(Identity="example.com", NotificationType="Delivery", SnsTopic=TOPIC)
    _send_plain(api)
    api.client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        AlarmActions=[TOPIC],
        Namespace="AWS/SES",
        MetricName="Send",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    api.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    api.wait(lambda: len(far.of("sns")) >= 2)
    told_of = sorted(form.get("Subject", "") for form in far.of("sns"))
    assert told_of[0] == ""
    assert told_of[-1].startswith("ALARM")


def _send_plain(api: Api) -> None:
    api.client("ses").send_email(
        Source="a@example.com",
        Destination={"ToAddresses": ["to@example.net"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    )


@elsewhere("firehose")
def test_of_a_batch_only_what_was_refused_is_put_again(far: FarServices) -> None:
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/ses"
    told(far.api, {"KinesisFirehoseDestination": {"IamRoleArn": ROLE, "DeliveryStreamArn": arn}}, "SEND")
    refused: list[str] = []

    def refuse_once(record: str) -> bool:
        if record in refused or len(refused) == 2:
            return False
        refused.append(record)
        return True

    far.refuse = refuse_once
    ids = [send(far.api) for _ in range(6)]
    far.api.wait(lambda: len(far.of("firehose")) == 6)
    far.api.pass_time(120)
    assert sorted(json.loads(record)["mail"]["messageId"] for record in far.of("firehose")) == sorted(ids)
    assert len(refused) == 2
