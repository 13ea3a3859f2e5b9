"""Delivery policies over HTTP: what they may say, which one holds, and that posts are repeated as they say."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from hatobin.companions import sns
from hatobin.companions.sns.delivery_policy import (
    DeliveryPolicyInvalid,
    RetryPolicy,
    effective,
    subscription_policy,
    topic_policy,
)
from hatobin.gateway.models.sns import GetSubscriptionAttributesInput, SetSubscriptionAttributesInput
from tests.companions.world import World, refused

HOOK = "https://a.test/hook"


def policy(**members: Any) -> str:
    return json.dumps({"healthyRetryPolicy": members})


def pauses(retry: RetryPolicy) -> list[float]:
    found = [retry.pause_s(number) for number in range(1, retry.num_retries + 2)]
    assert found.pop() is None
    return [round(one, 1) for one in found if one is not None]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, [20, 20, 20]),
        ({"numRetries": 0}, []),
        (
            {
                "minDelayTarget": 10,
                "maxDelayTarget": 50,
                "numRetries": 10,
                "numNoDelayRetries": 2,
                "numMinDelayRetries": 1,
                "numMaxDelayRetries": 2,
            },
            [0, 0, 10, 10, 20, 30, 40, 50, 50, 50],
        ),
        (
            {"minDelayTarget": 1, "maxDelayTarget": 16, "numRetries": 5, "backoffFunction": "geometric"},
            [1, 2, 4, 8, 16],
        ),
        (
            {"minDelayTarget": 1, "maxDelayTarget": 16, "numRetries": 5, "backoffFunction": "exponential"},
            [1, 2, 4, 8, 16],
        ),
        (
            {"minDelayTarget": 10, "maxDelayTarget": 40, "numRetries": 4, "backoffFunction": "arithmetic"},
            [10, 15, 25, 40],
        ),
        ({"minDelayTarget": 5, "maxDelayTarget": 9, "numRetries": 1}, [5]),
    ],
)
def test_the_four_phases_follow_each_other(members: dict[str, Any], expected: list[float]) -> None:
    found = subscription_policy(policy(**members))
    assert found is not None
    assert pauses(found) == expected


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"minDelayTarget": 0}, "minDelayTarget"),
        ({"minDelayTarget": 30}, "minDelayTarget"),
        ({"maxDelayTarget": 3601}, "maxDelayTarget"),
        ({"numRetries": 101}, "numRetries"),
        ({"numRetries": -1}, "numRetries"),
        ({"numRetries": 1.5}, "numRetries"),
        ({"numNoDelayRetries": 4}, "numNoDelayRetries"),
        ({"numNoDelayRetries": 2, "numMaxDelayRetries": 2}, "numRetries"),
        ({"backoffFunction": "cubic"}, "backoffFunction"),
        ({"numRetry": 1}, "numRetry"),
        ({"maxDelayTarget": 3600, "numRetries": 5, "numMaxDelayRetries": 5}, "3600 seconds"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(members: dict[str, Any], name: str) -> None:
    with pytest.raises(DeliveryPolicyInvalid, match=name):
        subscription_policy(policy(**members))


@pytest.mark.parametrize(
    "text",
    ["[]", "no", '{"unknown":{}}', '{"healthyRetryPolicy":[]}', '{"throttlePolicy":{"maxReceivesPerSecond":0}}'],
)
def test_a_document_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DeliveryPolicyInvalid):
        subscription_policy(text)


@pytest.mark.parametrize("text", ['{"http":[]}', '{"http":{"disableSubscriptionOverrides":1}}', '{"http":{"x":1}}'])
def test_a_topics_document_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DeliveryPolicyInvalid):
        topic_policy(text)


def test_a_subscriptions_policy_goes_before_its_topics_unless_that_forbids_it() -> None:
    own = {"DeliveryPolicy": policy(numRetries=1)}
    of_topic = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 2}}}
    closed = {"http": {**of_topic["http"], "disableSubscriptionOverrides": True}}

    def retries(subscription: dict[str, str], topic: dict[str, Any] | None) -> int | None:
        found = effective(subscription, {} if topic is None else {"DeliveryPolicy": json.dumps(topic)})
        return None if found is None else found.num_retries

    assert (retries({}, None), retries(own, None), retries({}, of_topic)) == (None, 1, 2)
    assert (retries(own, of_topic), retries(own, closed)) == (1, 2)


async def test_posts_are_repeated_as_the_subscription_wants(delivering: World) -> None:
    world = delivering
    topic, queue = world.topic(), world.queue("dead")
    retry = policy(minDelayTarget=5, maxDelayTarget=15, numRetries=4, numNoDelayRetries=1)
    redrive = json.dumps({"deadLetterTargetArn": queue})
    world.subscribed(topic, HOOK, DeliveryPolicy=retry, RedrivePolicy=redrive)
    world.endpoints.default = 500
    world.publish(topic, "m")
    await world.clock.advance(120)
    times = [post.at for post in world.endpoints.posts]
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [0, 5, 10, 15]
    assert len(world.received("dead")) == 1


async def test_posts_are_repeated_as_the_topic_wants(delivering: World) -> None:
    world = delivering
    document = {"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 2, "maxDelayTarget": 2, "numRetries": 2}}}
    topic = world.topic(DeliveryPolicy=json.dumps(document))
    world.subscribed(topic, HOOK)
    world.endpoints.default = 500
    world.publish(topic, "m")
    await world.clock.advance(60)
    assert len(world.endpoints.posts) == 3


async def test_the_policy_that_holds_is_shown_whole_and_a_wrong_one_refused(delivering: World) -> None:
    world = delivering
    arn = world.subscribed(world.topic(), HOOK, DeliveryPolicy=policy(numRetries=7))
    given = await sns.api_subscriptions.get_subscription_attributes(
        world.call(), GetSubscriptionAttributesInput(subscription_arn=arn)
    )
    assert given.attributes is not None
    shown = json.loads(given.attributes["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]
    assert (shown["numRetries"], shown["minDelayTarget"], shown["backoffFunction"]) == (7, 20, "linear")
    error = await refused(
        sns.api_subscriptions.set_subscription_attributes(
            world.call(),
            SetSubscriptionAttributesInput(
                subscription_arn=arn, attribute_name="DeliveryPolicy", attribute_value=policy(numRetries=-1)
            ),
        )
    )
    assert error.code == "InvalidParameter"
    assert "numRetries" in str(error.message)


async def test_a_subscriber_that_was_down_for_an_hour_gets_all_in_order(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK, RawMessageDelivery="true")
    world.endpoints.default = 503
    for number in range(12):
        world.publish(topic, f"{number % 3} {number // 3}", order_key=f"m{number % 3}")
    await world.clock.advance(3600)
    world.endpoints.posts.clear()
    world.endpoints.default = 200
    await world.clock.advance(3600)
    bodies = [post.body for post in world.endpoints.posts]
    assert len(bodies) == len(set(bodies)) == 12
    for message in "012":
        assert [body[2:] for body in bodies if body[0] == message] == ["0", "1", "2", "3"]
