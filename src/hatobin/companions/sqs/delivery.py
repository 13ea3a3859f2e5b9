"""How other rooms put a message into a queue, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.companions.sqs import store
from hatobin.companions.sqs.messages import attributes_size
from hatobin.companions.sqs.model import SNS_SENDER_ID, Draft, MessageAttribute, QueueKey
from hatobin.ports import Entropy, Session


def deliver(
    session: Session,
    queue_arn: str,
    body: str,
    attributes: Mapping[str, MessageAttribute],
    now: float,
    *,
    entropy: Entropy,
    sender_id: str = SNS_SENDER_ID,
) -> bool:
    """Put one message into the queue; false when there is no such queue or the message is too big for it.

    After the commit the caller tells `SqsWaiters.notify`, so that long polls
    in this process see the message at once; others see it within a quarter second.
    """
    key = QueueKey.from_arn(queue_arn)
    queue = store.find_queue(session, key) if key is not None else None
    if queue is None:
        return False
    if len(body.encode()) + attributes_size(attributes) > queue.seconds("MaximumMessageSize"):
        return False
    draft = Draft(entropy.uuid(), body, attributes, sender_id, queue.seconds("DelaySeconds"))
    store.send(session, queue, [draft], now=now)
    return True


def queue_exists(session: Session, queue_arn: str) -> bool:
    """Say whether there is a queue with this ARN."""
    key = QueueKey.from_arn(queue_arn)
    return key is not None and store.find_queue(session, key) is not None
