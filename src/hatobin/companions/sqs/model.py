"""Queues, messages and receipt handles as values, and SQS's limits.

Refs: Amazon SQS API reference 2012-11-05 (CreateQueue, SetQueueAttributes),
developer guide "Amazon SQS message quotas".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from hatobin.protocols.aws.json_text import read_json
from hatobin.words.settings import Settings

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_BATCH_ENTRIES = 10
MAX_BATCH_BYTES = 1024 * 1024
MAX_RECEIVED = 10
MAX_WAIT_S = 20
MAX_DELAY_S = 900
MAX_VISIBILITY_S = 43_200
MAX_ATTRIBUTES = 10
MAX_LISTED_QUEUES = 1000
MAX_RECEIVE_COUNT = 2**31 - 1
MAX_ROW_NUMBER = 2**63 - 1
QUEUE_NAME_CHARACTERS = 80

# SenderId of what SNS puts into a queue; receivers see this id at AWS as well.
SNS_SENDER_ID = "AIDAIT2UOQQY3AUEKVGXU"


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Which queue: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The queue's ARN.

        >>> QueueKey("123456789012", "us-east-1", "mail").arn
        'arn:aws:sqs:us-east-1:123456789012:mail'
        """
        return f"arn:aws:sqs:{self.region}:{self.account_id}:{self.name}"

    @classmethod
    def from_arn(cls, arn: str) -> QueueKey | None:
        """Read a queue's ARN; None when the text is none.

        >>> QueueKey.from_arn("arn:aws:sqs:us-east-1:123456789012:mail").name
        'mail'
        """
        parts = arn.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs" or not all(parts[3:]):
            return None
        return cls(account_id=parts[4], region=parts[3], name=parts[5])


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where a message goes that has been received `max_receives` times without being deleted."""

    target: QueueKey
    max_receives: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue with all its settable attributes. Times are seconds since the epoch."""

    key: QueueKey
    queue_id: str
    attributes: Mapping[str, str]
    created_at: float
    modified_at: float

    def seconds(self, name: str) -> int:
        """Give a whole-number attribute."""
        return int(self.attributes[name])

    def takes(self, size: int) -> bool:
        """Say whether a message of so many octets, attributes included, is small enough."""
        return size <= self.seconds("MaximumMessageSize")

    @property
    def redrive(self) -> Redrive | None:
        """The dead-letter rule, when there is one."""
        policy = self.attributes.get("RedrivePolicy")
        return parse_redrive(policy) if policy else None


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    """One message attribute; exactly one of the values is set."""

    data_type: str
    string_value: str | None = None
    binary_value: bytes | None = None


class Draft(msgspec.Struct, frozen=True):
    """A message on its way into a queue."""

    message_id: str
    body: str
    attributes: Mapping[str, MessageAttribute]
    sender_id: str
    delay_s: int
    trace_header: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a receiver gets it, `receive_count` counting this receipt."""

    message_id: str
    body: str
    attributes: Mapping[str, MessageAttribute]
    sender_id: str
    sent_at: float
    receive_count: int
    first_received_at: float
    receipt_handle: str
    trace_header: str | None
    dead_letter_source: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The three approximate numbers of a queue; here they are exact."""

    visible: int
    in_flight: int
    delayed: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt handle says: one receipt of one message."""

    queue_id: str
    id: int
    """Which message: the number of its row."""
    receive_count: int

    @property
    def handle(self) -> str:
        """The opaque text that receivers hold."""
        return base64.b64encode(f"{self.queue_id} {self.id} {self.receive_count}".encode()).decode()

    @classmethod
    def parse(cls, handle: str) -> Receipt | None:
        """Read a receipt handle; None when it is none of ours."""
        try:
            queue_id, number, count = base64.b64decode(handle, validate=True).decode().split(" ")
            receipt = cls(queue_id, int(number), int(count))
        except (binascii.Error, ValueError):
            return None
        is_possible = 0 < receipt.id <= MAX_ROW_NUMBER and 1 <= receipt.receive_count <= MAX_RECEIVE_COUNT
        return receipt if is_possible else None


def parse_redrive(policy: str) -> Redrive | None:
    """Read a RedrivePolicy document; None when it is not one."""
    try:
        document = read_json(policy)
        target = QueueKey.from_arn(document["deadLetterTargetArn"])
        max_receives = int(document["maxReceiveCount"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
    if target is None or not 1 <= max_receives <= 1000:
        return None
    return Redrive(target, max_receives)


def queue_url(settings: Settings, key: QueueKey) -> str:
    """Give the URL that names a queue: our own HTTP address, account and name."""
    return f"{_base_url(settings)}/{key.account_id}/{key.name}"


def split_queue_url(url: str, account_id: str) -> tuple[str, str]:
    """Read account and queue name from the last two path segments of a queue URL.

    The host is not looked at: a client may reach us under any name. A bare
    queue name stands for a queue of the caller.

    >>> split_queue_url("http://localhost:8005/123456789012/mail", "999999999999")
    ('123456789012', 'mail')
    >>> split_queue_url("mail", "999999999999")
    ('999999999999', 'mail')
    """
    parts = url.rstrip("/").split("/")
    return (parts[-2], parts[-1]) if len(parts) > 1 else (account_id, parts[-1])


def _base_url(settings: Settings) -> str:
    if settings.service.public_http:
        return settings.service.public_http.rstrip("/")
    listeners = settings.server.http
    listener = listeners if isinstance(listeners, str) else next(iter(listeners), "")
    host, _, port = listener.rpartition(":")
    if host in ("", "0.0.0.0", "[::]", "::"):  # noqa: S104 - read, not bound
        host = "127.0.0.1"
    return f"http://{host}:{port or 8005}"
