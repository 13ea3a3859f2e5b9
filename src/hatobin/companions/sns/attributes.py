"""Attributes of topics and subscriptions: which exist, what they may hold, how they are shown.

Refs: SNS API reference 2010-03-31, SetTopicAttributes, SetSubscriptionAttributes,
GetTopicAttributes, GetSubscriptionAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hatobin.companions.sns.addresses import invalid
from hatobin.companions.sns.delivery_policy import (
    DeliveryPolicyInvalid,
    effective,
    subscription_policy,
    topic_policy,
)
from hatobin.companions.sns.delivery_policy import shown as shown_policy
from hatobin.companions.sns.filter_policy import FilterPolicyInvalid, Scope, read_policy
from hatobin.companions.sns.model import (
    FUNCTION_PROTOCOL,
    HTTP_PROTOCOLS,
    Subscription,
    SubscriptionState,
    Topic,
    read_redrive_target,
)
from hatobin.companions.sns.store import SubscriptionCounts
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError

_TOPIC_DOCUMENTS = frozenset({"Policy", "DeliveryPolicy", "DataProtectionPolicy"})
_TOPIC_TEXTS = frozenset({"DisplayName", "KmsMasterKeyId", "TracingConfig"})
# Delivery logging of the other protocols is set by the same tools that set up a topic; it is kept and shown.
_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_SUBSCRIPTION_NAMES = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "SubscriptionRoleArn",
    }
)
MAX_ATTRIBUTE_CHARACTERS = 256 * 1024

# How a refused attribute is worded differs between the operation that sets one and those that set several.
Wording = Callable[[str, str], CallerError]


def one_attribute(name: str, reason: str) -> CallerError:
    """Word a refusal as the Set operations do."""
    return invalid(f"{name}: {reason}" if reason else name)


def several_attributes(name: str, reason: str) -> CallerError:
    """Word a refusal as Subscribe and CreateTopic do."""
    return invalid(f"Attributes Reason: {name}: {reason}" if reason else f"Attributes Reason: Unknown attribute {name}")


def checked_topic(attributes: Mapping[str, str], wording: Wording) -> dict[str, str]:
    """Give topic attributes that may be set; raises InvalidParameter."""
    checked: dict[str, str] = {}
    for name, value in attributes.items():
        if name in ("FifoTopic", "ContentBasedDeduplication"):
            if value == "true":
                raise invalid(f"{name}: FIFO topics are not supported by this server")
            continue
        checked[name] = _checked_topic_value(name, value, wording)
    return checked


def checked_subscription(
    changes: Mapping[str, str], current: Mapping[str, str], *, account_id: str, wording: Wording
) -> dict[str, str]:
    """Give the attributes of a subscription after `changes`; an empty value removes one.

    Raises InvalidParameter. A filter policy is read under the scope that holds
    after the change, so that what is kept can always be evaluated.
    """
    for name, value in changes.items():
        if name not in _SUBSCRIPTION_NAMES or len(value) > MAX_ATTRIBUTE_CHARACTERS:
            raise wording(name, "")
    after = {name: value for name, value in {**current, **changes}.items() if value not in ("", "{}")}
    if changes.get("RawMessageDelivery", "false") not in ("true", "false"):
        raise wording("RawMessageDelivery", f"Invalid value [{changes['RawMessageDelivery']}]. Must be true or false.")
    scope = after.get("FilterPolicyScope", Scope.MESSAGE_ATTRIBUTES.value)
    if scope not in {item.value for item in Scope}:
        raise wording(
            "FilterPolicyScope", f"Invalid value [{scope}]. Please use either MessageBody or MessageAttributes"
        )
    if "FilterPolicy" in after:
        try:
            read_policy(after["FilterPolicy"], Scope(scope))
        except FilterPolicyInvalid as error:
            raise wording("FilterPolicy", str(error)) from error
    if "DeliveryPolicy" in after:
        _check_delivery_policy(subscription_policy, after["DeliveryPolicy"], wording)
    if "RedrivePolicy" in after:
        _check_redrive(after["RedrivePolicy"], account_id, wording)
    return after


def check_raw(protocol: str, attributes: Mapping[str, str], *, wording: Wording) -> None:
    """Raise InvalidParameter for a function that wants the message without its envelope."""
    if protocol == FUNCTION_PROTOCOL and attributes.get("RawMessageDelivery") == "true":
        raise wording("RawMessageDelivery", f"Delivery protocol [{protocol}] does not support raw message delivery.")


def shown_topic(topic: Topic, counts: SubscriptionCounts) -> dict[str, str]:
    """Give what GetTopicAttributes shows."""
    policy = effective({}, topic.attributes)
    http = _HTTP_POLICY if policy is None else {**_HTTP_POLICY, "defaultHealthyRetryPolicy": shown_policy(policy)}
    return {
        "Policy": _json(_default_policy(topic)),
        "DisplayName": "",
        **topic.attributes,
        "TopicArn": topic.key.arn,
        "Owner": topic.key.account_id,
        "SubscriptionsPending": str(counts.pending),
        "SubscriptionsConfirmed": str(counts.confirmed),
        "SubscriptionsDeleted": str(counts.removed),
        "EffectiveDeliveryPolicy": _json({"http": http}),
    }


def shown_subscription(subscription: Subscription, topic: Topic | None) -> dict[str, str]:
    """Give what GetSubscriptionAttributes shows."""
    shown = {
        "RawMessageDelivery": "false",
        **subscription.attributes,
        "SubscriptionArn": subscription.key.arn,
        "TopicArn": subscription.key.topic.arn,
        "Owner": subscription.key.topic.account_id,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "PendingConfirmation": _flag(subscription.state is SubscriptionState.PENDING),
        "ConfirmationWasAuthenticated": _flag(subscription.confirmed_by_owner),
        "SubscriptionPrincipal": subscription.principal,
    }
    if "FilterPolicy" in shown:
        shown.setdefault("FilterPolicyScope", Scope.MESSAGE_ATTRIBUTES.value)
    if subscription.protocol in HTTP_PROTOCOLS:
        policy = effective(subscription.attributes, {} if topic is None else topic.attributes)
        healthy = {} if policy is None else {"healthyRetryPolicy": shown_policy(policy)}
        shown["EffectiveDeliveryPolicy"] = _json({**_SUBSCRIPTION_POLICY, **healthy})
    return shown


def _checked_topic_value(name: str, value: str, wording: Wording) -> str:
    if len(value) > MAX_ATTRIBUTE_CHARACTERS:
        raise wording(name, "Value is too long")
    if name == "SignatureVersion":
        if value not in ("1", "2"):
            raise wording(name, f"Invalid value [{value}]. Must be 1 or 2.")
        return value
    if name == "DeliveryPolicy" and value:
        _check_delivery_policy(topic_policy, value, wording)
    if name in _TOPIC_DOCUMENTS:
        if value and not _is_object(value):
            raise wording(name, "failed to parse JSON.")
        return value
    if name in _TOPIC_TEXTS or _FEEDBACK.fullmatch(name):
        return value
    raise invalid("AttributeName") if wording is one_attribute else wording(name, "")


def _check_delivery_policy(read: Callable[[str], object], text: str, wording: Wording) -> None:
    try:
        read(text)
    except DeliveryPolicyInvalid as error:
        raise wording("DeliveryPolicy", str(error)) from error


def _check_redrive(policy: str, account_id: str, wording: Wording) -> None:
    if not _is_object(policy):
        raise wording("RedrivePolicy", "failed to parse JSON.")
    target = read_redrive_target(policy)
    if target is None:
        raise wording("RedrivePolicy", "deadLetterTargetArn is an invalid arn")
    if target.account_id != account_id:
        raise wording("RedrivePolicy", "deadLetterTargetArn must be a queue of the subscription's account")


def _is_object(text: str) -> bool:
    try:
        return isinstance(read_json(text), dict)
    except msgspec.DecodeError:
        return False


def _default_policy(topic: Topic) -> dict[str, Any]:
    actions = (
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    )
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in actions],
                "Resource": topic.key.arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": topic.key.account_id}},
            }
        ],
    }


_RETRY_POLICY = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
# AWS's defaults, which tools compare with; without a policy we retry for longer (`model.RETRY_DELAYS_S`).
_HTTP_POLICY = {
    "defaultHealthyRetryPolicy": _RETRY_POLICY,
    "disableSubscriptionOverrides": False,
    "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
}
_SUBSCRIPTION_POLICY = {
    "healthyRetryPolicy": _RETRY_POLICY,
    "sicklyRetryPolicy": None,
    "throttlePolicy": None,
    "requestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    "guaranteed": False,
}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _flag(value: bool) -> str:
    return "true" if value else "false"
