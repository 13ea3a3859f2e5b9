"""Storing event destinations: the same rules behind both generations of the API."""

from __future__ import annotations

from enum import Enum

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.destinations import (
    MAX_EVENT_DESTINATIONS,
    EventDestination,
    FirehoseTarget,
)
from hatobin.companions import firehose, sns
from hatobin.gateway import Call
from hatobin.ports import Session

VALIDATION_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."


class NotStored(Enum):
    """Why a destination was not stored."""

    NO_SET = "no set"
    NAME_TAKEN = "name taken"
    TOO_MANY = "too many"
    NO_TOPIC = "no topic"
    NO_STREAM = "no stream"
    NO_DESTINATION = "no destination"


async def add_destination(call: Call, set_name: str, destination: EventDestination) -> NotStored | None:
    """Put a destination on a set; None when it was done.

    A topic must be the caller's own and of the same region, and a delivery stream be
    there. A topic's subscribers get a message that proves the way, as at AWS (observed: DEV-CL-06).
    """

    def add(session: Session) -> sns.Published | NotStored | None:
        if not store.lock(session, call.account_id, call.region, set_name):
            return NotStored.NO_SET
        found = store.find(session, call.account_id, call.region, set_name)
        assert found is not None, "it is locked"
        if any(known.name == destination.name for known in found.destinations):
            return NotStored.NAME_TAKEN
        if len(found.destinations) >= MAX_EVENT_DESTINATIONS:
            return NotStored.TOO_MANY
        proof = _prove(call, session, destination)
        if not isinstance(proof, NotStored):
            store.insert_destination(session, call.account_id, call.region, set_name, destination)
        return proof

    return _announced(call, await call.ports.database.write(add))


async def replace_destination(call: Call, set_name: str, destination: EventDestination) -> NotStored | None:
    """Replace the destination of this name as a whole; None when it was done.

    A topic that the destination did not have before is told so.
    """

    def replace(session: Session) -> sns.Published | NotStored | None:
        if not store.lock(session, call.account_id, call.region, set_name):
            return NotStored.NO_SET
        found = store.find(session, call.account_id, call.region, set_name)
        assert found is not None, "it is locked"
        old = next((known for known in found.destinations if known.name == destination.name), None)
        if old is None:
            return NotStored.NO_DESTINATION
        proof = None if old.target == destination.target else _prove(call, session, destination)
        if not isinstance(proof, NotStored):
            store.replace_destination(session, call.account_id, call.region, set_name, destination)
        return proof

    return _announced(call, await call.ports.database.write(replace))


def _prove(call: Call, session: Session, destination: EventDestination) -> sns.Published | NotStored | None:
    """Publish the proof to the destination's topic, or look for its delivery stream; None where all is well."""
    if isinstance(destination.target, FirehoseTarget):
        is_there = firehose.stream_exists(session, destination.target.delivery_stream_arn)
        return None if is_there else NotStored.NO_STREAM
    if destination.topic_arn is None:
        return None
    topic = sns.TopicKey.from_arn(destination.topic_arn)
    if topic is None or (topic.account_id, topic.region) != (call.account_id, call.region):
        return NotStored.NO_TOPIC
    published = sns.publish(
        session,
        destination.topic_arn,
        VALIDATION_TEXT,
        subject=None,
        now=call.ports.clock.now(),
        entropy=call.ports.entropy,
        signer=call.services.get(sns.SnsSigner),
    )
    return NotStored.NO_TOPIC if isinstance(published, sns.TopicMissing) else published


def _announced(call: Call, result: sns.Published | NotStored | None) -> NotStored | None:
    if isinstance(result, sns.Published):
        sns.announce(call.services, result)
        return None
    return result
