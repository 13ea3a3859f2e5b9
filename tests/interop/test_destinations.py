"""Events of sets as people look at them: objects in `aws s3 ls`, messages of a rule in a queue; kill -9 loses none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.interop.test_aws_cli import _AWS, _aws
from tests.running import RunningServer

T = TypeVar("T")

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ses"
WAIT_S = 60.0

pytestmark = pytest.mark.skipif(not _AWS.exists(), reason="the AWS CLI is not installed beside this Python")


def _until(look: Callable[[], T | None]) -> T:
    """Look until there is something to see."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.5)
    raise AssertionError("it never came")


def _stream(server: RunningServer, name: str, bucket: str, interval_s: int = 1) -> str:
    _aws(server, "s3api", "create-bucket", "--bucket", bucket)
    destination = {
        "RoleARN": ROLE,
        "BucketARN": f"arn:aws:s3:::{bucket}",
        "Prefix": "mail/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": interval_s},
    }
    made = _aws(
        server,
        *("firehose", "create-delivery-stream", "--delivery-stream-name", name),
        *("--extended-s3-destination-configuration", json.dumps(destination)),
    )
    return str(made["DeliveryStreamARN"])


def _destination(server: RunningServer, name: str, **target: Any) -> None:
    definition = {"Enabled": True, "MatchingEventTypes": ["SEND", "BOUNCE"], **target}
    _aws(
        server,
        *("sesv2", "create-configuration-set-event-destination", "--configuration-set-name", "cli-out"),
        *("--event-destination-name", name, "--event-destination", json.dumps(definition)),
    )


def _lines(server: RunningServer, bucket: str) -> list[bytes]:
    s3, found = server.client("s3"), []
    for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        found += s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().splitlines()
    return found


def test_a_bounce_arrives_in_a_bucket_and_by_a_rule_in_a_queue(mailbox: RunningServer) -> None:
    stream = _stream(mailbox, "cli-out", "cli-out-events")
    _aws(mailbox, "sesv2", "create-email-identity", "--email-identity", "cli-out.example")
    _aws(mailbox, "sesv2", "create-configuration-set", "--configuration-set-name", "cli-out")
    queue = _aws(mailbox, "sqs", "create-queue", "--queue-name", "cli-out")["QueueUrl"]
    pattern = {"source": ["aws.ses"], "detail-type": ["Email Bounced"]}
    _aws(mailbox, "events", "put-rule", "--name", "cli-out", "--event-pattern", json.dumps(pattern))
    target = f"Id=queue,Arn=arn:aws:sqs:us-east-1:{ACCOUNT}:cli-out"
    assert _aws(mailbox, "events", "put-targets", "--rule", "cli-out", "--targets", target)["FailedEntryCount"] == 0
    _destination(mailbox, "archive", KinesisFirehoseDestination={"IamRoleArn": ROLE, "DeliveryStreamArn": stream})
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    _destination(mailbox, "bus", EventBridgeDestination={"EventBusArn": bus})
    sent = _aws(
        mailbox,
        *("sesv2", "send-email", "--from-email-address", "me@cli-out.example", "--configuration-set-name", "cli-out"),
        *("--destination", "ToAddresses=bounce@simulator.amazonses.com"),
        *("--content", "Simple={Subject={Data=Hello},Body={Text={Data=Hi}}}"),
    )
    received = _aws(mailbox, "sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "20")
    [event] = [json.loads(message["Body"]) for message in received["Messages"]]
    assert (event["detail-type"], event["detail"]["mail"]["messageId"]) == ("Email Bounced", sent["MessageId"])
    lines = _until(lambda: found if len(found := _lines(mailbox, "cli-out-events")) == 2 else None)
    assert [json.loads(line)["eventType"] for line in lines] == ["Send", "Bounce"]
    [key] = {one["Key"].rpartition("/")[2][:10] for one in _listed(mailbox)}
    assert key == "cli-out-1-"


def _listed(server: RunningServer) -> list[dict[str, Any]]:
    answer = _aws(server, "s3api", "list-objects-v2", "--bucket", "cli-out-events", "--prefix", "mail/")
    return list(answer["Contents"])
