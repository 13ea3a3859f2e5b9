"""Calls of SNS and SQS: one message each.

Refs: Amazon SNS API reference, Publish; Amazon SQS API reference, SendMessage (AWS JSON protocol).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hatobin.companions.outward.model import Leased
from hatobin.companions.outward.requests import OutwardRequest, failure, form_request, json_request
from hatobin.ports import HttpReply
from hatobin.protocols.aws.arn import parse_arn
from hatobin.words.settings import Aws


class Notice(Struct, frozen=True):
    """The payload of a call of SNS: what Publish gets beside the topic."""

    message: str
    subject: str | None = None


class QueueAttribute(Struct, frozen=True, omit_defaults=True):
    """One attribute of a message in a queue, as SendMessage takes it; binary values are Base64."""

    data_type: str = msgspec.field(name="DataType")
    string_value: str | None = msgspec.field(name="StringValue", default=None)
    binary_value: bytes | None = msgspec.field(name="BinaryValue", default=None)


class QueueMessage(Struct, frozen=True):
    """The payload of a call of SQS."""

    body: str
    attributes: dict[str, QueueAttribute] = {}


class SnsCarrier:
    """Publishes to topics."""

    batch = 1
    batch_bytes = 256 * 1024

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        key = calls[0].key
        notice = msgspec.json.decode(calls[0].payload, type=Notice)
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": key.target, "Message": notice.message}
        if notice.subject is not None:
            form["Subject"] = notice.subject
        return form_request(self._aws, "sns", key, form, now=now)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        return [failure(reply)]


class SqsCarrier:
    """Sends to queues. A queue's URL is the endpoint with account and name, as at AWS."""

    batch = 1
    batch_bytes = 1024 * 1024

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        key = calls[0].key
        message = msgspec.json.decode(calls[0].payload, type=QueueMessage)
        arn = parse_arn(key.target)
        place = "" if arn is None else f"{arn.account_id}/{quote(arn.resource)}"
        document = {
            "QueueUrl": f"{self._aws.remote('sqs').endpoint_url.rstrip('/')}/{place}",
            "MessageBody": message.body,
            **({"MessageAttributes": message.attributes} if message.attributes else {}),
        }
        return json_request(self._aws, "sqs", key, "AmazonSQS.SendMessage", document, now=now, version="1.0")

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        return [failure(reply)]
