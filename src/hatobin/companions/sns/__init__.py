"""SNS beside SES: topics, and subscriptions over HTTP(S), to queues and to functions.

Publishing writes, in the publisher's own transaction, one delivery per
confirmed subscription that wants the message: into the queue or to the function
at once, or as a row that `SnsDeliveries` posts, signed, until the endpoint answers 2xx or
an hour is over. Then it goes to the subscription's dead-letter queue, or
stays as a dead row for two weeks; `backlog` says what is where.

Other rooms call `publish`, or many times that of `Publications`, inside their transaction and `announce` after it.
"""

from __future__ import annotations

from hatobin.companions.sns import api_publish, api_subscriptions, api_topics
from hatobin.companions.sns.announcement import announce
from hatobin.companions.sns.at_once import DoneAtOnce, QueuesAtOnce
from hatobin.companions.sns.deliveries import SnsDeliveries
from hatobin.companions.sns.letters import LetterTopics
from hatobin.companions.sns.mails import due_mails, take_mails
from hatobin.companions.sns.model import (
    MAX_MESSAGE_BYTES,
    Backlog,
    MessageAttribute,
    Published,
    SubscriptionKey,
    TopicKey,
    TopicMissing,
)
from hatobin.companions.sns.outbox import backlog, backlog_by_protocol, dead_messages
from hatobin.companions.sns.publishing import Publications, publish
from hatobin.companions.sns.queue_counts import QueueCounts
from hatobin.companions.sns.seals import SealedMessage, seal_message, seal_versions
from hatobin.companions.sns.signer import SnsSigner
from hatobin.companions.sns.store import topic_exists

__all__ = [
    "MAX_MESSAGE_BYTES",
    "Backlog",
    "DoneAtOnce",
    "LetterTopics",
    "MessageAttribute",
    "Publications",
    "Published",
    "QueueCounts",
    "QueuesAtOnce",
    "SealedMessage",
    "SnsDeliveries",
    "SnsSigner",
    "SubscriptionKey",
    "TopicKey",
    "TopicMissing",
    "announce",
    "api_publish",
    "api_subscriptions",
    "api_topics",
    "backlog",
    "backlog_by_protocol",
    "dead_messages",
    "due_mails",
    "publish",
    "seal_message",
    "seal_versions",
    "take_mails",
    "topic_exists",
]
