"""Which topic or subscription a request means, and whether the caller may touch it."""

from __future__ import annotations

from hatobin.companions.sns import store
from hatobin.companions.sns.model import Subscription, SubscriptionKey, Topic, TopicKey
from hatobin.gateway import Call
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_ARN_PARTS = 6


def topic_key(call: Call, arn: str, *, parameter: str = "TopicArn") -> TopicKey:
    """Read a topic of the caller. Raises InvalidParameter, and AuthorizationError for another account's."""
    key = TopicKey.from_arn(arn)
    if key is None or key.region != call.region:
        raise _bad_arn(arn, parameter)
    check_owner(call, key, arn)
    return key


def subscription_key(arn: str) -> SubscriptionKey:
    """Read a subscription's ARN; raises InvalidParameter."""
    key = SubscriptionKey.from_arn(arn)
    if key is None:
        raise _bad_arn(arn, "SubscriptionArn")
    return key


def check_owner(call: Call, key: TopicKey, resource: str) -> None:
    """Raise AuthorizationError when the topic belongs to somebody else.

    Deviates: topic policies are kept and shown but grant nothing to other accounts.
    """
    if key.account_id != call.account_id:
        raise not_authorized(call, resource)


def not_authorized(call: Call, resource: str) -> CallerError:
    """Make the error of a caller who may not."""
    who = call.principal.arn or "anonymous"
    action = f"SNS:{call.operation}"
    return CallerError(
        "AuthorizationError",
        f"User: {who} is not authorized to perform: {action} on resource: {resource}"
        f" because no resource-based policy allows the {action} action",
        status=403,
    )


def open_topic(session: Session, key: TopicKey) -> Topic:
    """Give a topic; raises NotFound."""
    topic = store.find_topic(session, key)
    if topic is None:
        raise CallerError("NotFound", "Topic does not exist", status=404)
    return topic


def open_subscription(session: Session, key: SubscriptionKey) -> Subscription:
    """Give a subscription; raises NotFound."""
    subscription = store.find_subscription(session, key)
    if subscription is None:
        raise CallerError("NotFound", "Subscription does not exist", status=404)
    return subscription


def invalid(text: str) -> CallerError:
    """Make SNS's error for a parameter."""
    return CallerError("InvalidParameter", f"Invalid parameter: {text}")


def _bad_arn(arn: str, parameter: str) -> CallerError:
    parts = len(arn.split(":"))
    if parts < _ARN_PARTS:
        return invalid(f"{parameter} Reason: An ARN must have at least {_ARN_PARTS} elements, not {parts}")
    return invalid(parameter)
