"""Topics with nothing but queues behind them: their messages are in the queues with the transaction itself."""

from __future__ import annotations

import pytest

from hatobin.companions import sns, sqs
from hatobin.ports import Session
from tests.companions.test_publishing import subscribed_queue
from tests.companions.world import ACCOUNT, REGION, World


def at_once(world: World, topic: str, *messages: str) -> tuple[list[int], set[str]]:
    """Publish messages, and give the places of those that were left, and the queues that got any."""

    def work(session: Session) -> tuple[list[int], set[str]]:
        queues = sns.QueuesAtOnce(session, world.chance, world.clock.now())
        left = list(queues.publish(topic, messages))
        done = queues.finish()
        world.counts.add(done.delivered)
        return left, {key.name for key in done.queues}

    return world.transact(work)


async def test_every_queue_gets_the_bare_message(world: World) -> None:
    topic = world.topic()
    for name in ("one", "two"):
        subscribed_queue(world, topic, world.queue(name), RawMessageDelivery="true")
    assert at_once(world, topic, "first", "second") == ([], {"one", "two"})
    for name in ("one", "two"):
        assert [message.body for message in world.received(name)] == ["first", "second"]


async def test_what_was_delivered_is_counted(world: World) -> None:
    topic = world.topic()
    subscribed_queue(world, topic, world.queue(), RawMessageDelivery="true")
    at_once(world, topic, "a", "b")
    await world.clock.advance(5)
    at_once(world, topic, "c")
    world.publish(topic, "d")
    await world.counts.once()
    [backlog] = world.transact(sns.backlog)
    assert (backlog.delivered, backlog.last_delivered_at) == (4, world.clock.now())


async def test_a_filter_policy_keeps_a_message_from_its_queue(world: World) -> None:
    topic = world.topic()
    policy = {"FilterPolicy": '{"kind":["Bounce"]}', "FilterPolicyScope": "MessageBody"}
    subscribed_queue(world, topic, world.queue("some"), RawMessageDelivery="true", **policy)
    subscribed_queue(world, topic, world.queue("all"), RawMessageDelivery="true")
    assert at_once(world, topic, '{"kind":"Send"}', '{"kind":"Bounce"}')[0] == []
    assert [message.body for message in world.received("some")] == ['{"kind":"Bounce"}']
    assert len(world.received("all")) == 2


async def test_the_usual_way_is_left_to_whatever_needs_more_than_a_row(world: World) -> None:
    enveloped, posted = world.topic("enveloped"), world.topic("posted")
    gone, nobodys, absent = world.topic("gone"), world.topic("nobodys"), f"arn:aws:sns:{REGION}:{ACCOUNT}:absent"
    raw = {"RawMessageDelivery": "true"}
    for topic in (enveloped, posted, gone):
        subscribed_queue(world, topic, world.queue(f"of-{topic.rpartition(':')[2]}"), **raw)
    subscribed_queue(world, enveloped, world.queue("signed"))
    world.subscribed(posted, "http://subscriber.test/")
    world.transact(
        lambda session: session.execute("DELETE FROM sqs_queue WHERE queue_name = :name", {"name": "of-gone"})
    )
    for topic in (enveloped, posted, gone, nobodys, absent, "webhook:mine", "cloudwatch:"):
        assert at_once(world, topic, "m") == ([0], set())
    assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(0,)]


async def test_a_message_that_one_queue_does_not_take_goes_nowhere_at_once(world: World) -> None:
    topic = world.topic()
    subscribed_queue(world, topic, world.queue("wide"), RawMessageDelivery="true")
    subscribed_queue(world, topic, world.queue("narrow", MaximumMessageSize="1024"), RawMessageDelivery="true")
    assert at_once(world, topic, "x" * 1024, "x" * 1025)[0] == [1]
    assert len(world.received("wide")) == 1


async def test_nothing_is_in_a_queue_when_the_transaction_fails(world: World) -> None:
    topic = world.topic()
    subscribed_queue(world, topic, world.queue(), RawMessageDelivery="true")

    def work(session: Session) -> None:
        queues = sns.QueuesAtOnce(session, world.chance, world.clock.now())
        assert not queues.publish(topic, ["m"])
        queues.finish()
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await world.database.write(work)
    assert world.received() == []


async def test_a_queue_elsewhere_gets_a_call(world: World) -> None:
    topic = world.topic()
    subscribed_queue(world, topic, world.queue(), RawMessageDelivery="true")
    world.transact(
        lambda session: session.execute("INSERT INTO outward_place (kind, name, detail) VALUES ('service', 'sqs', '')")
    )
    assert at_once(world, topic, "m") == ([0], set())


async def test_deposited_messages_sort_by_their_time(world: World) -> None:
    world.queue()

    def work(session: Session) -> None:
        queue = sqs.queue_here(session, f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail")
        assert queue is not None
        for second in range(3):
            sqs.deposit(session, queue, ["m"], entropy=world.chance, now=world.clock.now() + second)

    world.transact(work)
    identifiers = [row[0] for row in world.rows("SELECT message_id FROM sqs_message ORDER BY id")]
    assert identifiers == sorted(identifiers)
    assert all(identifier[14] == "7" for identifier in identifiers)
