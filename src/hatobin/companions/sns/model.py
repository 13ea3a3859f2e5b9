"""Topics, subscriptions and deliveries as values, SNS's limits, and the retry schedule.

Refs: Amazon SNS API reference 2010-03-31, developer guide "Amazon SNS message
delivery retries".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

import msgspec

from hatobin.companions.sns.filter_policy import Scope
from hatobin.companions.sqs import QueueKey
from hatobin.protocols.aws.json_text import read_json

MAX_MESSAGE_BYTES = 256 * 1024
MAX_SUBJECT_CHARACTERS = 100
MAX_TOPIC_NAME_CHARACTERS = 256
MAX_SUBSCRIPTIONS_PER_TOPIC = 10_000
MAX_ENDPOINT_CHARACTERS = 2048
PAGE_SIZE = 100
# "The token is valid for 2 days": ConfirmSubscription, API reference.
TOKEN_VALID_S = 2 * 86_400.0

# Seconds from one failed attempt to the next; the last one repeats.
RETRY_DELAYS_S = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
# Without a delivery policy. AWS gives up after a minute, and gives mail and text messages six hours, which a
# subscriber that is down for an hour needs. Counted from a delivery's first turn, not from the publish: one that
# waits for its predecessor keeps its own hours.
RETRY_FOR_S = 6 * 3600.0
DEAD_RETENTION_S = 14 * 86_400.0

HTTP_PROTOCOLS = frozenset({"http", "https"})
MAIL_PROTOCOLS = frozenset({"email", "email-json"})
# Those whose endpoint belongs to somebody else, who has to agree first.
ASKED_PROTOCOLS = HTTP_PROTOCOLS | MAIL_PROTOCOLS
FUNCTION_PROTOCOL, QUEUE_PROTOCOL = "lambda", "sqs"
PROTOCOLS = ASKED_PROTOCOLS | {QUEUE_PROTOCOL, FUNCTION_PROTOCOL}


class SubscriptionState(IntEnum):
    """How far a subscription has come; the numbers are those in the table."""

    PENDING = 0
    CONFIRMED = 1
    REMOVED = 2


class DeliveryState(IntEnum):
    """How far a delivery has come; the numbers are those in the table. What is delivered has no row."""

    DUE = 0
    WAITING = 1
    DEAD = 2


class Kind(Enum):
    """The three messages that an endpoint gets; the values are those of the `Type` member."""

    SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
    NOTIFICATION = "Notification"
    UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"


@dataclass(frozen=True, slots=True, order=True)
class TopicKey:
    """Which topic: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The topic's ARN.

        >>> TopicKey("123456789012", "us-east-1", "events").arn
        'arn:aws:sns:us-east-1:123456789012:events'
        """
        return f"arn:aws:sns:{self.region}:{self.account_id}:{self.name}"

    @classmethod
    def from_arn(cls, arn: str) -> TopicKey | None:
        """Read a topic's ARN; None when the text is none.

        >>> TopicKey.from_arn("arn:aws:sns:us-east-1:123456789012:events").name
        'events'
        """
        parts = arn.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not all(parts[3:]):
            return None
        return cls(account_id=parts[4], region=parts[3], name=parts[5])


@dataclass(frozen=True, slots=True, order=True)
class SubscriptionKey:
    """Which subscription: its topic and its own id."""

    topic: TopicKey
    subscription_id: str

    @property
    def arn(self) -> str:
        """The subscription's ARN: the topic's, and the id."""
        return f"{self.topic.arn}:{self.subscription_id}"

    @classmethod
    def from_arn(cls, arn: str) -> SubscriptionKey | None:
        """Read a subscription's ARN; None when the text is none."""
        topic_arn, _, subscription_id = arn.rpartition(":")
        topic = TopicKey.from_arn(topic_arn)
        return None if topic is None or not subscription_id else cls(topic, subscription_id)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; `attributes` holds only what was set."""

    key: TopicKey
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    created_at: float

    @property
    def signature_version(self) -> str:
        """ "1" (SHA-1, the default) or "2" (SHA-256)."""
        return self.attributes.get("SignatureVersion", "1")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; `attributes` holds only what was set.

    `guarded` wants a signed request to unsubscribe. `confirmed_by_owner` says
    that the confirmation was signed by the account that owns the topic.
    """

    key: SubscriptionKey
    protocol: str
    endpoint: str
    state: SubscriptionState
    principal: str
    confirmed_by_owner: bool
    guarded: bool
    attributes: Mapping[str, str]

    @property
    def is_raw(self) -> bool:
        """The endpoint wants the message alone, without the envelope."""
        return self.attributes.get("RawMessageDelivery") == "true"

    @property
    def is_filtered(self) -> bool:
        """Not every message may be wanted."""
        return bool(self.attributes.get("FilterPolicy"))

    @property
    def filter_scope(self) -> Scope:
        """What the filter policy looks at."""
        return Scope(self.attributes.get("FilterPolicyScope", Scope.MESSAGE_ATTRIBUTES.value))

    @property
    def dead_letter_queue(self) -> QueueKey | None:
        """The queue for what cannot be delivered."""
        policy = self.attributes.get("RedrivePolicy")
        return read_redrive_target(policy) if policy else None


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    """One message attribute: its data type, and text or bytes."""

    data_type: str
    value: str | bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A message that topic subscribers will get.

    `queues` got it already, in the same transaction; `posts` deliveries and
    `invocations` of functions wait for their workers. After the commit `announce` wakes all.
    """

    message_id: str
    queues: frozenset[QueueKey]
    posts: int
    invocations: int = 0


@dataclass(frozen=True, slots=True)
class TopicMissing:
    """There is no topic with this ARN; nothing was written."""

    topic_arn: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one subscription has not got, and how it went so far. Times are seconds since the epoch."""

    subscription_arn: str
    endpoint: str
    due: int
    waiting: int
    dead: int
    oldest_published_at: float | None
    delivered: int
    dead_lettered: int
    last_delivered_at: float | None
    last_error: str | None


def read_redrive_target(policy: str) -> QueueKey | None:
    """Read the queue of a RedrivePolicy document; None when it is not one."""
    try:
        document = read_json(policy)
        return QueueKey.from_arn(document["deadLetterTargetArn"])
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None


def retry_delay_s(failed_attempts: int) -> float:
    """Say how long to wait after so many failed attempts.

    >>> [retry_delay_s(count) for count in (1, 2, 6, 7, 50)]
    [0.0, 1.0, 20.0, 60.0, 60.0]
    """
    return RETRY_DELAYS_S[min(failed_attempts, len(RETRY_DELAYS_S)) - 1]
