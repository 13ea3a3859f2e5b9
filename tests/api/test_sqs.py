"""SQS as boto3 speaks it; boto3 itself checks the MD5 of what it sends and receives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api

MakeClient = Callable[..., Any]


@pytest.fixture
def sqs(make_client: MakeClient) -> Any:
    return make_client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="mail")["QueueUrl"])


def error_of(work: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ClientError) as caught:
        work()
    error: dict[str, str] = caught.value.response["Error"]
    return error


def test_a_message_goes_through_a_queue(sqs: Any, url: str) -> None:
    assert url.endswith(f"/{ACCOUNT}/mail")
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="grüße 鳩便",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "ü"},
            "number": {"DataType": "Number.int", "StringValue": "42"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-x"}},
    )
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "grüße 鳩便"
    assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-5759e988-x"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_only_the_attributes_that_are_asked_for_come(sqs: Any, url: str) -> None:
    value = {"DataType": "String", "StringValue": "v"}
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes={"a.one": value, "a.two": value, "b": value})

    def names(*asked: str) -> set[str]:
        answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=list(asked), VisibilityTimeout=0)
        [message] = answer["Messages"]
        assert "Attributes" not in message
        return set(message.get("MessageAttributes", {}))

    assert names() == set()
    assert names("b") == {"b"}
    assert names("a.*") == {"a.one", "a.two"}
    assert names(".*") == {"a.one", "a.two", "b"}
    answer = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["SentTimestamp"], VisibilityTimeout=0)
    assert set(answer["Messages"][0]["Attributes"]) == {"SentTimestamp"}


def test_an_empty_queue_answers_without_messages(sqs: Any, url: str) -> None:
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_creating_a_queue_again_gives_the_same_unless_an_attribute_differs(sqs: Any) -> None:
    first = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == first
    assert sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})["QueueUrl"] == first
    error = error_of(lambda: sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "61"}))
    assert error["Code"] == "QueueAlreadyExists"
    assert error["Message"].endswith("a different value for attribute VisibilityTimeout")
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "1"})


def test_a_queue_that_is_missing(sqs: Any, make_client: MakeClient, url: str) -> None:
    error = error_of(lambda: sqs.get_queue_url(QueueName="none"))
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["Message"] == "The specified queue does not exist."
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=url + "2", MessageBody="m")
    for other in (make_client("sqs", account_id=OTHER_ACCOUNT), make_client("sqs", region="eu-west-1")):
        with pytest.raises(other.exceptions.QueueDoesNotExist):
            other.receive_message(QueueUrl=url)


def test_the_queue_is_meant_by_the_end_of_its_url(sqs: Any, url: str) -> None:
    assert sqs.get_queue_url(QueueName="mail")["QueueUrl"] == url
    sqs.send_message(QueueUrl=f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/mail", MessageBody="m")
    assert len(sqs.receive_message(QueueUrl=f"http://sqs:4566/{ACCOUNT}/mail")["Messages"]) == 1


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ({"DelaySeconds": "soon"}, "InvalidAttributeValue"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ({"Color": "red"}, "InvalidAttributeName"),
        ({"QueueArn": "x"}, "InvalidAttributeName"),
        ({"Policy": "{"}, "InvalidParameterValue"),
        ({"RedrivePolicy": '{"maxReceiveCount": 3}'}, "InvalidParameterValue"),
        ({"FifoQueue": "true"}, "AWS.SimpleQueueService.UnsupportedOperation"),
    ],
)
def test_attributes_that_are_refused(sqs: Any, attributes: dict[str, str], code: str) -> None:
    assert error_of(lambda: sqs.create_queue(QueueName="q", Attributes=attributes))["Code"] == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "InvalidParameterValue"),
        ("a b", "InvalidParameterValue"),
        ("x" * 81, "InvalidParameterValue"),
        ("orders.fifo", "AWS.SimpleQueueService.UnsupportedOperation"),
    ],
)
def test_names_that_are_refused(sqs: Any, name: str, code: str) -> None:
    assert error_of(lambda: sqs.create_queue(QueueName=name))["Code"] == code


def test_attributes_are_shown_and_changed(sqs: Any, url: str) -> None:
    def shown(*names: str) -> dict[str, str]:
        answer: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names)).get("Attributes")
        return answer

    assert shown("QueueArn") == {"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail"}
    assert shown() is None
    assert (
        shown("All").items()
        >= {
            "VisibilityTimeout": "30",
            "MessageRetentionPeriod": "345600",
            "MaximumMessageSize": "1048576",
            "DelaySeconds": "0",
            "ReceiveMessageWaitTimeSeconds": "0",
            "ApproximateNumberOfMessages": "0",
        }.items()
    )
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "RedrivePolicy": redrive})
    assert shown("VisibilityTimeout") == {"VisibilityTimeout": "5"}
    assert json.loads(shown("RedrivePolicy")["RedrivePolicy"]) == json.loads(redrive)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert shown("RedrivePolicy") is None
    none = json.dumps({"deadLetterTargetArn": arn + "x", "maxReceiveCount": 3})
    error = error_of(lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": none}))
    assert "Dead letter target does not exist" in error["Message"]
    assert error_of(lambda: shown("Color"))["Code"] == "InvalidAttributeName"


def test_the_three_numbers_of_a_queue(sqs: Any, url: str) -> None:
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="m", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url)
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [shown[name] for name in names] == ["1", "1", "1"]


def test_queues_are_listed_by_prefix_and_page(sqs: Any) -> None:
    for name in ("b2", "a1", "b1", "b_3"):
        sqs.create_queue(QueueName=name)

    def names(answer: dict[str, Any]) -> list[str]:
        return [url.rpartition("/")[2] for url in answer.get("QueueUrls", [])]

    assert names(sqs.list_queues()) == ["a1", "b1", "b2", "b_3"]
    assert names(sqs.list_queues(QueueNamePrefix="b_")) == ["b_3"]
    assert names(sqs.list_queues(QueueNamePrefix="z")) == []
    first = sqs.list_queues(QueueNamePrefix="b", MaxResults=2)
    assert names(first) == ["b1", "b2"]
    last = sqs.list_queues(QueueNamePrefix="b", MaxResults=2, NextToken=first["NextToken"])
    assert names(last) == ["b_3"]
    assert "NextToken" not in last
    assert error_of(lambda: sqs.list_queues(NextToken="nonsense"))["Code"] == "InvalidParameterValue"


def test_a_batch_takes_what_is_right_and_names_what_is_wrong(sqs: Any, url: str) -> None:
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "MessageBody": "1"},
            {"Id": "control", "MessageBody": "\x00"},
            {"Id": "delay", "MessageBody": "2", "DelaySeconds": 901},
            {
                "Id": "attribute",
                "MessageBody": "3",
                "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}},
            },
        ],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["good", "attribute"]
    assert {entry["Id"]: entry["Code"] for entry in answer["Failed"]} == {
        "control": "InvalidMessageContents",
        "delay": "InvalidParameterValue",
    }
    assert all(entry["SenderFault"] for entry in answer["Failed"])
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    entries = [{"Id": str(number), "ReceiptHandle": item["ReceiptHandle"]} for number, item in enumerate(received)]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": 0} for entry in entries]
    )
    assert len(changed["Successful"]) == 2
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "wrong", "ReceiptHandle": "nonsense"}])
    assert [entry["Id"] for entry in deleted["Successful"]] == ["0", "1"]
    assert [entry["Code"] for entry in deleted["Failed"]] == ["ReceiptHandleIsInvalid"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": "a", "MessageBody": "m"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "m"}], "InvalidBatchEntryId"),
        ([{"Id": str(n), "MessageBody": "m"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": str(n), "MessageBody": "m" * 600_000} for n in range(2)], "BatchRequestTooLong"),
    ],
)
def test_batches_that_are_refused_whole(sqs: Any, url: str, entries: list[Any], code: str) -> None:
    error = error_of(lambda: sqs.send_message_batch(QueueUrl=url, Entries=entries))
    assert error["Code"] == f"AWS.SimpleQueueService.{code}"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"MessageBody": ""}, "MissingParameter"),
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue"),
        ({"MessageBody": "\ufffe"}, "InvalidMessageContents"),
        ({"MessageBody": "m", "DelaySeconds": -1}, "InvalidParameterValue"),
        (
            {"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "Colour", "StringValue": "v"}}},
            "InvalidParameterValue",
        ),
        (
            {"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "v"}}},
            "InvalidParameterValue",
        ),
        (
            {"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}},
            "InvalidParameterValue",
        ),
        (
            {"MessageBody": "m", "MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "v"}}},
            "InvalidParameterValue",
        ),
        (
            {
                "MessageBody": "m",
                "MessageAttributes": {str(n): {"DataType": "String", "StringValue": "v"} for n in range(11)},
            },
            "InvalidParameterValue",
        ),
    ],
)
def test_messages_that_are_refused(sqs: Any, url: str, arguments: dict[str, Any], code: str) -> None:
    assert error_of(lambda: sqs.send_message(QueueUrl=url, **arguments))["Code"] == code
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"MaxNumberOfMessages": 11}, "Must be between 1 and 10, if provided."),
        ({"MaxNumberOfMessages": 0}, "Must be between 1 and 10, if provided."),
        ({"WaitTimeSeconds": 21}, "Must be >= 0 and <= 20, if provided."),
        ({"VisibilityTimeout": 43201}, "must be an integer between 0 and 43200"),
    ],
)
def test_receives_that_are_refused(sqs: Any, url: str, arguments: dict[str, int], text: str) -> None:
    error = error_of(lambda: sqs.receive_message(QueueUrl=url, **arguments))
    assert error["Code"] == "InvalidParameterValue"
    assert text in error["Message"]


def test_visibility_can_be_changed_only_in_flight(sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="m")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    error = error_of(lambda: sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=9))
    assert error["Code"] == "AWS.SimpleQueueService.MessageNotInflight"
    [again] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert again["MessageId"] == message["MessageId"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    error = error_of(
        lambda: sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=9)
    )
    assert error["Code"] == "InvalidParameterValue"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])


def test_purge_empties_and_delete_removes(sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="m")
    sqs.purge_queue(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.delete_queue(QueueUrl=url)


def test_tags_of_a_queue(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="tagged", tags={"a": "1"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"b": "2"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1", "b": "2"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "c"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "2"}


def test_a_message_is_in_the_store_when_sending_returns(api: Api, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="m")
    rows = api.read(lambda session: session.execute("SELECT body FROM sqs_message"))
    assert rows == [("m",)]
