"""A server that dies while it publishes: each event reaches the stream and the queue of a rule once, in its order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.companions import firehose
from hatobin.companions.eventbridge import store as rules
from hatobin.companions.eventbridge.model import Rule, RuleKey, Target, TargetSettings
from hatobin.companions.firehose.model import S3Destination, Stream, StreamKey
from hatobin.companions.firehose.store import insert_stream
from hatobin.companions.sqs import store as queues
from hatobin.companions.sqs.attributes import with_defaults
from hatobin.companions.sqs.model import Queue, QueueKey
from hatobin.flow import publish
from hatobin.flow.publish import Publisher
from hatobin.ports import Session
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, Killed, World

STREAM = StreamKey(ACCOUNT, REGION, "mail")
QUEUE = QueueKey(ACCOUNT, REGION, "mail")
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
EVENTS = 20


def _prepare(session: Session) -> None:
    insert_stream(session, Stream(STREAM, "id", S3Destination("role", "arn:aws:s3:::b"), (), 0.0, 0))
    queues.insert_queue(session, Queue(QUEUE, "id", with_defaults({}), 0.0, 0.0), {})
    rule = RuleKey(ACCOUNT, REGION, "r")
    rules.put_rule(session, Rule(rule, '{"source":["aws.ses"]}', "ENABLED", None, None))
    rules.put_target(session, rule, Target("t", QUEUE.arn, TargetSettings()))
    for number in range(EVENTS):
        for arn in (STREAM.arn, BUS):
            session.execute(
                """INSERT INTO event_outbox
                    (account_id, region, destination, target_arn, message_id, payload, created_at)
                VALUES (:account, :region, 'cs/d', :arn, 'm', :payload, 0)""",
                {
                    "account": ACCOUNT,
                    "region": REGION,
                    "arn": arn,
                    "payload": json.dumps({"eventType": "Send", "number": number}),
                },
            )


def _arrived(session: Session) -> tuple[list[Any], list[Any]]:
    octets = session.execute("SELECT data FROM firehose_octets ORDER BY buffer_id")
    lines = b"".join(data for (data,) in octets).splitlines()
    bodies = session.execute("SELECT body FROM sqs_message")
    numbers = sorted(json.loads(body)["detail"]["number"] for (body,) in bodies)
    return [json.loads(line)["number"] for line in lines], numbers


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("commit", range(1, 8))
async def test_each_event_arrives_once(monkeypatch: pytest.MonkeyPatch, commit: int, after: bool) -> None:
    monkeypatch.setattr(publish, "PUBLISH_BATCH", 7)
    world = World()
    await world.database.write(_prepare)
    outbound = await world.start()
    for task in world.tasks:
        task.cancel()
    world.crash = CrashPlan(at_commit=commit, after=after)
    for _ in range(2):
        publisher = Publisher(world.ports, outbound.services)
        try:
            while await publisher.publish_batch():
                pass
        except Killed:
            world.crash = CrashPlan()
    lines, numbers = await world.database.read(_arrived)
    assert lines == numbers == list(range(EVENTS))
    assert await world.database.read(lambda session: session.execute("SELECT 1 FROM event_outbox")) == []
    assert (await world.database.read(firehose.totals)).records == EVENTS
    await world.database.close()
