"""From published messages to their deliveries, in one transaction."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from hatobin.companions import lambda_, outward, sqs
from hatobin.companions.sns import outbox, store
from hatobin.companions.sns.envelope import Notice, Seal, render, render_attributes, render_event
from hatobin.companions.sns.failures import log_failure
from hatobin.companions.sns.filter_policy import Scope, attribute_fields, matches_body, read_policy
from hatobin.companions.sns.model import (
    ASKED_PROTOCOLS,
    FUNCTION_PROTOCOL,
    Kind,
    MessageAttribute,
    Published,
    Subscription,
    SubscriptionKey,
    Topic,
    TopicKey,
    TopicMissing,
)
from hatobin.companions.sns.outbox import Draft
from hatobin.companions.sns.seals import SealedMessage
from hatobin.companions.sns.signer import SnsSigner
from hatobin.ports import Entropy, Session
from hatobin.words.identifiers import ordered_uuid

SERVICE = "sns.amazonaws.com"
"""Whom a function's policy has to name."""
_REFUSALS = {
    lambda_.Refusal.NO_RESOURCE: (404, "the function does not exist"),
    lambda_.Refusal.NO_PERMISSIONS: (403, "the function's policy does not let this topic invoke it"),
    lambda_.Refusal.TOO_LARGE: (413, "the function does not take an event of this size"),
}
NO_ATTRIBUTES: Mapping[str, MessageAttribute] = {}


def publish(
    session: Session,
    topic_arn: str,
    message: str,
    *,
    subject: str | None,
    attributes: Mapping[str, MessageAttribute] = NO_ATTRIBUTES,
    now: float,
    entropy: Entropy,
    signer: SnsSigner,
    order_key: str | None = None,
    by_protocol: Mapping[str, str] | None = None,
    sealed: SealedMessage | None = None,
) -> Published | TopicMissing:
    """Write one delivery for each confirmed subscription that wants the message.

    Queues get it at once, in this transaction, and functions are invoked as their
    policies say; HTTP endpoints get a row for `SnsDeliveries`. Where `order_key` is given,
    a later message with the same key waits at each of those until the earlier one arrived or is dead.
    `by_protocol` replaces the message for some protocols (MessageStructure=json).
    `sealed` is the signature of just this message, where it was made before.
    After the commit call `announce`.
    """
    publications = Publications(session, now=now, entropy=entropy, signer=signer)
    published = publications.publish(
        topic_arn,
        message,
        subject=subject,
        attributes=attributes,
        order_key=order_key,
        by_protocol=by_protocol,
        sealed=sealed,
    )
    publications.finish()
    return published


