"""The worker that posts to HTTP endpoints until they answer 2xx or their time is over.

One loop leases rows, starts one task per row, and gathers what became of
them; every turn is one transaction that settles the gathered outcomes and
leases the next rows. No transaction is open while the network is used. How
an attempt ended is a fact about the endpoint; a fault of our own is logged
and the row comes back when its lease ends.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from hatobin.companions import sqs
from hatobin.companions.sns import outbox, store
from hatobin.companions.sns.delivery_policy import effective
from hatobin.companions.sns.endpoints import target_of
from hatobin.companions.sns.envelope import headers
from hatobin.companions.sns.failures import log_failure
from hatobin.companions.sns.model import Kind, SubscriptionKey
from hatobin.companions.sns.outbox import Leased
from hatobin.companions.sns.publishing import body_of, dead_letter
from hatobin.companions.sns.signer import SnsSigner
from hatobin.companions.sns.wakeup import Wakeup
from hatobin.ports import HttpUnreachable, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.settings import Settings

CONCURRENT_POSTS_PER_SUBSCRIPTION = 16
LEASED_PER_SUBSCRIPTION = 64
LEASED_WHILE_FAILING = 8
LEASED_IN_ALL = 2048
RETRIES_REMEMBERED = 10_000
"""Retries whose moment we know, and endpoints known to fail; what is forgotten is found by the next poll."""
# Four rounds of posts that all time out at the default of 15 s, and as much again.
LEASE_S = 120.0
# For what other processes published, and for leases that end: our own retries are known to the moment.
POLL_S = 1.0
DATABASE_PAUSE_S = 1.0
TIDY_INTERVAL_S = 60.0
ERROR_CHARACTERS = 500
_TURN = "sns"

_log = structlog.get_logger("hatobin.sns")


@dataclass(frozen=True, slots=True)
class Arrived:
    """The endpoint answered 2xx."""

    delivery: Leased


@dataclass(frozen=True, slots=True)
class Failed:
    """The endpoint answered something else, or nothing. `body` is what it was sent."""

    delivery: Leased
    status: int | None
    error: str
    body: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The lease was too short to begin, or the worker stops."""

    delivery: Leased


