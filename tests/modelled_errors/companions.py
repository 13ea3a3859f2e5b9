"""The errors of SNS and SQS, as far as they are served."""

from __future__ import annotations

import base64
from typing import Any

from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION
from tests.modelled_errors.provocation import LAST_HANDLE, Group, Provocation
from tests.modelled_errors.stages import TOPIC

_SNS, _SQS = Group("sns"), Group("sqs")
_INVALID, _MISSING, _FOREIGN = "InvalidParameterException", "NotFoundException", "AuthorizationErrorException"
_NO_TOPIC, _THEIR_TOPIC = f"{TOPIC}-none", TOPIC.replace(ACCOUNT, OTHER_ACCOUNT)
_SHORT = "Invalid parameter: {} Reason: An ARN must have at least 6 elements, not 1"
_ENTRIES = {"PublishBatchRequestEntries": [{"Id": "a", "Message": "Hello"}]}
_HOOK: dict[str, Any] = {"Protocol": "https", "Endpoint": "https://example.com/hook"}
# What names a topic, with what else the operation needs.
_BY_TOPIC: dict[str, dict[str, Any]] = {
    "GetTopicAttributes": {},
    "SetTopicAttributes": {"AttributeName": "DisplayName", "AttributeValue": "x"},
    "ListSubscriptionsByTopic": {},
    "Subscribe": _HOOK,
    "Publish": {"Message": "Hello"},
    "PublishBatch": _ENTRIES,
    "DeleteTopic": {},
}
_BY_RESOURCE: dict[str, dict[str, Any]] = {
    "ListTagsForResource": {},
    "TagResource": {"Tags": [{"Key": "a", "Value": "b"}]},
    "UntagResource": {"TagKeys": ["a"]},
}
_BY_SUBSCRIPTION: dict[str, dict[str, Any]] = {
    "GetSubscriptionAttributes": {},
    "SetSubscriptionAttributes": {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"},
    "Unsubscribe": {},
}
_TOKEN = {"TopicArn": TOPIC, "Token": "x"}


def _not_allowed(operation: str, arn: str) -> str:
    action = f"SNS:{operation}"
    return (
        f"User: arn:aws:iam::{ACCOUNT}:user/test is not authorized to perform: {action} on resource: {arn}"
        f" because no resource-based policy allows the {action} action"
    )


def _named(member: str, by: dict[str, dict[str, Any]], missing: str, error: str, text: str) -> list[Provocation]:
    """Provoke what a wrong, a foreign and a missing name give."""
    found = []
    for operation, more in by.items():
        foreign = missing.replace(ACCOUNT, OTHER_ACCOUNT)
        found += [
            _SNS.one(operation, _INVALID, _SHORT.format(member), **{member: "x"}, **more),
            _SNS.one(operation, _FOREIGN, _not_allowed(operation, foreign), **{member: foreign}, **more),
        ]
        if operation not in ("DeleteTopic", "Unsubscribe"):
            found.append(_SNS.one(operation, error, text, **{member: missing}, **more))
    return found


TOPICS: list[Provocation] = [
    *_named("TopicArn", _BY_TOPIC, _NO_TOPIC, _MISSING, "Topic does not exist"),
    *_named("ResourceArn", _BY_RESOURCE, _NO_TOPIC, "ResourceNotFoundException", "Resource does not exist"),
    *_named("SubscriptionArn", _BY_SUBSCRIPTION, f"{TOPIC}:x", _MISSING, "Subscription does not exist"),
    _SNS.one("CreateTopic", _INVALID, "Invalid parameter: Topic Name", Name="a b"),
    *_SNS.each(("ListTopics", "ListSubscriptions"), _INVALID, "Invalid parameter: NextToken", NextToken="x"),
    _SNS.one("ConfirmSubscription", _INVALID, "Invalid parameter: Token", **_TOKEN),
    _SNS.one("ConfirmSubscription", _MISSING, "Topic does not exist", TopicArn=_NO_TOPIC, Token="x"),
    *(
        _SNS.one(
            operation,
            "TagLimitExceededException",
            "Could not complete request: tag quota of per resource exceeded",
            **by_name,
            Tags=[{"Key": str(number), "Value": ""} for number in range(51)],
        )
        for operation, by_name in (("TagResource", {"ResourceArn": TOPIC}), ("CreateTopic", {"Name": "new"}))
    ),
]


TOPICS.append(
    Group("sns", "full").one(
        "Subscribe",
        "SubscriptionLimitExceededException",
        "Subscription limit exceeded for this topic",
        TopicArn=TOPIC,
        **_HOOK,
    )
)


def _batch(error: str, text: str, entries: list[dict[str, str]]) -> Provocation:
    return _SNS.one("PublishBatch", error, text, TopicArn=TOPIC, PublishBatchRequestEntries=entries)


_LONG = "x" * 200_000
BATCHES: list[Provocation] = [
    _batch("EmptyBatchRequestException", "The batch request doesn't contain any entries.", []),
    _batch(
        "TooManyEntriesInBatchRequestException",
        "The batch request contains more entries than permissible.",
        [{"Id": str(number), "Message": "x"} for number in range(11)],
    ),
    _batch(
        "BatchEntryIdsNotDistinctException",
        "Two or more batch entries in the request have the same Id.",
        [{"Id": "a", "Message": "x"}] * 2,
    ),
    _batch(
        "InvalidBatchEntryIdException",
        "The Id of a batch entry in a batch request doesn't abide by the specification.",
        [{"Id": "a b", "Message": "x"}],
    ),
    _batch(
        "BatchRequestTooLongException",
        "The length of all the batch messages put together is more than the limit.",
        [{"Id": str(number), "Message": _LONG} for number in range(2)],
    ),
    _SNS.one(
        "Publish",
        "InvalidParameterValueException",
        "The message attribute name '.x' is not valid.",
        TopicArn=TOPIC,
        Message="x",
        MessageAttributes={".x": {"DataType": "String", "StringValue": "x"}},
    ),
]

_URL = f"http://127.0.0.1:8005/{ACCOUNT}/mail"
_HANDLE = base64.b64encode(b"q 1 1").decode()
_NO_QUEUE = "The specified queue does not exist."
_OPEN: dict[str, dict[str, Any]] = {
    "ChangeMessageVisibility": {"ReceiptHandle": _HANDLE, "VisibilityTimeout": 1},
    "ChangeMessageVisibilityBatch": {"Entries": [{"Id": "a", "ReceiptHandle": _HANDLE}]},
    "DeleteMessage": {"ReceiptHandle": _HANDLE},
    "DeleteMessageBatch": {"Entries": [{"Id": "a", "ReceiptHandle": _HANDLE}]},
    "DeleteQueue": {},
    "GetQueueAttributes": {},
    "ListQueueTags": {},
    "PurgeQueue": {},
    "ReceiveMessage": {},
    "SendMessage": {"MessageBody": "x"},
    "SendMessageBatch": {"Entries": [{"Id": "a", "MessageBody": "x"}]},
    "SetQueueAttributes": {"Attributes": {}},
    "TagQueue": {"Tags": {"a": "b"}},
    "UntagQueue": {"TagKeys": ["a"]},
}
_BATCHES = ("ChangeMessageVisibilityBatch", "DeleteMessageBatch", "SendMessageBatch")


def _entries(operation: str, error: str, text: str, ids: list[str]) -> Provocation:
    more = _OPEN[operation]["Entries"][0]
    return _SQS.one(operation, error, text, QueueUrl=_URL, Entries=[{**more, "Id": one} for one in ids])


QUEUES: list[Provocation] = [
    *(
        _SQS.one(operation, "QueueDoesNotExist", _NO_QUEUE, **{**more, "QueueUrl": f"{_URL}-none"})
        for operation, more in _OPEN.items()
    ),
    _SQS.one("GetQueueUrl", "QueueDoesNotExist", _NO_QUEUE, QueueName="none"),
    *(
        one
        for operation in _BATCHES
        for one in (
            _entries(
                operation,
                "EmptyBatchRequest",
                f"There should be at least one {operation}RequestEntry in the request.",
                [],
            ),
            _entries(
                operation,
                "TooManyEntriesInBatchRequest",
                "Maximum number of entries per request are 10. You have sent 11.",
                [str(number) for number in range(11)],
            ),
            _entries(operation, "BatchEntryIdsNotDistinct", "Id a repeated.", ["a", "a"]),
            _entries(
                operation,
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
                " It can be at most 80 letters long.",
                ["a b"],
            ),
        )
    ),
    _SQS.one(
        "SendMessageBatch",
        "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.",
        QueueUrl=_URL,
        Entries=[{"Id": str(number), "MessageBody": "x" * 600_000} for number in range(2)],
    ),
    _SQS.one(
        "SendMessage",
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are"
        " #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        QueueUrl=_URL,
        MessageBody="\x01",
    ),
    *(
        _SQS.one(
            operation,
            "ReceiptHandleIsInvalid",
            'The input receipt handle "x" is not a valid receipt handle.',
            QueueUrl=_URL,
            **{**more, "ReceiptHandle": "x"},
        )
        for operation, more in _OPEN.items()
        if operation in ("ChangeMessageVisibility", "DeleteMessage")
    ),
    _SQS.one(
        "ChangeMessageVisibility",
        "MessageNotInflight",
        "The message referred to is not in flight.",
        QueueUrl=_URL,
        ReceiptHandle=LAST_HANDLE,
        VisibilityTimeout=1,
    ),
    _SQS.one("GetQueueAttributes", "InvalidAttributeName", "Unknown Attribute x.", QueueUrl=_URL, AttributeNames=["x"]),
    _SQS.one(
        "SetQueueAttributes", "InvalidAttributeName", "Unknown Attribute x.", QueueUrl=_URL, Attributes={"x": "y"}
    ),
    _SQS.one("CreateQueue", "InvalidAttributeName", "Unknown Attribute x.", QueueName="new", Attributes={"x": "y"}),
    _SQS.one(
        "SetQueueAttributes",
        "InvalidAttributeValue",
        "Invalid value for the parameter DelaySeconds.",
        QueueUrl=_URL,
        Attributes={"DelaySeconds": "9" * 5000},
    ),
    _SQS.one(
        "CreateQueue",
        "InvalidAttributeValue",
        "Invalid value for the parameter DelaySeconds.",
        QueueName="new",
        Attributes={"DelaySeconds": "-1"},
    ),
    _SQS.one(
        "CreateQueue",
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
        QueueName="mail",
        Attributes={"DelaySeconds": "7"},
    ),
    _SQS.one(
        "CreateQueue", "UnsupportedOperation", "FIFO queues are not supported by this server.", QueueName="a.fifo"
    ),
    _SQS.one(
        "SetQueueAttributes",
        "UnsupportedOperation",
        "FIFO queues are not supported by this server.",
        QueueUrl=_URL,
        Attributes={"FifoQueue": "true"},
    ),
]
ALL = [*TOPICS, *BATCHES, *QUEUES]
assert REGION in TOPIC
