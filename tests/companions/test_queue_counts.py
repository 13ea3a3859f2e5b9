"""Counts of what subscribed queues got: in memory for a second, then in the store."""

from __future__ import annotations

import asyncio

import pytest

from hatobin.companions import sns
from hatobin.companions.sns.queue_counts import WRITE_EVERY_S, Delivered
from hatobin.ports.database import DatabaseUnavailable
from tests.companions.test_publishing import subscribed_queue
from tests.companions.world import World


def counted(world: World) -> tuple[int, float | None]:
    [backlog] = world.transact(sns.backlog)
    return backlog.delivered, backlog.last_delivered_at


def subscription(world: World) -> sns.SubscriptionKey:
    subscribed_queue(world, world.topic(), world.queue(), RawMessageDelivery="true")
    [(topic, name)] = world.rows("SELECT topic_name, subscription_id FROM sns_subscription")
    [(account, region)] = world.rows("SELECT account_id, region FROM sns_subscription")
    return sns.SubscriptionKey(sns.TopicKey(account, region, topic), name)


async def test_counts_of_a_second_become_one_row(world: World) -> None:
    key = subscription(world)
    world.counts.add([Delivered(key, 2, 10.0), Delivered(key, 1, 9.0)])
    assert counted(world) == (0, None)
    await world.counts.once()
    assert counted(world) == (3, 10.0)
    world.counts.add([Delivered(key, 4, 20.0)])
    await world.counts.once()
    await world.counts.once()
    assert counted(world) == (7, 20.0)


async def test_what_could_not_be_written_is_written_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = subscription(world)
    world.counts.add([Delivered(key, 2, 10.0)])

    async def away(work: object, *, shares_memo: bool = False, turn: str = "") -> None:
        world.counts.add([Delivered(key, 1, 11.0)])
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "write", away)
        with pytest.raises(DatabaseUnavailable):
            await world.counts.once()
    await world.counts.once()
    assert counted(world) == (3, 11.0)


async def test_the_end_writes_what_is_left(world: World) -> None:
    key = subscription(world)
    running = asyncio.get_running_loop().create_task(world.counts.run())
    await world.clock.advance(WRITE_EVERY_S)
    world.counts.add([Delivered(key, 5, 10.0)])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert counted(world) == (5, 10.0)
