"""What topics publish to queues alone, put there by the very transaction that publishes.

That is possible where nothing has to be signed, posted or asked: every
confirmed subscription of the topic is a queue here that wants the bare message.
Then an event is in the queue with the commit that makes it true.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hatobin.companions import outward, sqs
from hatobin.companions.sns import store
from hatobin.companions.sns.model import QUEUE_PROTOCOL, Subscription, TopicKey
from hatobin.companions.sns.publishing import wants
from hatobin.companions.sns.queue_counts import Delivered
from hatobin.ports import Entropy, Session, remembered


class _Line(Struct, frozen=True):
    """A subscription, its queue, and how many octets a message of the queue may have."""

    subscription: Subscription
    queue: sqs.Queue
    max_size: int


class DoneAtOnce(Struct, frozen=True):
    """What is in queues with a transaction; after its commit, once, their waiters are told, and it is counted."""

    queues: frozenset[sqs.QueueKey] = frozenset()
    delivered: tuple[Delivered, ...] = ()


class QueuesAtOnce:
    """Messages on their way into queues in one transaction; they are in the store after `finish`."""

    def __init__(self, session: Session, entropy: Entropy, now: float) -> None:
        self._session, self._entropy, self._now = session, entropy, now
        self._bodies: dict[str, tuple[_Line, list[str]]] = {}

    def publish(self, topic_arn: str, messages: Sequence[str]) -> Sequence[int]:
        """Put messages into the queues of a topic; give the places of those that `Publications` has to publish.

        Those are all of them where the topic wants more, and else those that are too large for one of its queues.
        """
        lines = self._lines(topic_arn)
        if not lines:
            return range(len(messages))
        smallest = min(line.max_size for line in lines)
        left = [place for place, message in enumerate(messages) if not _fits(message, smallest)]
        taken = messages if not left else [message for message in messages if _fits(message, smallest)]
        for line in lines:
            mine = taken
            if line.subscription.is_filtered:
                mine = [message for message in taken if wants(line.subscription, message, {})]
            if mine:
                self._bodies.setdefault(line.subscription.key.arn, (line, []))[1].extend(mine)
        return left

    def finish(self) -> DoneAtOnce:
        """Write what was published."""
        # The order of every node: see `Database.write`.
        for _, (line, bodies) in sorted(self._bodies.items()):
            sqs.deposit(self._session, line.queue, bodies, entropy=self._entropy, now=self._now)
        done = DoneAtOnce(
            frozenset(line.queue.key for line, _ in self._bodies.values()),
            tuple(Delivered(line.subscription.key, len(bodies), self._now) for line, bodies in self._bodies.values()),
        )
        self._bodies.clear()
        return done

    def _lines(self, topic_arn: str) -> tuple[_Line, ...]:
        """Give the subscriptions of a topic with their queues; none where one of them is something else."""
        session = self._session
        return remembered(session, ("topic at once", topic_arn), lambda: _find_lines(session, topic_arn))


def _fits(message: str, size: int) -> bool:
    # A character has four octets at most: hardly ever is a message encoded to be measured.
    return 4 * len(message) <= size or len(message.encode()) <= size


def _find_lines(session: Session, topic_arn: str) -> tuple[_Line, ...]:
    key = TopicKey.from_arn(topic_arn)
    if key is None or outward.places(session).has("sns"):
        return ()  # A topic that is not there has no confirmed subscription.
    lines = []
    for subscription in store.confirmed_subscriptions(session, key):
        is_bare = subscription.protocol == QUEUE_PROTOCOL and subscription.is_raw
        queue = sqs.queue_here(session, subscription.endpoint) if is_bare else None
        if queue is None:
            return ()
        lines.append(_Line(subscription, queue, queue.seconds("MaximumMessageSize")))
    return tuple(lines)
