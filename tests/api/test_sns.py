"""SNS as boto3 speaks it: topics and what is published to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api
from tests.api.subscribers import HOOK, Posts, confirmed, error_of

MakeClient = Callable[..., Any]
NONE = f"arn:aws:sns:us-east-1:{ACCOUNT}:none"


@pytest.fixture
def sns(make_client: MakeClient) -> Any:
    return make_client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name="events")["TopicArn"])


@pytest.fixture
def posts(api: Api) -> Posts:
    return Posts(api)


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


def test_tags_of_a_topic(sns: Any, topic: str) -> None:
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert error_of(lambda: sns.list_tags_for_resource(ResourceArn=NONE)) == (
        "ResourceNotFound",
        "Resource does not exist",
    )
