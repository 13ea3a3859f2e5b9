"""The three JSON messages of SNS and the text that their signature covers.

Member order and layout are those of the developer guide's samples, because
receivers exist that read them with less than a JSON parser.

Refs: SNS developer guide, "Parsing Amazon SNS message formats" and "Verifying
the signatures of Amazon SNS messages".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from hatobin.companions.sns.model import Kind, MessageAttribute

CONTENT_TYPE = "text/plain; charset=UTF-8"
USER_AGENT = "Amazon Simple Notification Service Agent"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to an endpoint, before it is signed.

    `attributes` is the JSON text of the MessageAttributes member. `subscribe_url`
    and `token` are set in confirmations, `subject` and `attributes` only in notifications.
    """

    kind: Kind
    message_id: str
    topic_arn: str
    message: str
    published_at: float
    subject: str | None = None
    attributes: str | None = None
    token: str | None = None
    subscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """The signature of a notice and where its certificate is."""

    version: str
    signature: str
    certificate_url: str


def canonical(notice: Notice) -> bytes:
    """Give the text that is signed: names and values by lines, in order of names.

    Subject counts only if there is one; MessageAttributes never do.
    """
    members: list[tuple[str, str | None]]
    timestamp = timestamp_text(notice.published_at)
    if notice.kind is Kind.NOTIFICATION:
        members = [
            ("Message", notice.message),
            ("MessageId", notice.message_id),
            ("Subject", notice.subject),
            ("Timestamp", timestamp),
            ("TopicArn", notice.topic_arn),
            ("Type", notice.kind.value),
        ]
    else:
        members = [
            ("Message", notice.message),
            ("MessageId", notice.message_id),
            ("SubscribeURL", notice.subscribe_url),
            ("Timestamp", timestamp),
            ("Token", notice.token),
            ("TopicArn", notice.topic_arn),
            ("Type", notice.kind.value),
        ]
    return "".join(f"{name}\n{value}\n" for name, value in members if value is not None).encode()


def render(notice: Notice, seal: Seal, *, unsubscribe_url: str | None) -> str:
    """Write the signed JSON message; `unsubscribe_url` stands in notifications."""
    members: list[tuple[str, str | None]] = [
        ("Type", notice.kind.value),
        ("MessageId", notice.message_id),
        ("Token", notice.token),
        ("TopicArn", notice.topic_arn),
        ("Subject", notice.subject),
        ("Message", notice.message),
        ("SubscribeURL", notice.subscribe_url),
        ("Timestamp", timestamp_text(notice.published_at)),
        ("SignatureVersion", seal.version),
        ("Signature", seal.signature),
        ("SigningCertURL", seal.certificate_url),
        ("UnsubscribeURL", unsubscribe_url),
    ]
    lines = [f'  "{name}" : {_quoted(value)}' for name, value in members if value is not None]
    if notice.attributes is not None:
        lines.append(f'  "MessageAttributes" : {notice.attributes}')
    return "{\n" + ",\n".join(lines) + "\n}"


def render_event(notice: Notice, seal: Seal, *, subscription_arn: str, unsubscribe_url: str) -> bytes:
    """Write the event that a function gets: one record, in which two names are spelt otherwise than in the message.

    Ref: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications".
    """
    attributes = b"{}" if notice.attributes is None else notice.attributes.encode()
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": notice.kind.value,
            "MessageId": notice.message_id,
            "TopicArn": notice.topic_arn,
            "Subject": notice.subject,
            "Message": notice.message,
            "Timestamp": timestamp_text(notice.published_at),
            "SignatureVersion": seal.version,
            "Signature": seal.signature,
            "SigningCertUrl": seal.certificate_url,
            "UnsubscribeUrl": unsubscribe_url,
            "MessageAttributes": msgspec.Raw(attributes),
        },
    }
    return msgspec.json.encode({"Records": [record]})


def render_attributes(attributes: Mapping[str, MessageAttribute]) -> str | None:
    """Write the MessageAttributes member; None when there are none. Binary values are base64."""
    if not attributes:
        return None
    lines = []
    for name, attribute in attributes.items():
        value = attribute.value
        text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        lines.append(f'    {_quoted(name)} : {{"Type":{_quoted(attribute.data_type)},"Value":{_quoted(text)}}}')
    return "{\n" + ",\n".join(lines) + "\n  }"


def headers(kind: Kind, *, message_id: str, topic_arn: str, subscription_arn: str, is_raw: bool) -> dict[str, str]:
    """Give the HTTP headers of a POST; a subscription has no ARN to show before it is confirmed."""
    shown = {
        "x-amz-sns-message-type": kind.value,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic_arn,
        "Content-Type": CONTENT_TYPE,
        "User-Agent": USER_AGENT,
    }
    if kind is not Kind.SUBSCRIPTION_CONFIRMATION:
        shown["x-amz-sns-subscription-arn"] = subscription_arn
    if is_raw:
        shown["x-amz-sns-rawdelivery"] = "true"
    return shown


def timestamp_text(moment: float) -> str:
    """Write seconds since the epoch as SNS does.

    >>> timestamp_text(1335920046.655)
    '2012-05-02T00:54:06.655Z'
    """
    # Rounded before it is cut to milliseconds: 0.655 is a little less than that in binary.
    moment_ms = round(moment * 1000)
    text = datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment_ms % 1000:03d}Z"


def subscription_confirmation_text(topic_arn: str) -> str:
    """Give the Message of a SubscriptionConfirmation."""
    return (
        f"You have chosen to subscribe to the topic {topic_arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )


def unsubscribe_confirmation_text(subscription_arn: str) -> str:
    """Give the Message of an UnsubscribeConfirmation."""
    return (
        f"You have chosen to deactivate subscription {subscription_arn}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
    )


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
