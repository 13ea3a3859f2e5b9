"""Functions behind topics and rules: what they get, and what becomes of it where they may not be invoked."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.api.functions import Functions, function_arn
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.simulation.server import SNS_KEY

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"
DEAD = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
KEEP = "import json\n\ndef handle(event, context):\n    context.write(json.dumps(event) + chr(10))\n"
FAILURES = f"sns/{REGION}/{ACCOUNT}/events/Failure"


@pytest.fixture
def functions(api: Api) -> Functions:
    functions = Functions(api)
    functions.make(KEEP)
    api.client("sns").create_topic(Name="events")
    api.client("sqs").create_queue(QueueName="dead")
    return functions


def subscribe(functions: Functions, **attributes: str) -> str:
    return str(
        functions.api.client("sns").subscribe(
            TopicArn=TOPIC,
            Protocol="lambda",
            Endpoint=function_arn("f"),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
    )


def received(functions: Functions) -> list[Any]:
    """Give the events that the function got, once nothing waits any more."""
    api = functions.api

    def waits() -> bool:
        return bool(api.read(lambda session: session.execute("SELECT 1 FROM lambda_invocation")))

    for _ in range(50):
        if not waits():
            break
        api.pass_time(1)
    try:
        return [json.loads(line) for line in functions.logged() if line.startswith("{")]
    except functions.logs.exceptions.ResourceNotFoundException:
        return []


def dead(functions: Functions) -> list[Any]:
    url = f"http://127.0.0.1:8005/{ACCOUNT}/dead"
    return list(
        functions.api.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages", [])
    )


def test_a_notification_is_the_record_that_lambda_documents(functions: Functions) -> None:
    functions.allow("sns.amazonaws.com", TOPIC)
    subscription = subscribe(functions)
    sent = functions.api.client("sns").publish(
        TopicArn=TOPIC,
        Message='{"a": "鳩"}',
        Subject="Hello",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "x"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    [event] = received(functions)
    [record] = event["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    notice = record["Sns"]
    assert {name: notice[name] for name in ("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp")} == {
        "Type": "Notification",
        "MessageId": sent["MessageId"],
        "TopicArn": TOPIC,
        "Subject": "Hello",
        "Message": '{"a": "鳩"}',
        "Timestamp": "2023-11-14T22:13:20.000Z",
    }
    assert notice["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "x"},
        "raw": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }
    assert subscription in notice["UnsubscribeUrl"].replace("%3A", ":")
    assert notice["SigningCertUrl"] == "https://localhost/cert.pem"
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{notice[name]}\n" for name in names).encode()
    SNS_KEY.public_key().verify(base64.b64decode(notice["Signature"]), signed, padding.PKCS1v15(), hashes.SHA1())


def test_without_a_subject_or_attributes_it_says_so(functions: Functions) -> None:
    functions.allow("sns.amazonaws.com", TOPIC)
    subscribe(functions)
    functions.api.client("sns").publish(TopicArn=TOPIC, Message="x")
    [event] = received(functions)
    notice = event["Records"][0]["Sns"]
    assert (notice["Subject"], notice["MessageAttributes"]) == (None, {})


@pytest.mark.parametrize(
    "permission",
    [
        None,
        {"Principal": "events.amazonaws.com"},
        {"SourceArn": f"{TOPIC}-other"},
        {"SourceAccount": OTHER_ACCOUNT},
        {"Action": "lambda:GetFunction"},
    ],
)
def test_without_permission_nothing_is_delivered_and_nothing_tried_again(
    functions: Functions, permission: dict[str, str] | None
) -> None:
    if permission is not None:
        given = {"Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com", "SourceArn": TOPIC}
        functions.client.add_permission(FunctionName="f", StatementId="s", **{**given, **permission})
    subscribe(functions, RedrivePolicy=json.dumps({"deadLetterTargetArn": DEAD}))
    functions.api.client("sns").publish(TopicArn=TOPIC, Message="x")
    assert received(functions) == []
    [message] = dead(functions)
    assert json.loads(message["Body"])["Records"][0]["Sns"]["Message"] == "x"
    [told] = functions.logged(group=FAILURES)
    failure = json.loads(told)
    assert failure["status"] == "FAILURE"
    assert failure["delivery"]["destination"] == function_arn("f")
    assert (failure["delivery"]["statusCode"], failure["delivery"]["attempts"]) == (403, 1)
    assert "policy" in failure["delivery"]["providerResponse"]
    functions.api.pass_time(3600)
    assert received(functions) == []


def test_a_function_that_is_gone_is_a_failure_too(functions: Functions) -> None:
    functions.allow("sns.amazonaws.com", TOPIC)
    subscribe(functions)
    functions.client.delete_function(FunctionName="f")
    functions.api.client("sns").publish(TopicArn=TOPIC, Message="x")
    [told] = functions.logged(group=FAILURES)
    assert json.loads(told)["delivery"]["statusCode"] == 404
    assert functions.api.outbound.sns_deliveries is not None


def test_a_queue_that_is_gone_is_told_in_the_same_place(functions: Functions) -> None:
    sns = functions.api.client("sns")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=DEAD.replace("dead", "none"))
    sns.publish(TopicArn=TOPIC, Message="x")
    [told] = functions.logged(group=FAILURES)
    assert json.loads(told)["delivery"]["destination"].endswith(":none")


def test_filters_hold_for_functions(functions: Functions) -> None:
    functions.allow("sns.amazonaws.com", TOPIC)
    subscribe(functions, FilterPolicy='{"kind": ["bounce"]}', FilterPolicyScope="MessageBody")
    sns = functions.api.client("sns")
    for kind in ("bounce", "open"):
        sns.publish(TopicArn=TOPIC, Message=json.dumps({"kind": kind}))
    [event] = received(functions)
    assert json.loads(event["Records"][0]["Sns"]["Message"]) == {"kind": "bounce"}


@pytest.mark.parametrize(
    ("endpoint", "attributes", "text"),
    [
        ("f", {}, "Invalid parameter: Lambda endpoint ARN"),
        (f"{function_arn('f')}:live", {}, "Invalid parameter: Lambda endpoint ARN"),
        (
            function_arn("f"),
            {"RawMessageDelivery": "true"},
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Delivery protocol [lambda] does not support raw"
            " message delivery.",
        ),
    ],
)
def test_subscriptions_that_cannot_be_are_refused(
    functions: Functions, endpoint: str, attributes: dict[str, str], text: str
) -> None:
    with pytest.raises(ClientError) as caught:
        functions.api.client("sns").subscribe(
            TopicArn=TOPIC, Protocol="lambda", Endpoint=endpoint, Attributes=attributes
        )
    assert caught.value.response["Error"]["Message"] == text


def test_events_of_mail_reach_a_function_by_a_topic(functions: Functions) -> None:
    functions.allow("sns.amazonaws.com", TOPIC)
    subscribe(functions)
    v2 = functions.api.client("sesv2")
    v2.create_email_identity(EmailIdentity="example.com")
    v2.create_configuration_set(ConfigurationSetName="cs")
    v2.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="d",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": TOPIC},
        },
    )
    v2.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        ConfigurationSetName="cs",
    )
    functions.api.wait_until_delivered()
    functions.api.pass_time(5)
    texts = [event["Records"][0]["Sns"]["Message"] for event in received(functions)]
    # The first says that the topic was found to be there.
    assert [json.loads(text)["eventType"] for text in texts[1:]] == ["Bounce"]


def rule(functions: Functions, **target: Any) -> Any:
    events = functions.api.client("events")
    events.put_rule(Name="r", EventPattern='{"source":["app"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "f", "Arn": function_arn("f"), **target}])
    return events


def put(events: Any) -> None:
    events.put_events(Entries=[{"Source": "app", "DetailType": "Order", "Detail": '{"n":1}'}])


def test_a_rule_gives_a_function_the_event_itself(functions: Functions) -> None:
    functions.allow("events.amazonaws.com", RULE)
    events = rule(functions)
    put(events)
    [event] = received(functions)
    assert (event["source"], event["detail-type"], event["detail"]) == ("app", "Order", {"n": 1})
    assert events.list_rule_names_by_target(TargetArn=function_arn("f"))["RuleNames"] == ["r"]


def test_a_rule_shapes_what_it_gives(functions: Functions) -> None:
    functions.allow("events.amazonaws.com", RULE)
    put(rule(functions, InputPath="$.detail"))
    assert received(functions) == [{"n": 1}]


def test_a_rule_without_permission_fails(functions: Functions) -> None:
    put(rule(functions, DeadLetterConfig={"Arn": DEAD}))
    assert received(functions) == []
    [message] = dead(functions)
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (RULE, function_arn("f"))
    functions.client.delete_function(FunctionName="f")
    put(functions.api.client("events"))
    [message] = dead(functions)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
