"""What could not be delivered, told in CloudWatch Logs: `sns/REGION/ACCOUNT/TOPIC/Failure`.

Ref: SNS developer guide, "Amazon SNS message delivery status". Deviates: at AWS
a topic has to be given a role for it; here failures are always told.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from hatobin.companions import logs
from hatobin.companions.sns.envelope import timestamp_text
from hatobin.companions.sns.model import Subscription
from hatobin.companions.sns.outbox import Draft
from hatobin.ports import Entropy, Session

MAX_LOG_BYTES = 16 * 1024 * 1024
"""What the failures of one topic may take; the oldest go first."""


def log_failure(
    session: Session,
    subscription: Subscription,
    draft: Draft,
    *,
    error: str,
    status: int,
    attempts: int,
    now: float,
    entropy: Entropy,
) -> None:
    """Tell that a notification was given up."""
    topic = subscription.key.topic
    told = {
        "notification": {
            "messageMD5Sum": hashlib.md5(draft.message.encode(), usedforsecurity=False).hexdigest(),
            "messageId": draft.message_id,
            "topicArn": topic.arn,
            "timestamp": timestamp_text(draft.published_at).replace("T", " ").rstrip("Z"),
        },
        "delivery": {
            "deliveryId": entropy.uuid(),
            "destination": subscription.endpoint,
            "providerResponse": error,
            "dwellTimeMs": max(0, round((now - draft.published_at) * 1000)),
            "attempts": attempts,
            "statusCode": status,
        },
        "status": "FAILURE",
    }
    logs.append(
        session,
        logs.GroupKey(topic.account_id, topic.region, f"sns/{topic.region}/{topic.account_id}/{topic.name}/Failure"),
        f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d}",
        [logs.LogEvent(int(now * 1000), msgspec.json.encode(told).decode())],
        now=now,
        max_group_bytes=MAX_LOG_BYTES,
    )
