"""The notifications of an identity in SES v1: topics, headers in them, and the forwarding of feedback by mail.

Refs: surface.md §4.3 (Legacy), appendix E; AWS developer guide
"configure-sns-notifications"; API reference "SetIdentityNotificationTopic".
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from msgspec import UNSET

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.api_v1 import asked_identities
from hatobin.capabilities.identities.api_v1_attributes import in_words_of_v1
from hatobin.capabilities.identities.changes import NotChangeable, change_identity
from hatobin.capabilities.identities.model import Identity
from hatobin.companions import sns
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    GetIdentityNotificationAttributesRequest,
    GetIdentityNotificationAttributesResponse,
    IdentityNotificationAttributes,
    SetIdentityFeedbackForwardingEnabledRequest,
    SetIdentityFeedbackForwardingEnabledResponse,
    SetIdentityHeadersInNotificationsEnabledRequest,
    SetIdentityHeadersInNotificationsEnabledResponse,
    SetIdentityNotificationTopicRequest,
    SetIdentityNotificationTopicResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


@operation("ses", "SetIdentityNotificationTopic")
async def set_identity_notification_topic(
    call: Call, request: SetIdentityNotificationTopicRequest
) -> SetIdentityNotificationTopicResponse:
    """Send the notifications of one kind to a topic, or to none; the topic gets a word of welcome."""
    kind, arn = request.notification_type, request.sns_topic or None

    def change(session: Session, found: Identity) -> Identity:
        topics = dict(found.notifications.topics)
        topics.pop(kind, None)
        if arn is not None:
            _check_topic(session, call, arn)
            topics[kind] = arn
        notifications = replace(found.notifications, topics=tuple(sorted(topics.items())))
        return replace(found, notifications=notifications)

    async with in_words_of_v1():
        identity = await change_identity(call, request.identity, change, store.put_switches)
    if arn is not None:
        await _welcome(call, identity.name, kind, arn)
    return SetIdentityNotificationTopicResponse()


def _check_topic(session: Session, call: Call, arn: str) -> None:
    key = sns.TopicKey.from_arn(arn)
    if key is None or key.region != call.region:
        raise CallerError("InvalidParameterValue", f"Invalid SNS topic <{arn}>.")
    # Another account's topic wants a policy of its own that lets us in; topics have none yet.
    if key.account_id != call.account_id or not sns.topic_exists(session, arn):
        raise CallerError("InvalidParameterValue", f"SNS topic <{arn}> not found.")


async def _welcome(call: Call, identity: str, kind: str, arn: str) -> None:
    """Publish what SES publishes to a topic that was just set (developer guide; surface.md §4.3)."""
    text = (
        '{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed your '
        f"Amazon SNS topic '{arn}' to receive '{kind}' notifications from Amazon SES for identity '{identity}'.\"}}"
    )
    now = call.ports.clock.now()
    published = await call.ports.database.write(
        lambda session: sns.publish(
            session,
            arn,
            text,
            subject=None,
            now=now,
            entropy=call.ports.entropy,
            signer=call.services.get(sns.SnsSigner),
        )
    )
    if isinstance(published, sns.Published):
        sns.announce(call.services, published)


@operation("ses", "SetIdentityHeadersInNotificationsEnabled")
async def set_identity_headers_in_notifications_enabled(
    call: Call, request: SetIdentityHeadersInNotificationsEnabledRequest
) -> SetIdentityHeadersInNotificationsEnabledResponse:
    """Put the headers of the mail into the notifications of one kind, or leave them out."""

    def change(_: Session, found: Identity) -> Identity:
        kinds = {*found.notifications.with_headers} - {request.notification_type}
        if request.enabled:
            kinds.add(request.notification_type)
        return replace(found, notifications=replace(found.notifications, with_headers=tuple(sorted(kinds))))

    async with in_words_of_v1():
        await change_identity(call, request.identity, change, store.put_switches)
    return SetIdentityHeadersInNotificationsEnabledResponse()


@operation("ses", "SetIdentityFeedbackForwardingEnabled")
async def set_identity_feedback_forwarding_enabled(
    call: Call, request: SetIdentityFeedbackForwardingEnabledRequest
) -> SetIdentityFeedbackForwardingEnabledResponse:
    """Switch the forwarding of bounces and complaints by mail; off only where topics take both (developer guide)."""

    def change(_: Session, found: Identity) -> Identity:
        notifications = found.notifications
        if not request.forwarding_enabled and not (notifications.topic("Bounce") and notifications.topic("Complaint")):
            raise NotChangeable(
                f"Identity <{found.name}> must have topics for both Bounce and Complaint before feedback "
                "forwarding can be disabled."
            )
        return replace(found, feedback_forwarding=request.forwarding_enabled)

    async with in_words_of_v1():
        await change_identity(call, request.identity, change, store.put_switches)
    return SetIdentityFeedbackForwardingEnabledResponse()


@operation("ses", "GetIdentityNotificationAttributes")
async def get_identity_notification_attributes(
    call: Call, request: GetIdentityNotificationAttributesRequest
) -> GetIdentityNotificationAttributesResponse:
    """Show the notifications of several identities."""
    names = asked_identities(request.identities)
    known = await call.ports.database.read(
        lambda s: store.find_several(s, call.account_id, call.region, list(names.values()))
    )
    return GetIdentityNotificationAttributesResponse(
        notification_attributes={name: _attributes(known[key]) for name, key in names.items() if key in known}
    )


def _attributes(identity: Identity) -> IdentityNotificationAttributes:
    chosen = identity.notifications

    def topic(kind: str) -> str:
        # SES leaves out a topic that is not set although the model requires it.
        return chosen.topic(kind) or cast(str, UNSET)

    return IdentityNotificationAttributes(
        bounce_topic=topic("Bounce"),
        complaint_topic=topic("Complaint"),
        delivery_topic=topic("Delivery"),
        forwarding_enabled=identity.feedback_forwarding,
        headers_in_bounce_notifications_enabled="Bounce" in chosen.with_headers,
        headers_in_complaint_notifications_enabled="Complaint" in chosen.with_headers,
        headers_in_delivery_notifications_enabled="Delivery" in chosen.with_headers,
    )
