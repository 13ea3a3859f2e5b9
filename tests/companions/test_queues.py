"""Queues where time matters, or where another room delivers: what the API tests cannot show."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json

import pytest

from hatobin.companions import sqs
from hatobin.companions.sqs import store, upkeep_store
from hatobin.companions.sqs.api_messages import LONG_POLL_LOOK_S, receive_message
from hatobin.companions.sqs.digests import attributes_md5
from hatobin.companions.sqs.model import Receipt
from hatobin.gateway.models import sqs as sqs_models
from hatobin.ports import Session
from tests.companions.world import ACCOUNT, NOON, REGION, World, refused
from tests.stores import sqlite_only

URL = f"http://any/{ACCOUNT}/mail"


def deliver(world: World, body: str = "hello", arn: str = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail") -> bool:
    return world.transact(lambda session: sqs.deliver(session, arn, body, {}, world.clock.now(), entropy=world.chance))


def poll(world: World, wait_s: int | None = None) -> asyncio.Task[list[str]]:
    async def receive() -> list[str]:
        answer = await receive_message(
            world.call(), sqs_models.ReceiveMessageRequest(queue_url=URL, wait_time_seconds=wait_s)
        )
        return [message.body or "" for message in answer.messages or []]

    return asyncio.ensure_future(receive())


async def test_another_room_delivers_in_its_transaction(world: World) -> None:
    world.queue()
    assert deliver(world)
    [message] = world.received()
    assert message.body == "hello"
    assert message.attributes["SentTimestamp"] == str(int(NOON * 1000))
    assert not deliver(world, arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:none")
    assert not deliver(world, arn="not an arn")


async def test_messages_of_one_moment_are_received_in_the_order_in_which_they_were_sent(world: World) -> None:
    world.queue()
    bodies = [str(number) for number in range(40)]

    def together(session: Session) -> None:
        intake = sqs.Intake(session, world.chance, world.clock.now())
        for body in bodies[:30]:
            intake.take(f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail", body, {})
        intake.finish()

    world.transact(together)
    for body in bodies[30:]:
        deliver(world, body)
    # A new version of a row lies behind the others.
    world.transact(
        lambda session: session.execute("UPDATE sqs_message SET expires_at = expires_at + 1 WHERE body = '0'")
    )
    assert [message.body for _ in range(4) for message in world.received()] == bodies


async def test_a_message_that_is_too_big_is_not_delivered(world: World) -> None:
    world.queue(MaximumMessageSize="1024")
    assert deliver(world, "x" * 1024)
    assert not deliver(world, "x" * 1025)


async def test_a_long_poll_ends_empty_after_its_time(world: World) -> None:
    world.queue()
    task = poll(world, 20)
    await world.clock.advance(19.9)
    assert not task.done()
    await world.clock.advance(0.2)
    assert await task == []


async def test_the_queue_says_how_long_to_poll_where_the_caller_does_not(world: World) -> None:
    world.queue(ReceiveMessageWaitTimeSeconds="5")
    patient, hasty = poll(world), poll(world, 0)
    await world.clock.advance(4.9)
    assert hasty.done()
    assert not patient.done()
    await world.clock.advance(0.2)
    assert await patient == []


async def test_a_long_poll_is_woken_by_this_process(world: World) -> None:
    world.queue()
    task = poll(world, 20)
    await world.clock.advance(0)
    deliver(world)
    world.waiters.notify(sqs.QueueKey(ACCOUNT, REGION, "mail"))
    await world.clock.advance(0)
    assert await task == ["hello"]


async def test_a_long_poll_sees_what_another_process_sent(world: World) -> None:
    world.queue()
    task = poll(world, 20)
    await world.clock.advance(3)
    deliver(world)
    await world.clock.advance(LONG_POLL_LOOK_S)
    assert await task == ["hello"]


async def test_of_two_polls_one_gets_the_message(world: World) -> None:
    world.queue()
    tasks = [poll(world, 2), poll(world, 2)]
    await world.clock.advance(0)
    deliver(world)
    world.waiters.notify(sqs.QueueKey(ACCOUNT, REGION, "mail"))
    await world.clock.advance(3)
    assert sorted([await task for task in tasks]) == [[], ["hello"]]


async def test_a_poll_that_is_given_up_leaves_nothing_behind(world: World) -> None:
    world.queue()
    task = poll(world, 20)
    await world.clock.advance(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert world.waiters._waiting == {}


async def test_a_received_message_comes_back_after_its_visibility_timeout(world: World) -> None:
    world.queue(VisibilityTimeout="30")
    deliver(world)
    [first] = world.received()
    assert world.received() == []
    await world.clock.advance(29.9)
    assert world.received() == []
    await world.clock.advance(0.2)
    [second] = world.received()
    assert second.message_id == first.message_id
    assert second.receipt_handle != first.receipt_handle
    assert second.attributes["ApproximateReceiveCount"] == "2"
    assert second.attributes["ApproximateFirstReceiveTimestamp"] == str(int(NOON * 1000))


async def test_an_older_receipt_does_not_delete(world: World) -> None:
    world.queue(VisibilityTimeout="1")
    deliver(world)
    [first] = world.received()
    await world.clock.advance(2)
    [second] = world.received()
    for message, left in ((first, 1), (second, 0)):
        await sqs.api_messages.delete_message(
            world.call(),
            sqs_models.DeleteMessageRequest(queue_url=URL, receipt_handle=message.receipt_handle),
        )
        assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(left,)]


async def test_a_delayed_message_is_not_visible_yet(world: World) -> None:
    world.queue(DelaySeconds="10")
    deliver(world)
    assert world.received() == []
    await world.clock.advance(10)
    assert len(world.received()) == 1


async def test_after_too_many_receipts_a_message_moves_to_the_dead_letter_queue(world: World) -> None:
    dead = world.queue("dead")
    source = world.queue(
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "2"}), VisibilityTimeout="0"
    )
    deliver(world, "poison")
    for count in ("1", "2"):
        [message] = world.received()
        assert message.attributes["ApproximateReceiveCount"] == count
    assert world.received() == []
    [message] = world.received("dead")
    assert message.body == "poison"
    assert message.attributes["DeadLetterQueueSourceArn"] == source
    assert message.attributes["ApproximateReceiveCount"] == "3"


async def test_without_its_dead_letter_queue_a_message_stays(world: World) -> None:
    dead = world.queue("dead")
    world.queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1}), VisibilityTimeout="0")
    world.rows("DELETE FROM sqs_queue WHERE queue_name = 'dead'")
    deliver(world)
    assert [len(world.received()) for _ in range(3)] == [1, 1, 1]


async def test_what_is_past_its_retention_is_not_received(world: World) -> None:
    world.queue(MessageRetentionPeriod="60")
    for number in range(25):
        deliver(world, str(number))
    await world.clock.advance(30)
    deliver(world, "younger")
    await world.clock.advance(31)
    assert [message.body for message in world.received()] == ["younger"]


async def test_upkeep_removes_what_is_past_its_retention(world: World) -> None:
    world.queue(MessageRetentionPeriod="60")
    for number in range(upkeep_store.UPKEEP_ROWS + 20):
        deliver(world, str(number))
    task = asyncio.ensure_future(sqs.QueueUpkeep(world.ports).run())
    await world.clock.advance(59)
    assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(upkeep_store.UPKEEP_ROWS + 20,)]
    await world.clock.advance(40)
    assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(0,)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_upkeep_looks_at_every_queue(world: World) -> None:
    for number in range(upkeep_store.UPKEEP_QUEUES + 3):
        world.queue(f"mail-{number}", MessageRetentionPeriod="60")
        deliver(world, arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail-{number}")
    await world.clock.advance(61)
    await sqs.QueueUpkeep(world.ports).once()
    assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(0,)]


async def test_where_retention_was_shortened_a_receive_drops_what_is_over(world: World) -> None:
    world.queue(MessageRetentionPeriod="3600")
    for number in range(upkeep_store.LOOKED_AT):
        deliver(world, f"long {number}")
    request = sqs_models.SetQueueAttributesRequest(queue_url=URL, attributes={"MessageRetentionPeriod": "60"})
    await sqs.api_queues.set_queue_attributes(world.call(), request)
    deliver(world, "short")
    await world.clock.advance(61)
    received = [message.body for _ in range(3) for message in world.received()]
    assert received == [f"long {number}" for number in range(upkeep_store.LOOKED_AT)]


async def test_a_purge_is_one_row_and_upkeep_does_the_rest(world: World) -> None:
    world.queue()
    deliver(world, "old")
    [old] = world.received(visibility_timeout=0)
    await sqs.api_queues.purge_queue(world.call(), sqs_models.PurgeQueueRequest(queue_url=URL))
    deliver(world, "new")
    assert [message.body for message in world.received(visibility_timeout=0)] == ["new"]
    assert world.rows("SELECT COUNT(*) FROM sqs_message") == [(2,)]
    await sqs.api_messages.delete_message(
        world.call(), sqs_models.DeleteMessageRequest(queue_url=URL, receipt_handle=old.receipt_handle)
    )
    await sqs.QueueUpkeep(world.ports).once()
    assert world.rows("SELECT body FROM sqs_message") == [("new",)]
    assert world.rows("SELECT * FROM sqs_retired") == []


async def test_a_queue_made_anew_is_empty(world: World) -> None:
    world.queue()
    deliver(world)
    await sqs.api_queues.delete_queue(world.call(), sqs_models.DeleteQueueRequest(queue_url=URL))
    world.queue()
    assert world.received() == []


async def test_two_servers_never_hand_out_the_same_receipt(world: World) -> None:
    world.queue()
    deliver(world)
    key = sqs.QueueKey(ACCOUNT, REGION, "mail")
    queue = world.transact(lambda session: store.find_queue(session, key))
    assert queue is not None
    [row] = world.rows(f"SELECT {store._RECEIVED} FROM sqs_message")
    found = store._Found._make(row)

    def take(session: Session) -> bool:
        return store._take(session, queue, found, visible_at=NOON + 30, now=NOON)

    assert world.transact(take)
    assert not world.transact(take)


@sqlite_only
async def test_receiving_reads_an_index(world: World) -> None:
    plan = world.rows(
        "EXPLAIN QUERY PLAN SELECT message_id FROM sqs_message"
        " WHERE account_id = 'a' AND region = 'r' AND queue_id = 'q' AND visible_at <= 1"
        " ORDER BY visible_at, id LIMIT 10"
    )
    text = " ".join(str(row[3]) for row in plan)
    assert "sqs_message_visible" in text
    assert "SCAN" not in text
    assert "TEMP B-TREE" not in text


HUGE, NONE = (base64.b64encode(f"q 1 {count}".encode()).decode() for count in (2**63, 0))


@pytest.mark.parametrize("handle", ["", "x", "AAAA", "YSBi", "YSBiIHg=", "cSB4IDE=", HUGE, NONE])
async def test_a_handle_that_is_none_of_ours_is_refused(world: World, handle: str) -> None:
    world.queue()
    request = sqs_models.DeleteMessageRequest(queue_url=URL, receipt_handle=handle)
    assert (await refused(sqs.api_messages.delete_message(world.call(), request))).code == "ReceiptHandleIsInvalid"


def test_a_receipt_handle_is_read_as_it_was_written() -> None:
    receipt = Receipt("queue", 7, 3)
    assert Receipt.parse(receipt.handle) == receipt


def test_the_attribute_digest_is_that_of_the_guide() -> None:
    # Worked by hand from the guide's rules: sorted names, four-byte lengths, one byte of transport type.
    attributes = {
        "b": sqs.MessageAttribute("Binary", binary_value=b"\x01\x02"),
        "a": sqs.MessageAttribute("String", string_value="v"),
    }
    spelled = (
        b"\x00\x00\x00\x01a\x00\x00\x00\x06String\x01\x00\x00\x00\x01v"
        b"\x00\x00\x00\x01b\x00\x00\x00\x06Binary\x02\x00\x00\x00\x02\x01\x02"
    )
    assert attributes_md5(attributes) == hashlib.md5(spelled).hexdigest()