class Publications:
    """Many messages in one transaction: topics and queues are looked up once, and queues written to once.

    What was published is in the store after `finish`.
    """

    def __init__(self, session: Session, *, now: float, entropy: Entropy, signer: SnsSigner) -> None:
        self._session, self._now, self._entropy, self._signer = session, now, entropy, signer
        self._topics: dict[str, tuple[Topic, list[Subscription]] | None] = {}
        self._intake = sqs.Intake(session, entropy, now)
        self._delivered: Counter[SubscriptionKey] = Counter()
        self._is_elsewhere = outward.places(session).has("sns")

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        subject: str | None,
        attributes: Mapping[str, MessageAttribute] = NO_ATTRIBUTES,
        order_key: str | None = None,
        by_protocol: Mapping[str, str] | None = None,
        sealed: SealedMessage | None = None,
    ) -> Published | TopicMissing:
        """Publish one message, as the function `publish` does."""
        if self._is_elsewhere and (key := TopicKey.from_arn(topic_arn)) is not None:
            return _send_elsewhere(
                self._session, key, message, subject, order_key, entropy=self._entropy, now=self._now
            )
        found = self._topic(topic_arn)
        if found is None:
            return TopicMissing(topic_arn)
        topic, subscriptions = found
        message_id = ordered_uuid(self._now, self._entropy.uuid()) if sealed is None else sealed.message_id
        queues: set[sqs.QueueKey] = set()
        posts = invocations = 0
        for subscription in subscriptions:
            if not wants(subscription, message, attributes):
                continue
            draft = Draft(
                kind=Kind.NOTIFICATION,
                message_id=message_id,
                message=message if by_protocol is None else by_protocol.get(subscription.protocol, message),
                published_at=self._now if sealed is None else sealed.published_at,
                signature_version=topic.signature_version,
                subject=subject,
                attributes=render_attributes(attributes),
                order_key=order_key,
            )
            if subscription.protocol in ASKED_PROTOCOLS:
                outbox.enqueue(self._session, subscription.key, draft, now=self._now)
                posts += 1
            elif subscription.protocol == FUNCTION_PROTOCOL:
                event = function_event(subscription, draft, self._signer, None if sealed is None else sealed.seal)
                given = self._invoke(subscription, draft, event)
                invocations += given is None
                queues |= given or set()
            else:
                body = body_of(subscription, draft, self._signer, seal=None if sealed is None else sealed.seal)
                queues |= self._put_into_queue(subscription, draft, body)
        return Published(message_id, frozenset(queues), posts, invocations)

    def finish(self) -> None:
        """Write what queues get, and count it at their subscriptions."""
        self._intake.finish()
        for key, count in sorted(self._delivered.items()):  # The order of every node: see `Database.write`.
            outbox.count_delivered(self._session, key, count, now=self._now)
        self._delivered.clear()

    def _topic(self, arn: str) -> tuple[Topic, list[Subscription]] | None:
        if arn not in self._topics:
            key = TopicKey.from_arn(arn)
            topic = store.find_topic(self._session, key) if key is not None else None
            self._topics[arn] = (
                None if topic is None else (topic, store.confirmed_subscriptions(self._session, topic.key))
            )
        return self._topics[arn]

    def _put_into_queue(self, subscription: Subscription, draft: Draft, body: str) -> set[sqs.QueueKey]:
        attributes = _queue_attributes(draft) if subscription.is_raw else {}
        if self._intake.take(subscription.endpoint, body, attributes, order_key=draft.order_key):
            self._delivered[subscription.key] += 1
            key = sqs.QueueKey.from_arn(subscription.endpoint)
            return set() if key is None else {key}
        # A missing queue is a fact and not trouble, so nothing is tried again: developer guide, "client-side errors".
        error = "the queue does not exist or does not take a message of this size"
        return self._fail(subscription, draft, body, error=error, status=404)

    def _invoke(self, subscription: Subscription, draft: Draft, event: bytes) -> set[sqs.QueueKey] | None:
        """Have a function invoked; None when it will be, else the dead-letter queue that got the message, if one did.

        That it may not is the client's error, which is not tried again: developer guide, "Message delivery retries".
        """
        topic = subscription.key.topic
        refusal = lambda_.invoke_for(
            self._session,
            subscription.endpoint,
            event,
            service=SERVICE,
            source_arn=topic.arn,
            source_account=topic.account_id,
            now=self._now,
            entropy=self._entropy,
        )
        if refusal is None:
            self._delivered[subscription.key] += 1
            return None
        status, error = _REFUSALS[refusal]
        return self._fail(subscription, draft, event.decode(), error=error, status=status)

    def _fail(
        self, subscription: Subscription, draft: Draft, body: str, *, error: str, status: int
    ) -> set[sqs.QueueKey]:
        """Give up a delivery: tell it, and give the dead-letter queue that got the message, if one did."""
        session, now, entropy = self._session, self._now, self._entropy
        log_failure(session, subscription, draft, error=error, status=status, attempts=1, now=now, entropy=entropy)
        queue = dead_letter(session, subscription, draft, body, entropy=entropy, now=now)
        if queue is not None:
            return {queue}
        outbox.keep_dead(session, subscription.key, draft, error=error, now=now)
        return set()


