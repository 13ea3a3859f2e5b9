"""Deliveries by mail, as letters: taken out of the outbox by whoever writes the mail, in its transaction."""

from __future__ import annotations

from msgspec import Struct

from hatobin.companions.sns import outbox, store
from hatobin.companions.sns.model import Kind, SubscriptionKey
from hatobin.companions.sns.publishing import body_of
from hatobin.companions.sns.signer import SnsSigner
from hatobin.ports import Session

DEFAULT_SUBJECT = "AWS Notification Message"
"""What a notification without a subject has (observed)."""
_SUBJECTS = {
    Kind.SUBSCRIPTION_CONFIRMATION: "AWS Notification - Subscription Confirmation",
    Kind.UNSUBSCRIBE_CONFIRMATION: "AWS Notification - Unsubscribe Confirmation",
}
_ASKED = """\
Somebody asked that notifications of this topic are sent to this address:

    {topic}

To agree, follow this link within two days. If it was not you, do nothing.

{url}
"""
_ENDED = """\
Notifications of this topic are not sent to this address any more:

    {topic}

If that was not meant, this link brings them back:

{url}
"""
_FOOTER = "\n\n--\nTo end these notifications, follow this link:\n{url}\n"


class TopicLetter(Struct, frozen=True):
    """A mail to a subscriber."""

    recipient: str
    subject: str
    text: str


def due_mails(session: Session, *, now: float) -> list[SubscriptionKey]:
    """Give the subscriptions by mail that have something due."""
    return outbox.due_keys(session, now=now, protocols=("email", "email-json"))


def take_mails(
    session: Session, key: SubscriptionKey, *, signer: SnsSigner, owner: str, limit: int, until: float, now: float
) -> list[TopicLetter]:
    """Take what is due for a subscription out of the outbox, and count it as delivered."""
    subscription = store.find_subscription(session, key, with_removed=True)
    if subscription is None:
        return []
    leased = outbox.lease(session, subscription, owner=owner, limit=limit, until=until, now=now)
    for delivery in leased:
        outbox.settle_delivered(session, delivery, now=now)
    if leased:
        outbox.count_delivered(session, key, len(leased), now=now)
    return [_letter(delivery, signer) for delivery in leased]


def _letter(delivery: outbox.Leased, signer: SnsSigner) -> TopicLetter:
    subscription, draft = delivery.subscription, delivery.draft
    subject = _SUBJECTS.get(draft.kind) or draft.subject or DEFAULT_SUBJECT
    topic = subscription.key.topic
    if draft.kind is Kind.NOTIFICATION and subscription.protocol == "email":
        text = draft.message + _FOOTER.format(url=signer.unsubscribe_url(subscription.key))
    elif draft.kind is Kind.NOTIFICATION:
        text = body_of(subscription, draft, signer)
    else:
        url = signer.subscribe_url(topic, draft.token or "")
        text = (_ASKED if draft.kind is Kind.SUBSCRIPTION_CONFIRMATION else _ENDED).format(topic=topic.arn, url=url)
    return TopicLetter(subscription.endpoint, subject, text)
