"""Adding an event destination: the same rules behind both generations of the API."""

from __future__ import annotations

from enum import Enum

from hatobin.capabilities.configuration_sets import store
from hatobin.capabilities.configuration_sets.model import MAX_EVENT_DESTINATIONS, EventDestination
from hatobin.companions import sns
from hatobin.gateway import Call
from hatobin.ports import Session

VALIDATION_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."


class NotAdded(Enum):
    """Why a destination was not added."""

    NO_SET = "no set"
    NAME_TAKEN = "name taken"
    TOO_MANY = "too many"
    NO_TOPIC = "no topic"


async def add_destination(call: Call, set_name: str, destination: EventDestination) -> NotAdded | None:
    """Put a destination on a set and tell its topic so; None when it was done.

    The topic must be the caller's own and of the same region. Its subscribers
    get a message that proves the way, as at AWS (observed: DEV-CL-06).
    """
    now = call.ports.clock.now()
    signer = call.services.get(sns.SnsSigner)

    def add(session: Session) -> sns.Published | NotAdded:
        found = store.find(session, call.account_id, call.region, set_name)
        if found is None:
            return NotAdded.NO_SET
        if any(known.name == destination.name for known in found.destinations):
            return NotAdded.NAME_TAKEN
        if len(found.destinations) >= MAX_EVENT_DESTINATIONS:
            return NotAdded.TOO_MANY
        topic = sns.TopicKey.from_arn(destination.topic_arn)
        if topic is None or (topic.account_id, topic.region) != (call.account_id, call.region):
            return NotAdded.NO_TOPIC
        published = sns.publish(
            session,
            destination.topic_arn,
            VALIDATION_TEXT,
            subject=None,
            now=now,
            entropy=call.ports.entropy,
            signer=signer,
        )
        if isinstance(published, sns.TopicMissing):
            return NotAdded.NO_TOPIC
        store.insert_destination(session, call.account_id, call.region, set_name, destination)
        return published

    result = await call.ports.database.write(add)
    if isinstance(result, NotAdded):
        return result
    sns.announce(call.services, result)
    return None
