"""SNS as boto3 speaks it: endpoints and queues that subscribe, confirm and leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api
from tests.api.subscribers import HOOK, Posts, confirmed, error_of, visit

MakeClient = Callable[..., Any]


@pytest.fixture
def sns(make_client: MakeClient) -> Any:
    return make_client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name="events")["TopicArn"])


@pytest.fixture
def posts(api: Api) -> Posts:
    return Posts(api)


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
    assert visit(api, f"http://x/?Action=ConfirmSubscription&TopicArn={topic}&Token=guess")[0] == 400


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
        ("sms", "+15550100"),
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


def test_deleting_a_topic_ends_its_subscriptions(sns: Any, topic: str, posts: Posts) -> None:
    arn = confirmed(sns, posts, topic)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.create_topic(Name="events")["TopicArn"] == topic
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert error_of(lambda: sns.get_subscription_attributes(SubscriptionArn=arn))[0] == "NotFound"