Outcome = Arrived | Failed | Unfinished


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one transaction did: queues that got dead letters, and leased rows by subscription."""

    queues: frozenset[sqs.QueueKey]
    by_key: list[list[Leased]]

    @property
    def leased(self) -> list[Leased]:
        return [delivery for leased in self.by_key for delivery in leased]


class SnsDeliveries:
    """Delivers notifications and confirmations; several processes may run one each on the same store."""

    def __init__(self, ports: Ports, settings: Settings, signer: SnsSigner, waiters: sqs.SqsWaiters) -> None:
        self._ports = ports
        self._timeout_s = settings.aws.request_timeout_s
        self._signer = signer
        self._waiters = waiters
        self._owner = ports.entropy.uuid()
        self._wakeup = Wakeup(ports.clock)
        self._outcomes: list[Outcome] = []
        self._running: dict[asyncio.Task[None], Leased] = {}
        self._held: Counter[SubscriptionKey] = Counter()
        self._lanes: dict[SubscriptionKey, asyncio.Semaphore] = {}
        self._retries: list[float] = []
        self._failing: set[SubscriptionKey] = set()
        self._tidy_at = ports.clock.monotonic()

    def notify(self) -> None:
        """Say that there may be something new; to be called after the commit, on the event loop."""
        self._wakeup.call()

    async def run(self) -> None:
        """Deliver until cancelled; then what was not finished is given back at once."""
        try:
            while True:
                try:
                    await self._turn()
                    await self._keep_tidy()
                except DatabaseUnavailable as error:
                    _log.warning("deliveries wait for the store", error=str(error))
                    await self._ports.clock.sleep(DATABASE_PAUSE_S)
                await self._wakeup.sleep(self._pause_s())
        finally:
            await self._stop()

    async def _turn(self) -> None:
        """Settle what ended, lease what is due, and start it."""
        now = self._ports.clock.now()
        keys = await self._ports.database.read(lambda session: outbox.due_keys(session, now=now))
        wanted = self._room(keys)
        if not self._outcomes and not wanted:
            return
        outcomes, self._outcomes = self._outcomes, []
        deadline = self._ports.clock.monotonic() + LEASE_S
        try:
            done = await self._ports.database.write(
                lambda session: self._settle_and_lease(session, outcomes, wanted, now=now), turn=_TURN
            )
        except BaseException:
            self._outcomes = outcomes + self._outcomes
            raise
        for outcome in outcomes:
            due_at = outcome.delivery.retry_at(now) if isinstance(outcome, Failed) else None
            if due_at is not None and len(self._retries) < RETRIES_REMEMBERED:
                heapq.heappush(self._retries, due_at)
        self._waiters.notify_all(done.queues)
        for delivery in done.leased:
            self._start(delivery, deadline)
        if any(limit == len(leased) for limit, leased in zip(wanted.values(), done.by_key, strict=True)):
            self._wakeup.call()

    def _pause_s(self) -> float:
        """Say how long nothing is known to happen."""
        now = self._ports.clock.now()
        is_due = bool(self._retries) and self._retries[0] <= now
        while self._retries and self._retries[0] <= now:
            heapq.heappop(self._retries)
        if is_due:
            return 0.0
        return min(POLL_S, self._retries[0] - now) if self._retries else POLL_S

    def _room(self, keys: Sequence[SubscriptionKey]) -> dict[SubscriptionKey, int]:
        """Share out what we may hold: a failing endpoint holds little, so that others keep their turn."""
        share = max(1, (LEASED_IN_ALL - len(self._running)) // max(1, len(keys)))
        wanted: dict[SubscriptionKey, int] = {}
        left = LEASED_IN_ALL - len(self._running)
        for key in keys:
            window = LEASED_WHILE_FAILING if key in self._failing else LEASED_PER_SUBSCRIPTION
            limit = min(window - self._held[key], share, left)
            if limit > 0:
                wanted[key] = limit
                left -= limit
        return wanted

    def _settle_and_lease(
        self, session: Session, outcomes: Sequence[Outcome], wanted: Mapping[SubscriptionKey, int], *, now: float
    ) -> _Turn:
        # Subscriptions in the order of every node, which their counters want (see `Database.write`).
        in_order = sorted(outcomes, key=lambda outcome: outcome.delivery.subscription.key.arn)
        queues = frozenset(filter(None, [self._settle(session, outcome, now=now) for outcome in in_order]))
        arrived = Counter(outcome.delivery.subscription.key for outcome in in_order if isinstance(outcome, Arrived))
        for key, count in arrived.items():
            outbox.count_delivered(session, key, count, now=now)
        by_key: list[list[Leased]] = []
        for key, limit in wanted.items():
            by_key.append(self._lease(session, key, limit, now))
        return _Turn(queues, by_key)

    def _lease(self, session: Session, key: SubscriptionKey, limit: int, now: float) -> list[Leased]:
        subscription = store.find_subscription(session, key, with_removed=True)
        if subscription is None:
            return []
        topic = store.find_topic(session, key.topic)
        policy = effective(subscription.attributes, {} if topic is None else topic.attributes)
        return outbox.lease(
            session, subscription, owner=self._owner, limit=limit, until=now + LEASE_S, now=now, policy=policy
        )

    def _settle(self, session: Session, outcome: Outcome, *, now: float) -> sqs.QueueKey | None:
        """Record one outcome; gives the dead-letter queue that got something."""
        delivery = outcome.delivery
        if isinstance(outcome, Arrived):
            outbox.settle_delivered(session, delivery, now=now)
            return None
        if isinstance(outcome, Unfinished):
            outbox.release(session, delivery, owner=self._owner, now=now)
            return None
        due_at = delivery.retry_at(now)
        failure = outbox.Failure(outcome.status, outcome.error)
        if due_at is not None:
            outbox.settle_retry(session, delivery, failure, owner=self._owner, due_at=due_at)
            return None
        if not outbox.settle_dead(session, delivery, failure, owner=self._owner, now=now):
            return None
        if delivery.draft.kind is not Kind.NOTIFICATION:
            return None
        log_failure(
            session,
            delivery.subscription,
            delivery.draft,
            error=outcome.error,
            status=outcome.status or 0,
            attempts=delivery.attempts + 1,
            now=now,
            entropy=self._ports.entropy,
        )
        queue = dead_letter(
            session, delivery.subscription, delivery.draft, outcome.body, entropy=self._ports.entropy, now=now
        )
        if queue is not None:
            outbox.discard(session, delivery)
        return queue

    def _start(self, delivery: Leased, deadline: float) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(delivery, deadline))
        self._running[task] = delivery
        self._held[delivery.subscription.key] += 1
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        delivery = self._running.pop(task)
        key = delivery.subscription.key
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
            self._lanes.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Our own fault, not the endpoint's: the row keeps its attempts and comes back after its lease.
            _log.error("delivery broke", message_id=delivery.draft.message_id, subscription=key.arn, exc_info=error)
        self._wakeup.call()

    async def _attempt(self, delivery: Leased, deadline: float) -> None:
        key = delivery.subscription.key
        async with self._lanes.setdefault(key, asyncio.Semaphore(CONCURRENT_POSTS_PER_SUBSCRIPTION)):
            if self._ports.clock.monotonic() + self._timeout_s > deadline:
                self._outcomes.append(Unfinished(delivery))
                return
            outcome = await self._post(delivery)
        if isinstance(outcome, Arrived):
            self._failing.discard(key)
        else:
            if len(self._failing) >= RETRIES_REMEMBERED:
                self._failing.clear()  # Most are removed subscriptions by then.
            self._failing.add(key)
        self._outcomes.append(outcome)

    async def _post(self, delivery: Leased) -> Arrived | Failed:
        subscription, draft = delivery.subscription, delivery.draft
        is_raw = subscription.is_raw and draft.kind is Kind.NOTIFICATION
        if is_raw:
            body = draft.message
        else:
            body = await self._ports.threads.run(lambda: body_of(subscription, draft, self._signer))
        target = target_of(subscription.endpoint)
        sent_headers = headers(
            draft.kind,
            message_id=draft.message_id,
            topic_arn=subscription.key.topic.arn,
            subscription_arn=subscription.key.arn,
            is_raw=is_raw,
        )
        if target.authorization is not None:
            sent_headers["Authorization"] = target.authorization
        try:
            reply = await self._ports.http.request(
                "POST", target.url, headers=sent_headers, body=body.encode(), timeout_s=self._timeout_s
            )
        except HttpUnreachable as unreachable:
            return Failed(delivery, None, str(unreachable)[:ERROR_CHARACTERS], body)
        if 200 <= reply.status <= 299:
            return Arrived(delivery)
        return Failed(delivery, reply.status, f"HTTP status {reply.status}", body)

    async def _keep_tidy(self) -> None:
        if self._ports.clock.monotonic() < self._tidy_at:
            return
        self._tidy_at = self._ports.clock.monotonic() + TIDY_INTERVAL_S
        now = self._ports.clock.now()
        while await self._ports.database.write(lambda session: outbox.upkeep(session, now=now)):
            await self._ports.clock.sleep(0)

    async def _stop(self) -> None:
        """End the attempts and give back what they held; an attempt that was cut off may arrive twice."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        finished = {outcome.delivery.draft.message_id for outcome in self._outcomes}
        now = self._ports.clock.now()
        outcomes = [
            *self._outcomes,
            *(Unfinished(held) for held in running.values() if held.draft.message_id not in finished),
        ]
        self._outcomes = []
        if not outcomes:
            return
        try:
            await self._ports.database.write(
                lambda session: self._settle_and_lease(session, outcomes, {}, now=now), turn=_TURN
            )
        except DatabaseUnavailable as error:
            _log.warning("deliveries were not given back, their leases will end", error=str(error))
