"""The default event bus through a real client: rules, their patterns and targets, and the events of sets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.buses import QUEUE, Bus, refusal
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
SES = json.dumps({"source": ["aws.ses"]})


@pytest.fixture
def bus(api: Api) -> Bus:
    return Bus(api)


def publish_all(api: Api, *, target: str = BUS) -> Any:
    """Make the set "cs" whose events go to the bus, and give the client."""
    ses = api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="bus",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE"],
            "EventBridgeDestination": {"EventBusArn": target},
        },
    )
    return ses


def send(ses: Any, to: str = "bob@example.net") -> str:
    answer = ses.send_email(
        FromEmailAddress="ann@example.com",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        ConfigurationSetName="cs",
    )
    return str(answer["MessageId"])


def test_an_event_of_a_set_has_the_form_of_eventbridge(bus: Bus) -> None:
    bus.rule({"source": ["aws.ses"]})
    message_id = send(publish_all(bus.api))
    bus.api.wait_until_delivered()
    bus.api.pass_time(2)
    sent, delivered = bus.bodies()
    assert list(sent) == [
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"),
    ]
    assert (sent["version"], sent["source"], sent["account"], sent["region"]) == ("0", "aws.ses", ACCOUNT, REGION)
    assert sent["resources"] == [f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/cs"]
    assert sent["time"] == f"{bus.api.now():%Y-%m-%dT%H:%M}" + sent["time"][16:]
    assert sent["time"].endswith("Z")
    assert (sent["detail-type"], delivered["detail-type"]) == ("Email Sent", "Email Delivered")
    assert sent["detail"]["eventType"] == "Send"
    assert sent["detail"]["mail"]["messageId"] == delivered["detail"]["mail"]["messageId"] == message_id
    assert sent["id"] != delivered["id"]


@pytest.mark.parametrize(
    ("to", "detail_type", "kind"),
    [
        ("bounce@simulator.amazonses.com", "Email Bounced", "bounce"),
        ("complaint@simulator.amazonses.com", "Email Complaint Received", "complaint"),
    ],
)
def test_a_rule_takes_only_what_it_matches(bus: Bus, to: str, detail_type: str, kind: str) -> None:
    bus.rule({"source": ["aws.ses"], "detail-type": [detail_type], "detail": {"mail": {"destination": [to]}}})
    send(publish_all(bus.api), to)
    bus.api.pass_time(30)
    [event] = bus.bodies()
    assert event["detail-type"] == detail_type
    assert kind in event["detail"]


def test_a_topic_as_target_gets_a_signed_envelope_in_the_order_of_the_message(bus: Bus) -> None:
    topic = bus.sns.create_topic(Name="events")["TopicArn"]
    bus.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    bus.client.put_rule(Name="r", EventPattern=SES)
    bus.client.put_targets(Rule="r", Targets=[{"Id": "topic", "Arn": topic}])
    send(publish_all(bus.api))
    bus.api.wait_until_delivered()
    bus.api.pass_time(2)
    envelopes = bus.bodies()
    assert [json.loads(one["Message"])["detail-type"] for one in envelopes] == ["Email Sent", "Email Delivered"]
    assert all(one["Signature"] and "Subject" not in one for one in envelopes)


def test_a_rule_that_is_off_takes_nothing(bus: Bus) -> None:
    bus.rule({"source": ["app"]})
    bus.client.disable_rule(Name="r")
    bus.put()
    assert bus.received() == []
    bus.client.enable_rule(Name="r")
    bus.put()
    assert len(bus.received()) == 1


def test_each_rule_and_target_gets_the_event(bus: Bus) -> None:
    bus.sqs.create_queue(QueueName="other")
    bus.rule({"source": ["app"]}, "a")
    bus.rule({"detail-type": ["Order"]}, "b")
    bus.client.put_targets(Rule="a", Targets=[{"Id": "other", "Arn": QUEUE.replace("mail", "other")}])
    event_id = bus.put({"n": 1})["EventId"]
    assert [one["id"] for one in bus.bodies()] == [event_id, event_id]
    assert [one["detail"] for one in bus.bodies("other")] == [{"n": 1}]


def test_nobody_elses_events_are_matched(bus: Bus) -> None:
    bus.rule({"source": ["app"]})
    entry = {"Source": "app", "DetailType": "Order", "Detail": "{}"}
    for client in (
        bus.api.client("events", account_id=OTHER_ACCOUNT),
        bus.api.client("events", region="eu-west-1"),
    ):
        assert client.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert bus.received() == []


def test_a_target_may_get_a_part_a_text_or_a_filled_template(bus: Bus) -> None:
    for name, shape in {
        "a": {"Input": '{"fixed": true}'},
        "b": {"InputPath": "$.detail.items[1]"},
        "c": {
            "InputTransformer": {
                "InputPathsMap": {"who": "$.detail.who", "n": "$.detail.n", "gone": "$.detail.none"},
                "InputTemplate": '{"text": "<who> has <n>", "n": <n>, "gone": <gone>,'
                ' "rule": "<aws.events.rule-name>"}',
            }
        },
    }.items():
        bus.rule({"source": ["app"]}, name, **shape)
    bus.put({"items": [1, {"x": 2}], "who": 'A "quoted" name', "n": [1, 2]})
    found = bus.bodies()
    assert found[:2] == [{"fixed": True}, {"x": 2}]
    assert found[2] == {"text": 'A "quoted" name has [1,2]', "n": [1, 2], "gone": "", "rule": "c"}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Arn": "queue"}, "Parameter queue is not valid. Reason: Provided Arn is not in correct format."),
        (
            {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"},
            f"Parameter arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s is not valid. Reason: targets of the service"
            " kinesis are not supported by this server; topics of SNS, queues of SQS and functions of Lambda are.",
        ),
        (
            {"Arn": QUEUE.replace(ACCOUNT, OTHER_ACCOUNT)},
            f"Parameter {QUEUE.replace(ACCOUNT, OTHER_ACCOUNT)} is not valid. Reason: the target must be of this"
            " account and Region.",
        ),
        ({"Input": "{"}, "Input is not valid JSON for target t."),
        (
            {"Input": "{}", "InputPath": "$"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        ({"InputPath": "detail"}, "Invalid JSON path detail for target t."),
        (
            {"InputTransformer": {"InputTemplate": '"<x>"'}},
            "InputTemplate names <x>, which InputPathsMap does not have for target t.",
        ),
        ({"SqsParameters": {"MessageGroupId": "g"}}, "Parameter SqsParameters is not supported by this server."),
    ],
)
def test_a_target_that_cannot_be_is_refused(bus: Bus, target: dict[str, Any], text: str) -> None:
    bus.client.put_rule(Name="r", EventPattern=SES)
    given = {"Id": "t", "Arn": QUEUE, **target}
    assert refusal(bus.client.put_targets, Rule="r", Targets=[given]) == ("ValidationException", text)
    assert bus.client.list_targets_by_rule(Rule="r")["Targets"] == []


def test_what_a_target_does_not_take_goes_to_its_dead_letter_queue(bus: Bus) -> None:
    gone = QUEUE.replace("mail", "gone")
    bus.client.put_rule(Name="r", EventPattern=json.dumps({"source": ["app"]}))
    bus.client.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": gone, "DeadLetterConfig": {"Arn": QUEUE}}])
    event_id = bus.put()["EventId"]
    [message] = bus.received(MessageAttributeNames=["All"])
    assert json.loads(message["Body"])["id"] == event_id
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["RULE_ARN"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
    assert (attributes["TARGET_ARN"], attributes["ERROR_CODE"]) == (gone, "NO_RESOURCE")


def test_what_nobody_takes_is_counted(bus: Bus) -> None:
    bus.rule({"source": ["app"]})
    bus.sqs.delete_queue(QueueUrl=f"http://127.0.0.1:8005/{ACCOUNT}/mail")
    bus.put()
    bus.put()
    assert bus.api.read(lambda session: session.execute("SELECT failed FROM eventbridge_target")) == [(2,)]


def test_each_entry_is_taken_or_refused_by_itself(bus: Bus) -> None:
    bus.rule({"source": ["app"]})
    good = {"Source": "app", "DetailType": "x", "Detail": "{}"}
    answer = bus.client.put_events(
        Entries=[
            {**good, "Time": 1_767_268_800, "Resources": ["r"]},
            {"Source": "app", "DetailType": "x"},
            {**good, "Detail": "[]"},
            {**good, "Detail": "{" * 200},
            {**good, "Source": "aws.ses"},
            {**good, "EventBusName": "own"},
        ]
    )
    assert answer["FailedEntryCount"] == 5
    assert [(one.get("ErrorCode"), one.get("ErrorMessage")) for one in answer["Entries"]] == [
        (None, None),
        ("InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
        ("MalformedDetail", "Detail is malformed."),
        ("MalformedDetail", "Detail is malformed."),
        ("NotAuthorizedForSourceException", "Not authorized for the source."),
        ("InvalidArgument", "Event bus own does not exist."),
    ]
    [event] = bus.bodies()
    assert (event["time"], event["resources"]) == ("2026-01-01T12:00:00Z", ["r"])


def test_detail_of_the_greatest_depth_is_matched_or_malformed_but_breaks_nothing(bus: Bus) -> None:
    bus.rule({"source": ["app"]})
    codes = [bus.put(Detail='{"a":' * depth + "1" + "}" * depth).get("ErrorCode") for depth in (98, 99, 100, 101)]
    assert codes == [None, None, "MalformedDetail", "MalformedDetail"]
    assert len(bus.received()) == 2


def test_too_large_a_request_is_refused(bus: Bus) -> None:
    entry = {"Source": "app", "DetailType": "x", "Detail": json.dumps({"a": "x" * 200_000})}
    assert refusal(bus.client.put_events, Entries=[entry, entry]) == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )


def test_a_rule_and_its_targets_are_shown_as_they_were_put(bus: Bus) -> None:
    arn = bus.client.put_rule(
        Name="r",
        EventPattern=SES,
        State="DISABLED",
        Description="all of it",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        Tags=[{"Key": "k", "Value": "v"}],
        EventBusName="default",
    )["RuleArn"]
    assert arn == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
    shown = bus.client.describe_rule(Name="r", EventBusName=BUS)
    shown.pop("ResponseMetadata")
    expected = {
        "Name": "r",
        "Arn": arn,
        "EventPattern": SES,
        "State": "DISABLED",
        "Description": "all of it",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "EventBusName": "default",
    }
    assert shown == {**expected, "CreatedBy": ACCOUNT}
    assert bus.client.list_rules(NamePrefix="r")["Rules"] == [expected]
    assert bus.client.list_rules(NamePrefix="x")["Rules"] == []
    targets = [
        {"Id": "a", "Arn": QUEUE, "Input": "1", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
        {"Id": "b", "Arn": QUEUE, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": QUEUE}},
        {
            "Id": "c",
            "Arn": QUEUE.replace("sqs", "sns"),
            "InputTransformer": {"InputPathsMap": {"x": "$.id"}, "InputTemplate": '"<x>"'},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
        },
    ]
    assert bus.client.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    assert bus.client.list_targets_by_rule(Rule="r")["Targets"] == targets
    assert bus.client.list_rule_names_by_target(TargetArn=QUEUE)["RuleNames"] == ["r"]
    assert refusal(bus.client.delete_rule, Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    answer = bus.client.remove_targets(Rule="r", Ids=["a", "b", "c", "none"])
    assert (answer["FailedEntryCount"], answer["FailedEntries"][0]["ErrorCode"]) == (1, "ResourceNotFoundException")
    bus.client.delete_rule(Name="r")
    bus.client.delete_rule(Name="r")
    assert bus.client.list_rules()["Rules"] == []


def test_tags_of_a_rule(bus: Bus) -> None:
    arn = bus.client.put_rule(Name="r", EventPattern=SES, Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
    bus.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    assert bus.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "a", "Value": "3"},
        {"Key": "b", "Value": "2"},
    ]
    bus.client.put_rule(Name="r", EventPattern=SES)
    bus.client.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert bus.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_lists_have_pages(bus: Bus) -> None:
    for number in range(5):
        bus.rule({"source": ["app"]}, f"r{number}")
    pages = bus.client.get_paginator("list_rules").paginate(PaginationConfig={"PageSize": 2})
    assert [[rule["Name"] for rule in page["Rules"]] for page in pages] == [["r0", "r1"], ["r2", "r3"], ["r4"]]
    names = bus.client.get_paginator("list_rule_names_by_target").paginate(
        TargetArn=QUEUE, PaginationConfig={"PageSize": 4}
    )
    assert [page["RuleNames"] for page in names] == [["r0", "r1", "r2", "r3"], ["r4"]]
    assert refusal(bus.client.list_rules, NextToken="x") == ("ValidationException", "Invalid NextToken.")


def test_rules_by_schedule_are_refused(bus: Bus) -> None:
    code, text = refusal(bus.client.put_rule, Name="r", ScheduleExpression="rate(5 minutes)")
    assert code == "ValidationException"
    assert "ScheduleExpression is not supported" in text
