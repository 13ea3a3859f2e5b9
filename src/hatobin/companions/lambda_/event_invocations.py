"""Asynchronous invocations: from rows to children, until they succeed, have failed too often, or are too old.

Rows are leased for half a minute at a time and kept while the child works, so
an invocation whose process dies is taken again: each happens at least once.

Refs: developer guide "How Lambda handles errors and retries with asynchronous invocation", "Dead-letter queues".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog

from hatobin.companions import sqs
from hatobin.companions.lambda_ import event_store, store
from hatobin.companions.lambda_.fleet import Fleet
from hatobin.companions.lambda_.model import (
    MAX_ATTEMPTS,
    MAX_EVENT_AGE_S,
    Event,
    Function,
    NotRunnable,
    Outcome,
    Throttled,
)
from hatobin.companions.lambda_.sandbox import Invocation
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable

LEASE_S = 30.0
RENEW_INTERVAL_S = 10.0
POLL_S = 1.0
MAX_ERROR_CHARACTERS = 1000

_log = structlog.get_logger("hatobin.lambda")


class Topics(Protocol):
    """How what could not be done is told to a topic: SNS knows functions, so functions are given SNS."""

    def publish(
        self, session: Session, topic_arn: str, message: str, attributes: Mapping[str, tuple[str, str]], *, now: float
    ) -> object | None:
        """Publish in this transaction; None when there is no such topic."""
        ...

    def announce(self, published: object) -> None:
        """Wake who waits for it; after the commit."""
        ...


class EventInvocations:
    """Runs what waits; several processes may run one each on the same store."""

    def __init__(self, ports: Ports, fleet: Fleet, waiters: sqs.SqsWaiters, topics: Topics) -> None:
        self._ports = ports
        self._fleet = fleet
        self._waiters = waiters
        self._topics = topics
        self._owner = ports.entropy.uuid()
        self._called = asyncio.Event()
        self._running: dict[asyncio.Task[None], Event] = {}
        self._renew_at = 0.0

    def notify(self) -> None:
        """Say that there may be something new; to be called after the commit, on the event loop."""
        self._called.set()

    async def run(self) -> None:
        """Take what is due until cancelled; what is under way then is given back."""
        try:
            while True:
                try:
                    await self.turn()
                except DatabaseUnavailable as error:
                    _log.warning("invocations wait for the store", error=str(error))
                    await self._ports.clock.sleep(POLL_S)
                try:
                    await self._ports.clock.within(POLL_S, self._called.wait())
                except TimeoutError:
                    pass
                self._called.clear()
        finally:
            await self._stop()

    async def turn(self) -> None:
        """Start what is due and has a place, and keep what is running."""
        database, now = self._ports.database, self._ports.clock.now()
        if self._running and self._ports.clock.monotonic() >= self._renew_at:
            self._renew_at = self._ports.clock.monotonic() + RENEW_INTERVAL_S
            held = list(self._running.values())
            await database.write(
                lambda session: event_store.renew(session, held, owner=self._owner, until=now + LEASE_S)
            )
        limit = self._fleet.free
        # Where no function runs they wait, and are given up when they are too old.
        before = now if self._fleet.obstacle() is None else now - MAX_EVENT_AGE_S
        if limit <= 0 or not await database.read(
            lambda session: event_store.is_due(session, now=now, accepted_before=before)
        ):
            return
        taken = await database.write(
            lambda session: event_store.lease(
                session, owner=self._owner, now=now, until=now + LEASE_S, accepted_before=before, limit=limit
            ),
            turn="lambda",
        )
        for event in taken:
            task = asyncio.get_running_loop().create_task(self._attempt(event))
            self._running[task] = event
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        event = self._running.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, DatabaseUnavailable):
                _log.warning("an invocation waits for the store", function=event.key.arn, error=str(error))
            else:
                # Our own fault, not the function's: it comes back when its lease ends.
                _log.error("an invocation broke", function=event.key.arn, exc_info=error)
        self._called.set()

    async def _attempt(self, event: Event) -> None:
        function = await self._ports.database.read(lambda session: store.find(session, event.key))
        if function is None:
            await self._ports.database.write(lambda session: event_store.finish(session, event, owner=self._owner))
            _log.warning("invocation_lost", function=event.key.arn, reason="the function does not exist")
            return
        if self._ports.clock.now() - event.accepted_at >= MAX_EVENT_AGE_S:
            await self._give_up(function, event, "the event is older than six hours")
            return
        try:
            outcome = await self._fleet.invoke(function, Invocation(event.request_id, event.payload))
        except Throttled:
            await self._postpone(event, event.throttle_delay_s, event.attempts, event.throttles + 1)
            return
        except NotRunnable as error:
            outcome = Outcome(str(error).encode(), "NotRunnable")
        if outcome.error is None:
            await self._ports.database.write(lambda session: event_store.finish(session, event, owner=self._owner))
        elif event.attempts + 1 < MAX_ATTEMPTS:
            await self._postpone(event, event.retry_delay_s, event.attempts + 1, 0)
        else:
            await self._give_up(function, event, outcome.payload.decode("utf-8", "replace"))

    async def _postpone(self, event: Event, delay_s: float, attempts: int, throttles: int) -> None:
        due_at = self._ports.clock.now() + delay_s
        await self._ports.database.write(
            lambda session: event_store.postpone(
                session, event, owner=self._owner, due_at=due_at, attempts=attempts, throttles=throttles
            )
        )

    async def _give_up(self, function: Function, event: Event, error: str) -> None:
        """Give an event to the function's dead-letter target, or say that it is lost."""
        now = self._ports.clock.now()
        attributes = {
            "RequestID": ("String", event.request_id),
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", error[:MAX_ERROR_CHARACTERS] or "-"),
        }
        target = function.configuration.dead_letter_arn

        def work(session: Session) -> tuple[bool, object | None]:
            if not event_store.finish(session, event, owner=self._owner):
                return True, None  # Another process has it by now, and will say so itself.
            if target is None:
                return False, None
            if sqs.QueueKey.from_arn(target) is not None:
                return self._to_queue(session, target, event, attributes, now), None
            published = self._topics.publish(session, target, event.payload.decode(), attributes, now=now)
            return published is not None, published

        is_kept, published = await self._ports.database.write(work, turn="lambda")
        if published is not None:
            self._topics.announce(published)
        elif is_kept and target is not None and (key := sqs.QueueKey.from_arn(target)) is not None:
            self._waiters.notify(key)
        if not is_kept:
            _log.warning("invocation_lost", function=event.key.arn, request_id=event.request_id, reason=error[:200])

    def _to_queue(
        self, session: Session, arn: str, event: Event, attributes: Mapping[str, tuple[str, str]], now: float
    ) -> bool:
        given = {name: sqs.MessageAttribute(kind, value) for name, (kind, value) in attributes.items()}
        return sqs.deliver(session, arn, event.payload.decode(), given, now, entropy=self._ports.entropy)

    async def _stop(self) -> None:
        """End what runs and give it back; a function that was cut off may run twice."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if not running:
            return
        now = self._ports.clock.now()

        def work(session: Session) -> None:
            for event in running.values():
                event_store.postpone(
                    session,
                    event,
                    owner=self._owner,
                    due_at=now,
                    attempts=event.attempts,
                    throttles=event.throttles,
                )

        try:
            await self._ports.database.write(work, turn="lambda")
        except DatabaseUnavailable as error:
            _log.warning("invocations were not given back, their leases will end", error=str(error))
