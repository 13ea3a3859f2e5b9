"""How other rooms put messages into queues, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hatobin.companions import outward
from hatobin.companions.outward import CallDraft, CallKind, TargetKey
from hatobin.companions.sqs import store
from hatobin.companions.sqs.messages import attributes_size
from hatobin.companions.sqs.model import SNS_SENDER_ID, Draft, MessageAttribute, Queue, QueueKey
from hatobin.ports import Entropy, Session
from hatobin.words.identifiers import ordered_uuid, ordered_uuids


def deliver(
    session: Session,
    queue_arn: str,
    body: str,
    attributes: Mapping[str, MessageAttribute],
    now: float,
    *,
    entropy: Entropy,
    sender_id: str = SNS_SENDER_ID,
    order_key: str | None = None,
) -> bool:
    """Put one message into the queue; false when there is no such queue or the message is too big for it.

    Where queues are elsewhere it becomes a call, behind earlier ones with its `order_key`.

    After the commit the caller tells `SqsWaiters.notify`, so that long polls
    in this process see the message at once; others see it within a quarter second.
    """
    intake = Intake(session, entropy, now)
    taken = intake.take(queue_arn, body, attributes, sender_id=sender_id, order_key=order_key)
    intake.finish()
    return taken


class Intake:
    """Many messages for queues in one transaction: each queue is looked up once, and written to once.

    What was taken is in the store after `finish`.
    """

    def __init__(self, session: Session, entropy: Entropy, now: float) -> None:
        self._session, self._entropy, self._now = session, entropy, now
        self._queues: dict[str, Queue | None] = {}
        self._drafts: dict[str, list[Draft]] = {}
        self._calls: dict[TargetKey, list[CallDraft]] = {}
        self._is_elsewhere = outward.places(session).has("sqs")

    def take(
        self,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, MessageAttribute],
        *,
        sender_id: str = SNS_SENDER_ID,
        order_key: str | None = None,
    ) -> bool:
        """Take one message; false when there is no such queue or the message is too big for it."""
        if self._is_elsewhere and (key := QueueKey.from_arn(queue_arn)) is not None:
            target = TargetKey(key.account_id, key.region, CallKind.SQS.value, key.arn)
            self._calls.setdefault(target, []).append(CallDraft(_call(body, attributes), order_key))
            return True
        queue = self._queue(queue_arn)
        if queue is None:
            return False
        if not queue.takes(len(body.encode()) + attributes_size(attributes)):
            return False
        message_id = ordered_uuid(self._now, self._entropy.uuid())
        draft = Draft(message_id, body, attributes, sender_id, queue.seconds("DelaySeconds"))
        self._drafts.setdefault(queue_arn, []).append(draft)
        return True

    def finish(self) -> None:
        """Write what was taken."""
        for arn, drafts in self._drafts.items():
            queue = self._queues[arn]
            assert queue is not None, "it took the message"
            store.send(self._session, queue, drafts, now=self._now)
        self._drafts.clear()
        for target in sorted(self._calls):
            outward.enqueue(self._session, target, self._calls[target], now=self._now, entropy=self._entropy)
        self._calls.clear()

    def _queue(self, arn: str) -> Queue | None:
        if arn not in self._queues:
            key = QueueKey.from_arn(arn)
            self._queues[arn] = None if key is None else store.find_queue(self._session, key)
        return self._queues[arn]


def queue_here(session: Session, queue_arn: str) -> Queue | None:
    """Give the queue that `deposit` may put messages into; None where it is missing or elsewhere."""
    key = QueueKey.from_arn(queue_arn)
    return None if key is None or outward.places(session).has("sqs") else store.find_queue(session, key)


def deposit(session: Session, queue: Queue, bodies: Sequence[str], *, entropy: Entropy, now: float) -> None:
    """Put messages of SNS that the queue takes into it, without attributes."""
    delay_s, ids = queue.seconds("DelaySeconds"), ordered_uuids(now, entropy.uuid, len(bodies))
    drafts = [Draft(name, body, {}, SNS_SENDER_ID, delay_s) for name, body in zip(ids, bodies, strict=True)]
    store.send(session, queue, drafts, now=now)


def queue_exists(session: Session, queue_arn: str) -> bool:
    """Say whether there is a queue with this ARN."""
    key = QueueKey.from_arn(queue_arn)
    return key is not None and (outward.places(session).has("sqs") or store.find_queue(session, key) is not None)


def _call(body: str, attributes: Mapping[str, MessageAttribute]) -> str:
    named = {
        name: outward.QueueAttribute(one.data_type, one.string_value, one.binary_value)
        for name, one in attributes.items()
    }
    return msgspec.json.encode(outward.QueueMessage(body, named)).decode()
