"""The errors of Firehose and EventBridge, as far as they are served."""

from __future__ import annotations

import json
from typing import Any

from tests.api.harness import ACCOUNT, REGION
from tests.modelled_errors.provocation import Group, Provocation

_FIREHOSE, _EVENTS = Group("firehose"), Group("events")
BUCKET = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::events"}
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
PATTERN = json.dumps({"source": ["app"]})
TAGS = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]

_NO_STREAM = f"Firehose none under account {ACCOUNT} not found."
_RECORD = {"Data": b"x"}
_BY_STREAM: dict[str, dict[str, Any]] = {
    "DescribeDeliveryStream": {},
    "DeleteDeliveryStream": {},
    "PutRecord": {"Record": _RECORD},
    "PutRecordBatch": {"Records": [_RECORD]},
    "TagDeliveryStream": {"Tags": TAGS[:1]},
    "UntagDeliveryStream": {"TagKeys": ["k"]},
    "ListTagsForDeliveryStream": {},
}
_TOO_MANY_STREAMS = "You have already consumed your firehose quota of 5000 streams."

STREAMS: list[Provocation] = [
    *(
        _FIREHOSE.one(operation, "ResourceNotFoundException", _NO_STREAM, **{**more, "DeliveryStreamName": "none"})
        for operation, more in _BY_STREAM.items()
    ),
    _FIREHOSE.one(
        "CreateDeliveryStream",
        "InvalidArgumentException",
        "Exactly one destination configuration is supported for a Firehose",
        DeliveryStreamName="new",
    ),
    _FIREHOSE.one(
        "CreateDeliveryStream",
        "ResourceInUseException",
        f"Firehose mail under accountId {ACCOUNT} already exists",
        DeliveryStreamName="mail",
        S3DestinationConfiguration=BUCKET,
    ),
    Group("firehose", "full").one(
        "CreateDeliveryStream",
        "LimitExceededException",
        _TOO_MANY_STREAMS,
        DeliveryStreamName="new",
        S3DestinationConfiguration=BUCKET,
    ),
    _FIREHOSE.one(
        "PutRecordBatch",
        "InvalidArgumentException",
        "Records size exceeds 4194304 bytes limit: 5000000 bytes in 5 records.",
        DeliveryStreamName="mail",
        Records=[{"Data": b"x" * 1_000_000}] * 5,
    ),
    _FIREHOSE.one(
        "TagDeliveryStream",
        "InvalidArgumentException",
        "A tag key must be given once.",
        DeliveryStreamName="mail",
        Tags=TAGS[:1] * 2,
    ),
    _FIREHOSE.one(
        "TagDeliveryStream",
        "LimitExceededException",
        "A stream can have up to 50 tags.",
        DeliveryStreamName="mail",
        Tags=TAGS,
    ),
]

_NO_RULE = "Rule none does not exist on EventBus default."
_BY_RULE: dict[str, dict[str, Any]] = {
    **{operation: {"Name": "none"} for operation in ("DescribeRule", "EnableRule", "DisableRule")},
    "PutTargets": {"Rule": "none", "Targets": [{"Id": "t", "Arn": QUEUE}]},
    "ListTargetsByRule": {"Rule": "none"},
    "RemoveTargets": {"Rule": "none", "Ids": ["t"]},
}
_BY_BUS: dict[str, dict[str, Any]] = {
    "PutRule": {"Name": "new", "EventPattern": PATTERN},
    "DeleteRule": {"Name": "new"},
    "ListRules": {},
    "ListRuleNamesByTarget": {"TargetArn": QUEUE},
}
_NO_RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/none"
_BY_ARN: dict[str, dict[str, Any]] = {
    "TagResource": {"Tags": TAGS[:1]},
    "UntagResource": {"TagKeys": ["k"]},
    "ListTagsForResource": {},
}
_BAD_PATTERN = "Event pattern is not valid. Reason: Filter is not an object"
_OVER = "The requested resource exceeds the maximum number allowed."

RULES: list[Provocation] = [
    *(_EVENTS.one(operation, "ResourceNotFoundException", _NO_RULE, **more) for operation, more in _BY_RULE.items()),
    *(
        _EVENTS.one(operation, "ResourceNotFoundException", "Event bus own does not exist.", **more, EventBusName="own")
        for operation, more in _BY_BUS.items()
    ),
    *(
        _EVENTS.one(operation, "ResourceNotFoundException", _NO_RULE, **more, ResourceARN=_NO_RULE_ARN)
        for operation, more in _BY_ARN.items()
    ),
    _EVENTS.one("PutRule", "InvalidEventPatternException", _BAD_PATTERN, Name="new", EventPattern="x"),
    _EVENTS.one("TestEventPattern", "InvalidEventPatternException", _BAD_PATTERN, EventPattern="x", Event="{}"),
    _EVENTS.one(
        "PutTargets",
        "LimitExceededException",
        _OVER,
        Rule="app",
        Targets=[{"Id": f"t{number}", "Arn": QUEUE} for number in range(6)],
    ),
    Group("events", "full").one("PutRule", "LimitExceededException", _OVER, Name="new", EventPattern=PATTERN),
]
ALL = [*STREAMS, *RULES]
