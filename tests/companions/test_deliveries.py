"""The delivery worker: what is posted, when it is tried again, what waits, and what becomes of failures."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from hatobin.companions import sns
from hatobin.companions.sns import outbox, store
from hatobin.companions.sns.deliveries import (
    CONCURRENT_POSTS_PER_SUBSCRIPTION,
    LEASE_S,
    LEASED_WHILE_FAILING,
)
from hatobin.companions.sns.model import DEAD_RETENTION_S, RETRY_FOR_S
from hatobin.gateway.models import sns as sns_models
from hatobin.ports import Session
from hatobin.ports.database import DatabaseUnavailable
from tests.companions.test_envelope import verify
from tests.companions.world import ACCOUNT, NOON, REGION, World, unreachable

HOOK, OTHER_HOOK = "http://a.test/hook", "https://b.test/hook"


def status(world: World) -> sns.Backlog:
    [found] = world.transact(sns.backlog)
    return found


async def test_a_notification_is_posted_signed_and_with_its_headers(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    arn = world.subscribed(topic, HOOK)
    published = world.publish(topic, "hello", subject="Subject")
    await world.clock.advance(0.01)
    [post] = world.endpoints.posts
    message = verify(post.body)
    assert message["MessageId"] == published.message_id
    assert message["Timestamp"] == "2026-01-01T12:00:00.000Z"
    assert post.url == HOOK
    assert post.headers == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": published.message_id,
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    assert (status(world).delivered, status(world).due, status(world).dead) == (1, 0, 0)


async def test_raw_delivery_posts_the_message_alone(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK, RawMessageDelivery="true")
    world.publish(topic, '{"eventType":"Send"}')
    await world.clock.advance(0.01)
    [post] = world.endpoints.posts
    assert post.body == '{"eventType":"Send"}'
    assert post.headers["x-amz-sns-rawdelivery"] == "true"


async def test_credentials_of_a_url_become_a_header(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, "https://user:p%40ss@a.test/hook?x=1")
    world.publish(topic)
    await world.clock.advance(0.01)
    [post] = world.endpoints.posts
    assert post.url == "https://a.test/hook?x=1"
    assert post.headers["Authorization"] == "Basic dXNlcjpwQHNz"


async def test_a_failed_delivery_is_repeated_with_the_same_message(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK)
    world.endpoints.answers[HOOK] = [500, unreachable(), 302, 404, 200]
    world.publish(topic, "again")
    await world.clock.advance(30)
    assert [round(post.at - NOON) for post in world.endpoints.posts] == [0, 0, 1, 3, 8]
    assert len({post.body for post in world.endpoints.posts}) == 1
    assert len({post.headers["x-amz-sns-message-id"] for post in world.endpoints.posts}) == 1
    assert status(world).delivered == 1


async def test_an_endpoint_that_stays_down_makes_a_dead_row_after_six_hours(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK)
    world.endpoints.default = 503
    world.publish(topic)
    await world.clock.advance(RETRY_FOR_S - 120)
    assert (status(world).due, status(world).dead) == (1, 0)
    await world.clock.advance(180)
    assert (status(world).due, status(world).dead, status(world).dead_lettered) == (0, 1, 1)
    assert status(world).last_error == "HTTP status 503"
    times = [post.at - NOON for post in world.endpoints.posts]
    assert [round(later - earlier) for earlier, later in pairwise(times)][:8] == [
        0, 1, 2, 5, 10, 20, 60, 60,
    ]  # fmt: skip
    assert times[-1] <= RETRY_FOR_S
    world.rows(f"UPDATE sns_delivery SET ended_at = {world.clock.now() - DEAD_RETENTION_S}")
    await world.clock.advance(120)
    assert status(world).dead == 0


async def test_a_dead_delivery_goes_to_the_dead_letter_queue(delivering: World) -> None:
    world = delivering
    topic, queue = world.topic(), world.queue("dead")
    world.subscribed(topic, HOOK, RedrivePolicy=json.dumps({"deadLetterTargetArn": queue}))
    world.endpoints.default = unreachable("connection refused")
    published = world.publish(topic, "important")
    await world.clock.advance(RETRY_FOR_S + 60)
    [message] = world.received("dead")
    assert verify(message.body)["MessageId"] == published.message_id
    assert (status(world).due, status(world).dead, status(world).dead_lettered) == (0, 0, 1)


async def test_a_later_event_waits_for_the_earlier_one_with_its_key(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK, RawMessageDelivery="true")
    world.endpoints.answers[HOOK] = [500, 500, 500]
    world.publish(topic, "send", order_key="m1")
    world.publish(topic, "delivery", order_key="m1")
    world.publish(topic, "open", order_key="m1")
    await world.clock.advance(2.9)
    assert {post.body for post in world.endpoints.posts} == {"send"}
    assert (status(world).due, status(world).waiting) == (1, 2)
    world.publish(topic, "other", order_key="m2")
    await world.clock.advance(10)
    arrived = [post.body for post in world.endpoints.posts][-4:]
    assert arrived == ["other", "send", "delivery", "open"]
    assert (status(world).due, status(world).waiting) == (0, 0)


async def test_a_dead_event_lets_the_next_one_go(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK, RawMessageDelivery="true")
    world.endpoints.default = 500
    world.publish(topic, "send", order_key="m1")
    world.publish(topic, "delivery", order_key="m1")
    await world.clock.advance(RETRY_FOR_S + 60)
    assert (status(world).due, status(world).waiting, status(world).dead) == (1, 0, 1)
    world.endpoints.default = 200
    await world.clock.advance(61)
    assert world.endpoints.posts[-1].body == "delivery"
    assert (status(world).due, status(world).delivered) == (0, 1)


async def test_a_waiting_event_waits_for_each_endpoint_by_itself(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK, RawMessageDelivery="true")
    world.subscribed(topic, OTHER_HOOK, RawMessageDelivery="true")
    world.endpoints.answers[HOOK] = [500] * 20
    world.publish(topic, "send", order_key="m1")
    world.publish(topic, "delivery", order_key="m1")
    await world.clock.advance(1)
    assert [post.body for post in world.endpoints.posts if post.url == OTHER_HOOK] == ["send", "delivery"]


async def test_posts_to_one_endpoint_are_bounded(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK)
    world.endpoints.gate = asyncio.Event()
    for number in range(100):
        world.publish(topic, str(number))
    await world.clock.advance(1)
    assert world.endpoints.open_now == CONCURRENT_POSTS_PER_SUBSCRIPTION
    world.endpoints.gate.set()
    await world.clock.advance(1)
    assert world.endpoints.most_open == CONCURRENT_POSTS_PER_SUBSCRIPTION
    assert status(world).delivered == 100


async def test_an_endpoint_that_fails_leaves_room_for_the_others(delivering: World) -> None:
    world = delivering
    topic, other = world.topic(), world.topic("other")
    world.subscribed(topic, HOOK)
    world.subscribed(other, OTHER_HOOK)
    world.endpoints.answers[HOOK] = [500] * 10_000
    for number in range(200):
        world.publish(topic, str(number))
    await world.clock.advance(2)
    # The failing endpoint is held by a small window; its hundreds of due rows are not all in memory.
    held = world.rows("SELECT COUNT(*) FROM sns_delivery WHERE lease_owner IS NOT NULL")[0][0]
    assert held <= LEASED_WHILE_FAILING
    world.publish(other, "mine")
    await world.clock.advance(0.3)
    assert [json.loads(post.body)["Message"] for post in world.endpoints.posts if post.url == OTHER_HOOK] == ["mine"]


async def test_two_workers_share_the_rows(world: World) -> None:
    topic = world.topic()
    world.subscribed(topic, HOOK)
    second = world.another_worker()
    tasks = [asyncio.ensure_future(worker.run()) for worker in (world.deliveries, second)]
    for number in range(60):
        world.publish(topic, str(number))
    second.notify()
    await world.clock.advance(1)
    assert len(world.endpoints.posts) == 60
    assert len({post.headers["x-amz-sns-message-id"] for post in world.endpoints.posts}) == 60
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_rows_of_a_worker_that_died_come_back_with_the_end_of_the_lease(delivering: World) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK)
    await world.clock.advance(0.1)
    world.rows("UPDATE sns_subscription SET state = 1")
    published = world.publish(topic)
    world.rows(f"UPDATE sns_delivery SET lease_owner = 'dead', due_at = {world.clock.now() + LEASE_S}")
    await world.clock.advance(LEASE_S - 1)
    assert world.endpoints.posts == []
    await world.clock.advance(2)
    assert [post.headers["x-amz-sns-message-id"] for post in world.endpoints.posts] == [published.message_id]


async def test_a_worker_that_stops_gives_its_rows_back(world: World) -> None:
    topic = world.topic()
    world.subscribed(topic, HOOK)
    world.endpoints.gate = asyncio.Event()
    task = asyncio.ensure_future(world.deliveries.run())
    world.publish(topic)
    await world.clock.advance(0.1)
    assert world.endpoints.open_now == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [(owner, due_at, attempts)] = world.rows("SELECT lease_owner, due_at, attempts FROM sns_delivery")
    assert (owner, attempts) == (None, 0)
    assert due_at <= world.clock.now()


async def test_a_store_that_is_away_for_a_moment_loses_nothing(
    delivering: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = delivering
    topic = world.topic()
    world.subscribed(topic, HOOK)
    world.endpoints.gate = asyncio.Event()
    world.publish(topic)
    await world.clock.advance(0.1)
    real_write = world.database.write

    async def away(work: object, **options: object) -> None:
        raise DatabaseUnavailable("disk full")

    monkeypatch.setattr(world.database, "write", away)
    world.endpoints.gate.set()
    await world.clock.advance(2)
    monkeypatch.setattr(world.database, "write", real_write)
    await world.clock.advance(3)
    assert len(world.endpoints.posts) == 1
    assert status(world).delivered == 1


async def test_two_holders_of_one_row_call_the_next_only_once(world: World) -> None:
    topic = world.topic()
    arn = world.subscribed(topic, HOOK)
    for text in ("first", "second", "third"):
        world.publish(topic, text, order_key="k")
    key = sns.SubscriptionKey.from_arn(arn)
    assert key is not None
    subscription = world.transact(lambda session: store.find_subscription(session, key))
    assert subscription is not None

    def held(owner: str, now: float) -> outbox.Leased:
        [leased] = world.transact(
            lambda session: outbox.lease(session, subscription, owner=owner, limit=9, until=now + LEASE_S, now=now)
        )
        return leased

    slow, quick = held("slow", NOON), held("quick", NOON + LEASE_S + 1)
    assert slow.draft.message == quick.draft.message == "first"
    for delivery in (slow, quick):
        world.transact(lambda session, delivery=delivery: outbox.settle_delivered(session, delivery, now=NOON))  # type: ignore[misc]
    assert world.rows("SELECT message, state FROM sns_delivery ORDER BY sequence") == [("second", 0), ("third", 1)]


async def test_an_unsubscribed_endpoint_gets_no_more_notifications(world: World) -> None:
    topic = world.topic()
    arn = world.subscribed(topic, HOOK)
    world.publish(topic)
    request = sns_models.UnsubscribeInput(subscription_arn=arn)
    await sns.api_subscriptions.unsubscribe(world.call("Unsubscribe"), request)
    task = asyncio.ensure_future(world.deliveries.run())
    await world.clock.advance(1)
    assert [post.headers["x-amz-sns-message-type"] for post in world.endpoints.posts] == ["UnsubscribeConfirmation"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_backlog_shows_what_waits(world: World) -> None:
    topic = world.topic()
    arn = world.subscribed(topic, HOOK)
    world.publish(topic, order_key="k")
    world.publish(topic, order_key="k")
    found = status(world)
    assert (found.subscription_arn, found.endpoint) == (arn, HOOK)
    assert (found.due, found.waiting, found.dead) == (1, 1, 0)
    assert found.oldest_published_at == NOON

    def other(session: Session) -> tuple[sns.Backlog, ...]:
        return sns.backlog(session, account_id="999999999999", region=REGION)

    assert world.transact(other) == ()
    assert ACCOUNT in arn