def _send_elsewhere(
    session: Session,
    key: TopicKey,
    message: str,
    subject: str | None,
    order_key: str | None,
    *,
    entropy: Entropy,
    now: float,
) -> Published:
    """Keep a call of the real SNS, whose subscribers are its own matter."""
    notice = outward.Notice(message, subject)
    draft = outward.CallDraft(msgspec.json.encode(notice).decode(), order_key)
    target = outward.TargetKey(key.account_id, key.region, outward.CallKind.SNS.value, key.arn)
    outward.enqueue(session, target, [draft], now=now, entropy=entropy)
    return Published(entropy.uuid(), frozenset(), 0)


def dead_letter(
    session: Session, subscription: Subscription, draft: Draft, body: str, *, entropy: Entropy, now: float
) -> sqs.QueueKey | None:
    """Give what could not be delivered to the subscription's dead-letter queue; None when that is not possible."""
    queue = subscription.dead_letter_queue
    if queue is None:
        return None
    attributes = _queue_attributes(draft) if subscription.is_raw else {}
    return queue if sqs.deliver(session, queue.arn, body, attributes, now, entropy=entropy) else None


def notice_of(topic: TopicKey, draft: Draft, signer: SnsSigner) -> Notice:
    """Give the message that a delivery carries, with the link that its token belongs to."""
    return Notice(
        kind=draft.kind,
        message_id=draft.message_id,
        topic_arn=topic.arn,
        message=draft.message,
        published_at=draft.published_at,
        subject=draft.subject,
        attributes=draft.attributes,
        token=draft.token,
        subscribe_url=signer.subscribe_url(topic, draft.token) if draft.token is not None else None,
    )


def body_of(subscription: Subscription, draft: Draft, signer: SnsSigner, *, seal: Seal | None = None) -> str:
    """Give what an endpoint gets: the message alone, or the envelope with the signature `seal`, or one made now."""
    if subscription.is_raw and draft.kind is Kind.NOTIFICATION:
        return draft.message
    notice = notice_of(subscription.key.topic, draft, signer)
    unsubscribe_url = signer.unsubscribe_url(subscription.key) if draft.kind is Kind.NOTIFICATION else None
    if seal is None or seal.version != draft.signature_version:
        seal = signer.seal(notice, draft.signature_version)
    return render(notice, seal, unsubscribe_url=unsubscribe_url)


def function_event(subscription: Subscription, draft: Draft, signer: SnsSigner, seal: Seal | None = None) -> bytes:
    """Give what a function gets, with the signature `seal`, or one made now."""
    notice = notice_of(subscription.key.topic, draft, signer)
    if seal is None or seal.version != draft.signature_version:
        seal = signer.seal(notice, draft.signature_version)
    return render_event(
        notice,
        seal,
        subscription_arn=subscription.key.arn,
        unsubscribe_url=signer.unsubscribe_url(subscription.key),
    )


def wants(subscription: Subscription, message: str, attributes: Mapping[str, MessageAttribute]) -> bool:
    """Say whether the filter policy of a subscription lets a message through."""
    text = subscription.attributes.get("FilterPolicy")
    if not text:
        return True
    scope = subscription.filter_scope
    policy = read_policy(text, scope)
    if scope is Scope.MESSAGE_BODY:
        return matches_body(policy, message)
    return policy.matches(attribute_fields({name: (item.data_type, item.value) for name, item in attributes.items()}))


def _queue_attributes(draft: Draft) -> dict[str, sqs.MessageAttribute]:
    document: dict[str, dict[str, Any]] = msgspec.json.decode(draft.attributes) if draft.attributes else {}
    return {name: _queue_attribute(item["Type"], item["Value"]) for name, item in document.items()}


def _queue_attribute(data_type: str, value: str) -> sqs.MessageAttribute:
    if data_type.partition(".")[0] == "Binary":
        return sqs.MessageAttribute(data_type, binary_value=base64.b64decode(value))
    return sqs.MessageAttribute(data_type, string_value=value)
