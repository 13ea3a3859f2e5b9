"""One published message and who gets what."""

from __future__ import annotations

import json
from typing import Any

from hatobin.companions import sns
from hatobin.gateway.models import sns as sns_models
from tests.companions.test_envelope import verify
from tests.companions.world import ACCOUNT, CERTIFICATE_URL, LINK_BASE, REGION, World


def subscribed_queue(world: World, topic: str, queue: str, **attributes: str) -> None:
    request = sns_models.SubscribeInput(topic_arn=topic, protocol="sqs", endpoint=queue, attributes=attributes or None)
    try:
        sns.api_subscriptions.subscribe(world.call(), request).send(None)
    except StopIteration:
        return
    raise AssertionError("subscribing a queue waited")


async def test_a_topic_that_is_missing_is_a_fact(world: World) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:none"
    result = world.transact(
        lambda session: sns.publish(session, arn, "m", subject=None, now=0.0, entropy=world.chance, signer=world.signer)
    )
    assert result == sns.TopicMissing(arn)


async def test_a_queue_gets_the_signed_envelope_in_the_same_transaction(world: World) -> None:
    topic, queue = world.topic(), world.queue()
    subscribed_queue(world, topic, queue)
    published = world.publish(topic, "mö", subject="S", attributes={"k": sns.MessageAttribute("String", "v")})
    [message] = world.received()
    envelope = verify(message.body)
    assert envelope["MessageId"] == published.message_id
    assert (envelope["Message"], envelope["Subject"]) == ("mö", "S")
    assert envelope["SigningCertURL"] == CERTIFICATE_URL
    assert envelope["UnsubscribeURL"].startswith(f"{LINK_BASE}/?Action=Unsubscribe&SubscriptionArn=")
    assert f"&SubscriptionArn={topic}:" in envelope["UnsubscribeURL"]
    assert envelope["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    assert message.message_attributes is None


async def test_a_raw_queue_gets_the_message_and_its_attributes(world: World) -> None:
    topic, queue = world.topic(), world.queue()
    subscribed_queue(world, topic, queue, RawMessageDelivery="true")
    world.publish(
        topic,
        "plain",
        attributes={"k": sns.MessageAttribute("Number", "7"), "b": sns.MessageAttribute("Binary", b"\x00\x01")},
    )
    [message] = world.received()
    assert message.body == "plain"
    assert message.message_attributes["k"].string_value == "7"
    assert message.message_attributes["b"].binary_value == b"\x00\x01"


async def test_a_filter_policy_decides_by_attributes_or_body(world: World) -> None:
    topic = world.topic()
    for name in ("by-attributes", "by-body"):
        world.queue(name)
    prefix = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
    subscribed_queue(world, topic, f"{prefix}:by-attributes", FilterPolicy='{"kind": ["bounce"]}')
    subscribed_queue(
        world, topic, f"{prefix}:by-body", FilterPolicy='{"eventType": ["Bounce"]}', FilterPolicyScope="MessageBody"
    )
    world.publish(topic, '{"eventType": "Send"}', attributes={"kind": sns.MessageAttribute("String", "bounce")})
    world.publish(topic, '{"eventType": "Bounce"}')
    assert [json.loads(item.body)["Message"] for item in world.received("by-attributes")] == ['{"eventType": "Send"}']
    assert [json.loads(item.body)["Message"] for item in world.received("by-body")] == ['{"eventType": "Bounce"}']


async def test_a_topic_with_signature_version_2_signs_with_sha256(world: World) -> None:
    topic, queue = world.topic("two", SignatureVersion="2"), world.queue()
    subscribed_queue(world, topic, queue)
    world.publish(topic)
    [message] = world.received()
    assert verify(message.body)["SignatureVersion"] == "2"


async def test_each_protocol_gets_its_own_text(world: World) -> None:
    topic, queue = world.topic(), world.queue()
    subscribed_queue(world, topic, queue)
    world.subscribed(topic, "http://a.test/hook")
    world.publish(topic, "for all", by_protocol={"default": "for all", "sqs": "for queues"})
    [message] = world.received()
    assert json.loads(message.body)["Message"] == "for queues"
    assert world.rows("SELECT message FROM sns_delivery") == [("for all",)]


async def test_a_missing_queue_sends_the_message_to_the_dead_letter_queue(world: World) -> None:
    topic = world.topic()
    world.queue("dead")
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    redrive = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
    subscribed_queue(world, topic, gone, RedrivePolicy=redrive)
    world.publish(topic, "lost?")
    [message] = world.received("dead")
    assert verify(message.body)["Message"] == "lost?"


async def test_a_missing_queue_without_dead_letter_queue_leaves_a_dead_row(world: World) -> None:
    topic = world.topic()
    subscribed_queue(world, topic, f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone")
    world.publish(topic, "lost")
    [backlog] = world.transact(sns.backlog)
    assert (backlog.dead, backlog.dead_lettered, backlog.delivered) == (1, 1, 0)
    assert "does not exist" in (backlog.last_error or "")


async def test_pending_and_removed_subscriptions_get_nothing(world: World) -> None:
    topic = world.topic()
    arn = world.subscribed(topic, "http://a.test/hook")
    world.rows("UPDATE sns_subscription SET state = 0")
    assert world.publish(topic).posts == 0
    world.rows("UPDATE sns_subscription SET state = 2")
    assert world.publish(topic).posts == 0
    world.rows("UPDATE sns_subscription SET state = 1")
    assert world.publish(topic).posts == 1
    assert arn.startswith(topic)


async def test_a_transaction_that_fails_publishes_nothing(world: World) -> None:
    topic, queue = world.topic(), world.queue()
    subscribed_queue(world, topic, queue)

    def work(session: Any) -> None:
        sns.publish(session, topic, "m", subject=None, now=0.0, entropy=world.chance, signer=world.signer)
        raise LookupError("later trouble")

    try:
        world.transact(work)
    except LookupError:
        pass
    assert world.received() == []
