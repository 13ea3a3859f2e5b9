"""SNS as boto3 speaks it, from a topic to an endpoint and a queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from hatobin.gateway import HttpRequest
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]
HOOK = "http://app.test/hook"
NONE = f"arn:aws:sns:us-east-1:{ACCOUNT}:none"


@pytest.fixture
def sns(make_client: MakeClient) -> Any:
    return make_client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name="events")["TopicArn"])


class Posts:
    """What endpoints get from a delivery worker that runs while time passes."""

    def __init__(self, api: Api) -> None:
        self._api = api

        async def start() -> None:
            self._task = asyncio.get_running_loop().create_task(api.outbound.sns_deliveries.run())

        api.run(start())

    @property
    def count(self) -> int:
        """How many came so far."""
        return len(self._api.world.http.posts)

    def wait(self, count: int) -> list[dict[str, Any]]:
        """Let time pass until `count` came, and give all."""
        self._api.wait(lambda: self.count >= count)
        return [json.loads(body) for body in self._api.world.http.posts]


@pytest.fixture
def posts(api: Api) -> Posts:
    return Posts(api)


def error_of(work: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        work()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def visit(api: Api, url: str) -> tuple[int, str]:
    """Follow a link as a person or a program does: an unsigned GET."""
    parts = urlsplit(url)
    answer = api.run(
        api.gateway.handle(HttpRequest("GET", parts.path, parts.query, {"host": parts.netloc}, b"", "192.0.2.7"))
    )
    return answer.status, answer.body.decode()


def confirmed(sns: Any, posts: Posts, topic: str, **arguments: Any) -> str:
    """Subscribe an HTTP endpoint and confirm with the token it gets."""
    before = posts.count
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK, **arguments)
    [*_, asked] = posts.wait(before + 1)
    return str(sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])["SubscriptionArn"])


def test_a_topic_is_made_once(sns: Any, topic: str) -> None:
    assert topic == f"arn:aws:sns:us-east-1:{ACCOUNT}:events"
    assert sns.create_topic(Name="events")["TopicArn"] == topic
    sns.create_topic(Name="named", Attributes={"DisplayName": "One"}, Tags=[{"Key": "k", "Value": "v"}])
    code, text = error_of(lambda: sns.create_topic(Name="named", Attributes={"DisplayName": "Two"}))
    assert (code, text) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    code, text = error_of(lambda: sns.create_topic(Name="named", Tags=[{"Key": "k", "Value": "w"}]))
    assert text == "Invalid parameter: Tags Reason: Topic already exists with different tags"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a b", "Invalid parameter: Topic Name"),
        ("x" * 257, "Invalid parameter: Topic Name"),
        ("orders.fifo", "Invalid parameter: Name Reason: FIFO topics are not supported by this server"),
    ],
)
def test_names_that_are_refused(sns: Any, name: str, text: str) -> None:
    assert error_of(lambda: sns.create_topic(Name=name)) == ("InvalidParameter", text)


def test_topics_are_listed_in_pages_of_a_hundred(sns: Any) -> None:
    for number in range(103):
        sns.create_topic(Name=f"t{number:03}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    second = sns.list_topics(NextToken=first["NextToken"])
    assert [item["TopicArn"][-4:] for item in second["Topics"]] == ["t100", "t101", "t102"]
    assert "NextToken" not in second
    pages = sns.get_paginator("list_topics").paginate()
    assert sum(len(page["Topics"]) for page in pages) == 103
    assert error_of(lambda: sns.list_topics(NextToken="x"))[0] == "InvalidParameter"


def test_attributes_of_a_topic(sns: Any, topic: str) -> None:
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert shown["Owner"] == ACCOUNT
    assert shown["SubscriptionsConfirmed"] == "0"
    assert json.loads(shown["Policy"])["Statement"][0]["Resource"] == topic
    assert json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == "2"
    for name, value in (("SignatureVersion", "3"), ("Color", "red"), ("DeliveryPolicy", "{")):
        code, _ = error_of(
            lambda name=name, value=value: sns.set_topic_attributes(  # type: ignore[misc]
                TopicArn=topic, AttributeName=name, AttributeValue=value
            )
        )
        assert code == "InvalidParameter"


def test_a_topic_that_is_missing_or_of_somebody_else(sns: Any, make_client: MakeClient, topic: str) -> None:
    missing = ("NotFound", "Topic does not exist")
    assert error_of(lambda: sns.get_topic_attributes(TopicArn=NONE)) == missing
    assert error_of(lambda: sns.publish(TopicArn=NONE, Message="m")) == missing
    assert error_of(lambda: sns.subscribe(TopicArn=NONE, Protocol="http", Endpoint=HOOK)) == missing
    assert error_of(lambda: sns.list_subscriptions_by_topic(TopicArn=NONE)) == missing
    sns.delete_topic(TopicArn=NONE)
    other = make_client("sns", account_id=OTHER_ACCOUNT)
    code, text = error_of(lambda: other.publish(TopicArn=topic, Message="m"))
    assert code == "AuthorizationError"
    assert f"is not authorized to perform: SNS:Publish on resource: {topic}" in text
    abroad = make_client("sns", region="eu-west-1")
    assert error_of(lambda: abroad.publish(TopicArn=topic, Message="m")) == (
        "InvalidParameter",
        "Invalid parameter: TopicArn",
    )
    assert error_of(lambda: sns.publish(TopicArn="topic", Message="m")) == (
        "InvalidParameter",
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
    )


def test_an_endpoint_confirms_by_the_link_and_leaves_by_the_link(api: Api, sns: Any, topic: str, posts: Posts) -> None:
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK)
    assert answer["SubscriptionArn"] == "pending confirmation"
    [item] = sns.list_subscriptions()["Subscriptions"]
    assert item["SubscriptionArn"] == "PendingConfirmation"
    [asked] = posts.wait(1)
    assert asked["Type"] == "SubscriptionConfirmation"
    assert asked["Message"].startswith(f"You have chosen to subscribe to the topic {topic}.\n")
    assert parse_qs(urlsplit(asked["SubscribeURL"]).query)["Token"] == [asked["Token"]]
    sns.publish(TopicArn=topic, Message="too early")
    status, body = visit(api, asked["SubscribeURL"])
    assert status == 200
    [item] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = item["SubscriptionArn"]
    assert f"<SubscriptionArn>{arn}</SubscriptionArn>" in body
    shown = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "false")

    sns.publish(TopicArn=topic, Message="hello", Subject="S")
    [_, notified] = posts.wait(2)
    assert (notified["Type"], notified["Message"], notified["Subject"]) == ("Notification", "hello", "S")
    assert visit(api, notified["UnsubscribeURL"])[0] == 200
    assert sns.list_subscriptions()["Subscriptions"] == []
    [_, _, parted] = posts.wait(3)
    assert parted["Type"] == "UnsubscribeConfirmation"
    assert visit(api, parted["SubscribeURL"])[0] == 200
    [item] = sns.list_subscriptions()["Subscriptions"]
    assert item["SubscriptionArn"] == arn


def test_a_guarded_subscription_does_not_end_by_the_link(api: Api, sns: Any, topic: str, posts: Posts) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK)
    [asked] = posts.wait(1)
    arn = sns.confirm_subscription(TopicArn=topic, Token=asked["Token"], AuthenticateOnUnsubscribe="true")[
        "SubscriptionArn"
    ]
    sns.publish(TopicArn=topic, Message="m")
    [_, notified] = posts.wait(2)
    status, body = visit(api, notified["UnsubscribeURL"])
    assert status == 403
    assert "AuthorizationError" in body
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_tokens_that_confirm_nothing(api: Api, sns: Any, topic: str, posts: Posts) -> None:
    invalid = ("InvalidParameter", "Invalid parameter: Token")
    assert error_of(lambda: sns.confirm_subscription(TopicArn=topic, Token="guess")) == invalid
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK)
    [first] = posts.wait(1)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK)
    [_, second] = posts.wait(2)
    assert error_of(lambda: sns.confirm_subscription(TopicArn=topic, Token=first["Token"])) == invalid
    arn = sns.confirm_subscription(TopicArn=topic, Token=second["Token"])["SubscriptionArn"]
    assert sns.confirm_subscription(TopicArn=topic, Token=second["Token"])["SubscriptionArn"] == arn
    assert visit(api, f"http://x/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn={topic}&Token=guess")[0] == 400


def test_a_queue_of_the_account_is_confirmed_at_once(sns: Any, topic: str, make_client: MakeClient) -> None:
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail"
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    assert subscription.startswith(f"{topic}:")
    assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"] == subscription
    published = sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    envelope = json.loads(message["Body"])
    assert (envelope["MessageId"], envelope["Message"], envelope["TopicArn"]) == (published, "hello", topic)
    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert (shown["ConfirmationWasAuthenticated"], shown["RawMessageDelivery"]) == ("true", "false")


def test_raw_delivery_and_a_filter_can_be_set_later(sns: Any, topic: str, make_client: MakeClient) -> None:
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail")[
        "SubscriptionArn"
    ]

    def set_attribute(name: str, value: str) -> None:
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)

    set_attribute("RawMessageDelivery", "true")
    set_attribute("FilterPolicy", '{"kind": ["bounce"]}')
    for kind in ("send", "bounce"):
        sns.publish(
            TopicArn=topic, Message=kind, MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}}
        )
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)["Messages"]
    assert message["Body"] == "bounce"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "bounce"
    shown = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert shown["FilterPolicyScope"] == "MessageAttributes"
    set_attribute("FilterPolicy", "{}")
    assert "FilterPolicy" not in sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"RawMessageDelivery": "yes"}, "RawMessageDelivery: Invalid value [yes]. Must be true or false."),
        ({"FilterPolicy": "{"}, "FilterPolicy: failed to parse JSON."),
        ({"FilterPolicy": '{"a": "b"}'}, 'FilterPolicy: "a" must be an object or an array'),
        (
            {"FilterPolicyScope": "Both"},
            "FilterPolicyScope: Invalid value [Both]. Please use either MessageBody or MessageAttributes",
        ),
        ({"RedrivePolicy": "{}x"}, "RedrivePolicy: failed to parse JSON."),
        ({"RedrivePolicy": '{"deadLetterTargetArn": "q"}'}, "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ({"Color": "red"}, "Unknown attribute Color"),
    ],
)
def test_subscription_attributes_that_are_refused(sns: Any, topic: str, attributes: dict[str, str], text: str) -> None:
    found = error_of(lambda: sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=HOOK, Attributes=attributes))
    assert found == ("InvalidParameter", f"Invalid parameter: Attributes Reason: {text}")


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("email", "a@example.com"),
        ("pigeon", "coop"),
        ("http", "https://app.test/"),
        ("https", "http://app.test/"),
        ("http", "http:///path"),
        ("http", "http://app.test:99999/"),
        ("http", "http://app.test/a b"),
        ("http", ""),
        ("sqs", "mail"),
        ("sqs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail.fifo"),
        ("sqs", f"arn:aws:sqs:us-east-1:{OTHER_ACCOUNT}:mail"),
    ],
)
def test_endpoints_that_are_refused(sns: Any, topic: str, protocol: str, endpoint: str) -> None:
    code, text = error_of(lambda: sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint))
    assert code == "InvalidParameter"
    assert text.startswith("Invalid parameter: ")


def test_subscribing_again_with_other_attributes_is_refused(sns: Any, topic: str) -> None:
    arguments = {"TopicArn": topic, "Protocol": "http", "Endpoint": HOOK, "ReturnSubscriptionArn": True}
    arn = sns.subscribe(**arguments)["SubscriptionArn"]
    assert sns.subscribe(**arguments)["SubscriptionArn"] == arn
    _, text = error_of(lambda: sns.subscribe(**arguments, Attributes={"RawMessageDelivery": "true"}))
    assert text == "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"


def test_a_password_in_an_endpoint_is_not_shown(sns: Any, topic: str) -> None:
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://u:secret@app.test/")
    [item] = sns.list_subscriptions()["Subscriptions"]
    assert item["Endpoint"] == "https://u:****@app.test/"


def test_a_subscription_that_is_missing(sns: Any, topic: str) -> None:
    missing = ("NotFound", "Subscription does not exist")
    arn = f"{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286"
    assert error_of(lambda: sns.get_subscription_attributes(SubscriptionArn=arn)) == missing
    sns.unsubscribe(SubscriptionArn=arn)
    _, text = error_of(lambda: sns.unsubscribe(SubscriptionArn="PendingConfirmation"))
    assert text == "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "x" * 262_145}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Message": "m", "Subject": "x" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Message": "m", "Subject": "two\nlines"}, "InvalidParameter", "Invalid parameter: Subject"),
        (
            {"Message": "no json", "MessageStructure": "json"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"Message": '{"http": "x"}', "MessageStructure": "json"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": "m", "MessageAttributes": {"a": {"DataType": "Colour", "StringValue": "v"}}},
            "ParameterValueInvalid",
            "The message attribute 'a' has an invalid message attribute type,"
            " the set of supported type prefixes is Binary, Number, and String.",
        ),
        (
            {"Message": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "v"}}},
            "ParameterValueInvalid",
            "Could not cast message attribute 'a' value to number.",
        ),
    ],
)
def test_messages_that_are_refused(sns: Any, topic: str, arguments: dict[str, Any], code: str, text: str) -> None:
    assert error_of(lambda: sns.publish(TopicArn=topic, **arguments)) == (code, text)


def test_a_publish_needs_a_topic(sns: Any) -> None:
    _, text = error_of(lambda: sns.publish(Message="m"))
    assert text == "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    code, text = error_of(lambda: sns.publish(PhoneNumber="+15550100", Message="m"))
    assert code == "InvalidParameter"


def test_each_protocol_can_get_its_own_message(sns: Any, topic: str, posts: Posts, make_client: MakeClient) -> None:
    confirmed(sns, posts, topic)
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail")
    message = json.dumps({"default": "for all", "sqs": "for queues", "http": "for hooks", "number": 7})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    [received] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(received["Body"])["Message"] == "for queues"
    assert posts.wait(2)[-1]["Message"] == "for hooks"


def test_a_batch_publishes_what_is_right_and_names_what_is_wrong(sns: Any, topic: str, make_client: MakeClient) -> None:
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail",
        Attributes={"RawMessageDelivery": "true"},
    )
    answer = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "good", "Message": "one"},
            {"Id": "bad", "Message": "two", "Subject": "x\n"},
        ],
    )
    assert [item["Id"] for item in answer["Successful"]] == ["good"]
    assert [(item["Id"], item["Code"]) for item in answer["Failed"]] == [("bad", "InvalidParameter")]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [item["Body"] for item in received] == ["one"]
    for entries, code in (
        ([], "EmptyBatchRequest"),
        ([{"Id": "a", "Message": "m"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": str(n), "Message": "m"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a b", "Message": "m"}], "InvalidBatchEntryId"),
    ):
        found, _ = error_of(
            lambda entries=entries: sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)  # type: ignore[misc]
        )
        assert found == code


def test_deleting_a_topic_ends_its_subscriptions(sns: Any, topic: str, posts: Posts) -> None:
    arn = confirmed(sns, posts, topic)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.create_topic(Name="events")["TopicArn"] == topic
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert error_of(lambda: sns.get_subscription_attributes(SubscriptionArn=arn))[0] == "NotFound"


def test_tags_of_a_topic(sns: Any, topic: str) -> None:
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert error_of(lambda: sns.list_tags_for_resource(ResourceArn=NONE)) == (
        "ResourceNotFound",
        "Resource does not exist",
    )
