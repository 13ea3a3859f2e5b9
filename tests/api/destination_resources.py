"""What an account can make in Firehose and on the event bus, for the table of `resources`."""

from __future__ import annotations

from tests.api.harness import ACCOUNT, REGION
from tests.api.resource import Resource, Step, of

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
BUCKET = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/firehose", "BucketARN": "arn:aws:s3:::events"}
STREAM, RULE = {"DeliveryStreamName": "mail"}, {"Name": "bounces"}
RECORD = {"Record": {"Data": b"x"}}
RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/bounces"
MAKE_STREAM: Step = ("firehose", "create_delivery_stream", {**STREAM, "S3DestinationConfiguration": BUCKET})
MAKE_RULE: Step = ("events", "put_rule", {**RULE, "EventPattern": '{"source":["app"]}'})
MAKE_TARGET: Step = ("events", "put_targets", {"Rule": "bounces", "Targets": [{"Id": "t", "Arn": QUEUE}]})
MAKE_QUEUE: Step = ("sqs", "create_queue", {"QueueName": "mail"})

DESTINATION_RESOURCES: dict[str, Resource] = {
    "delivery stream": Resource(
        ("CreateDeliveryStream",),
        (MAKE_STREAM, ("firehose", "put_record", {**STREAM, **RECORD})),
        ("firehose", "describe_delivery_stream", STREAM),
        (
            *of(
                "firehose",
                STREAM,
                *("describe_delivery_stream", "delete_delivery_stream", "list_tags_for_delivery_stream"),
                *("put_record", "put_record_batch", "tag_delivery_stream", "untag_delivery_stream"),
                put_record=RECORD,
                put_record_batch={"Records": [{"Data": b"x"}]},
                tag_delivery_stream={"Tags": [{"Key": "k", "Value": "v"}]},
                untag_delivery_stream={"TagKeys": ["k"]},
            ),
        ),
        (("firehose", "list_delivery_streams", {}),),
    ),
    "rule": Resource(
        ("PutRule",),
        (MAKE_QUEUE, MAKE_RULE, MAKE_TARGET),
        ("events", "describe_rule", RULE),
        (
            *of("events", RULE, "describe_rule", "enable_rule", "disable_rule"),
            ("events", "list_targets_by_rule", {"Rule": "bounces"}),
            ("events", "remove_targets", {"Rule": "bounces", "Ids": ["t"]}),
            MAKE_TARGET,
            ("events", "list_tags_for_resource", {"ResourceARN": RULE_ARN}),
            ("events", "untag_resource", {"ResourceARN": RULE_ARN, "TagKeys": ["k"]}),
        ),
        (
            ("events", "list_rules", {}),
            ("events", "list_rule_names_by_target", {"TargetArn": QUEUE}),
            ("events", "delete_rule", RULE),
        ),
    ),
}
