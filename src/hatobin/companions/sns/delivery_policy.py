"""Delivery policies of topics and subscriptions over HTTP: what they may say, and when they say to try again. Pure.

Refs: SNS developer guide, "Creating an HTTP/S delivery policy" (the four phases, defaults, bounds; the time that
all retries take together is at most an hour), "disableSubscriptionOverrides".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hatobin.protocols.aws.json_text import read_json

MAX_RETRIES = 100
MAX_DELAY_S = 3600
MAX_TOTAL_S = 3600
_TOPIC_MEMBERS = frozenset(
    {"defaultHealthyRetryPolicy", "disableSubscriptionOverrides", "defaultThrottlePolicy", "defaultRequestPolicy"}
)
_SUBSCRIPTION_MEMBERS = frozenset(
    {"healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"}
)


class DeliveryPolicyInvalid(Exception):
    """A delivery policy cannot be like this; the text says which member."""


class RetryPolicy(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """When a failed post is tried again: at once, after the least pause, in growing steps, after the longest one.

    `num_retries` counts all of them.
    """

    min_delay_target: int = 20
    max_delay_target: int = 20
    num_retries: int = 3
    num_max_delay_retries: int = 0
    num_no_delay_retries: int = 0
    num_min_delay_retries: int = 0
    backoff_function: Literal["linear", "arithmetic", "geometric", "exponential"] = "linear"

    @property
    def steps(self) -> int:
        """How many retries the growing phase has."""
        fixed = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries
        return self.num_retries - fixed

    def pause_s(self, failed_attempts: int) -> float | None:
        """Say how long to wait after so many failed attempts; None when there is no further retry.

        >>> RetryPolicy(num_no_delay_retries=1).pause_s(1), RetryPolicy().pause_s(3), RetryPolicy().pause_s(4)
        (0.0, 20.0, None)
        """
        if failed_attempts > self.num_retries:
            return None
        place = failed_attempts - self.num_no_delay_retries
        if place <= 0:
            return 0.0
        place -= self.num_min_delay_retries
        if place <= 0:
            return float(self.min_delay_target)
        return self._step_s(place) if place <= self.steps else float(self.max_delay_target)

    def _step_s(self, place: int) -> float:
        """Give the pause of the growing phase at `place`, from 1: the least at its begin, the longest at its end."""
        low, high = float(self.min_delay_target), float(self.max_delay_target)
        part = (place - 1) / (self.steps - 1) if self.steps > 1 else 0.0
        match self.backoff_function:
            case "linear":
                return low + (high - low) * part
            case "arithmetic":  # Each step is longer than the last by one part more.
                return low + (high - low) * (place - 1) * place / max(1, (self.steps - 1) * self.steps)
            case "geometric":
                return low * float((high / low) ** part)
            case "exponential":
                return low + (high - low) * (2.0 ** (place - 1) - 1.0) / max(1.0, 2.0 ** (self.steps - 1) - 1.0)


def topic_policy(text: str) -> RetryPolicy | None:
    """Read a topic's DeliveryPolicy; None where it says nothing of retries. Raises `DeliveryPolicyInvalid`."""
    http = _object(_document(text).get("http", {}), "http")
    _known(http, _TOPIC_MEMBERS, "http")
    if not isinstance(http.get("disableSubscriptionOverrides", False), bool):
        raise DeliveryPolicyInvalid("http.disableSubscriptionOverrides must be a boolean")
    _throttle(http.get("defaultThrottlePolicy"), "http.defaultThrottlePolicy")
    return _retry(http.get("defaultHealthyRetryPolicy"), "http.defaultHealthyRetryPolicy")


def subscription_policy(text: str) -> RetryPolicy | None:
    """Read a subscription's DeliveryPolicy, as `topic_policy` does."""
    document = _document(text)
    _known(document, _SUBSCRIPTION_MEMBERS, "")
    _throttle(document.get("throttlePolicy"), "throttlePolicy")
    return _retry(document.get("healthyRetryPolicy"), "healthyRetryPolicy")


def effective(subscription: Mapping[str, str], topic: Mapping[str, str]) -> RetryPolicy | None:
    """Give the policy that holds, by the attributes of both; None where nobody said anything of retries.

    What was stored before it was checked as strictly counts as nothing.
    """
    try:
        of_topic = topic_policy(topic["DeliveryPolicy"]) if "DeliveryPolicy" in topic else None
        overrides = "DeliveryPolicy" in subscription and not _is_closed(topic)
        return (subscription_policy(subscription["DeliveryPolicy"]) if overrides else None) or of_topic
    except DeliveryPolicyInvalid:
        return None


def shown(policy: RetryPolicy) -> dict[str, Any]:
    """Give a policy with every member, as the effective one is shown."""
    found: dict[str, Any] = msgspec.to_builtins(policy)
    return found


def _is_closed(topic: Mapping[str, str]) -> bool:
    if "DeliveryPolicy" not in topic:
        return False
    return bool(_document(topic["DeliveryPolicy"]).get("http", {}).get("disableSubscriptionOverrides", False))


def _document(text: str) -> dict[str, Any]:
    try:
        return _object(read_json(text), "")
    except msgspec.DecodeError:
        raise DeliveryPolicyInvalid("failed to parse JSON.") from None


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DeliveryPolicyInvalid(f"{path or 'the policy'} must be an object" if path else "failed to parse JSON.")
    return value


def _known(value: Mapping[str, Any], names: frozenset[str], path: str) -> None:
    if unknown := sorted(value.keys() - names):
        raise DeliveryPolicyInvalid(f"unknown property: {path + '.' if path else ''}{unknown[0]}")


def _throttle(value: Any, path: str) -> None:
    if value is None:
        return
    rate = _object(value, path).get("maxReceivesPerSecond", 1)
    if not isinstance(rate, int) or isinstance(rate, bool) or rate < 1:
        raise DeliveryPolicyInvalid(f"{path}.maxReceivesPerSecond must be greater than or equal to 1")


def _retry(value: Any, path: str) -> RetryPolicy | None:
    if value is None:
        return None
    given = {name: part for name, part in _object(value, path).items() if part is not None}
    try:
        policy = msgspec.convert(given, RetryPolicy)
    except msgspec.ValidationError as error:
        raise DeliveryPolicyInvalid(f"{path}: {error}") from None
    _check(policy, path)
    return policy


def _check(policy: RetryPolicy, path: str) -> None:
    for name, value, low, high in (
        ("minDelayTarget", policy.min_delay_target, 1, policy.max_delay_target),
        ("maxDelayTarget", policy.max_delay_target, 1, MAX_DELAY_S),
        ("numRetries", policy.num_retries, 0, MAX_RETRIES),
        ("numNoDelayRetries", policy.num_no_delay_retries, 0, policy.num_retries),
        ("numMinDelayRetries", policy.num_min_delay_retries, 0, policy.num_retries),
        ("numMaxDelayRetries", policy.num_max_delay_retries, 0, policy.num_retries),
    ):
        if not low <= value <= high:
            raise DeliveryPolicyInvalid(f"{path}.{name} must be between {low} and {high}")
    if policy.steps < 0:
        raise DeliveryPolicyInvalid(f"{path}.numRetries must be at least the sum of the retries of its phases")
    if sum(policy.pause_s(number) or 0.0 for number in range(1, policy.num_retries + 1)) > MAX_TOTAL_S:
        raise DeliveryPolicyInvalid(f"{path}: the retries take more than {MAX_TOTAL_S} seconds together")
