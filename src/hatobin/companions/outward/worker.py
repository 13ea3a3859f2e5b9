"""The worker that makes calls until they arrive or their time is over.

One loop leases rows, starts a task per request, and gathers what became of them; every turn is one transaction
that settles the gathered outcomes and leases the next rows. No transaction is open while the network is used.
Each target has a lane of its own: so many requests at a time, so many rows held, fewer while it fails; a slow or
dead one delays no other.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from hatobin.companions.outward import store
from hatobin.companions.outward.carriers import Carriers, NotReachable
from hatobin.companions.outward.model import GIVE_UP_AFTER_S, MAX_ERROR, Leased, TargetKey, pause_s
from hatobin.ports import HttpUnreachable, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.settings import Settings

REQUESTS_PER_TARGET = 8
ROWS_PER_TARGET = 64
"""Rows of a target that are held; as many as four requests carry, where those carry many."""
ROWS_WHILE_FAILING = 8
"""The same while it fails, or as many as one request carries."""
ROWS_IN_ALL = 8192
TARGETS_REMEMBERED = 10_000
"""Targets known to fail; what is forgotten is found out again."""
# Rounds of requests that all time out at the default of 15 s, and as much again.
LEASE_S = 240.0
POLL_S = 1.0
DATABASE_PAUSE_S = 1.0
TIDY_INTERVAL_S = 60.0
_TURN = "outward"

_log = structlog.get_logger("hatobin.outward")


@dataclass(frozen=True, slots=True)
class Arrived:
    """The target has it."""

    call: Leased


@dataclass(frozen=True, slots=True)
class Failed:
    """The target answered something else, or nothing."""

    call: Leased
    error: str


@dataclass(frozen=True, slots=True)
class Unmade:
    """The lease was too short to begin, or the worker stops."""

    call: Leased


Outcome = Arrived | Failed | Unmade


class OutwardCalls:
    """Makes the calls; several processes may run one each on the same store."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports = ports
        self._timeout_s = settings.aws.request_timeout_s
        self._carriers = Carriers.of(settings)
        self._owner = ""
        self._called = asyncio.Event()
        self._outcomes: list[Outcome] = []
        self._running: dict[asyncio.Task[None], list[Leased]] = {}
        self._held: Counter[TargetKey] = Counter()
        self._lanes: dict[TargetKey, asyncio.Semaphore] = {}
        self._failing: set[TargetKey] = set()
        self._tidy_at = ports.clock.monotonic()

    def notify(self) -> None:
        """Say that there may be something new; to be called after the commit, on the event loop."""
        self._called.set()

    async def run(self) -> None:
        """Make calls until cancelled; then what was not finished is given back at once."""
        self._owner = self._ports.entropy.uuid()
        try:
            while True:
                self._called.clear()
                try:
                    await self._turn()
                    await self._keep_tidy()
                except DatabaseUnavailable as error:
                    _log.warning("calls wait for the store", error=str(error))
                    await self._ports.clock.sleep(DATABASE_PAUSE_S)
                await self._rest()
        finally:
            await self._stop()

    async def _rest(self) -> None:
        timer = self._ports.clock.call_later(POLL_S, self._called.set)
        try:
            await self._called.wait()
        finally:
            timer.cancel()

    async def _turn(self) -> None:
        """Settle what ended, lease what is due, and start it."""
        now = self._ports.clock.now()
        keys = await self._ports.database.read(lambda session: store.due_keys(session, now=now))
        wanted = self._room(keys)
        if not self._outcomes and not wanted:
            return
        outcomes, self._outcomes = self._outcomes, []
        pauses = [
            pause_s(one.call.key.kind, one.call.attempts + 1, self._ports.entropy) if isinstance(one, Failed) else 0.0
            for one in outcomes
        ]
        deadline = self._ports.clock.monotonic() + LEASE_S
        try:
            leased = await self._ports.database.write(
                lambda session: self._settle_and_lease(session, outcomes, pauses, wanted, now=now), turn=_TURN
            )
        except BaseException:
            self._outcomes = outcomes + self._outcomes
            raise
        for calls in leased:
            for group in self._carriers.groups(calls) if calls else ():
                self._start(group, deadline)
        if any(limit == len(calls) for limit, calls in zip(wanted.values(), leased, strict=True)):
            self._called.set()

    def _room(self, keys: Sequence[TargetKey]) -> dict[TargetKey, int]:
        """Share out what we may hold: a failing target holds little, so that others keep their turn."""
        left = ROWS_IN_ALL - sum(self._held.values())
        share = max(1, left // max(1, len(keys)))
        wanted: dict[TargetKey, int] = {}
        for key in keys:
            carrier = self._carriers.by_kind.get(key.kind)
            if carrier is None:
                continue  # Of a newer version of ours on another node.
            is_failing = key in self._failing
            window = max(ROWS_WHILE_FAILING, carrier.batch) if is_failing else max(ROWS_PER_TARGET, 4 * carrier.batch)
            limit = min(window - self._held[key], share, left)
            if limit > 0:
                wanted[key] = limit
                left -= limit
        return wanted

    def _settle_and_lease(
        self,
        session: Session,
        outcomes: Sequence[Outcome],
        pauses: Sequence[float],
        wanted: Mapping[TargetKey, int],
        *,
        now: float,
    ) -> list[list[Leased]]:
        # Targets in the order of every node, which their counters want (see `Database.write`).
        for outcome, pause in sorted(zip(outcomes, pauses, strict=True), key=lambda pair: pair[0].call.key):
            self._settle(session, outcome, pause, now=now)
        arrived = Counter(outcome.call.key for outcome in outcomes if isinstance(outcome, Arrived))
        for key in sorted(arrived):
            store.count_arrived(session, key, arrived[key], now=now)
        return [
            store.lease(session, key, owner=self._owner, limit=limit, until=now + LEASE_S, now=now)
            for key, limit in wanted.items()
        ]

    def _settle(self, session: Session, outcome: Outcome, pause: float, *, now: float) -> None:
        call = outcome.call
        if isinstance(outcome, Arrived):
            store.settle_arrived(session, call, now=now)
        elif isinstance(outcome, Unmade):
            store.release(session, call, owner=self._owner, now=now)
        elif now + pause <= call.turn_at + GIVE_UP_AFTER_S:
            store.settle_retry(session, call, outcome.error, owner=self._owner, due_at=now + pause)
        else:
            store.settle_dead(session, call, outcome.error, owner=self._owner, now=now)

    def _start(self, calls: list[Leased], deadline: float) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(calls, deadline))
        self._running[task] = calls
        self._held[calls[0].key] += len(calls)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        calls = self._running.pop(task)
        key = calls[0].key
        self._held[key] -= len(calls)
        if not self._held[key]:
            del self._held[key]
            self._lanes.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Our own fault, not the target's: the rows keep their attempts and come back after their lease.
            _log.error("call broke", kind=key.kind, target=key.target, exc_info=error)
        self._called.set()

    async def _attempt(self, calls: list[Leased], deadline: float) -> None:
        key = calls[0].key
        async with self._lanes.setdefault(key, asyncio.Semaphore(REQUESTS_PER_TARGET)):
            if self._ports.clock.monotonic() + self._timeout_s > deadline:
                self._outcomes += [Unmade(call) for call in calls]
                return
            errors = await self._make(calls)
        if any(error is not None for error in errors):
            if len(self._failing) >= TARGETS_REMEMBERED:
                self._failing.clear()  # Most are gone by then.
            self._failing.add(key)
        else:
            self._failing.discard(key)
        self._outcomes += [
            Arrived(call) if error is None else Failed(call, error) for call, error in zip(calls, errors, strict=True)
        ]

    async def _make(self, calls: list[Leased]) -> list[str | None]:
        """Make one request; say of each call what went wrong."""
        carrier = self._carriers.by_kind[calls[0].key.kind]
        try:
            request = carrier.request(calls, now=self._ports.clock.now())
            reply = await self._ports.http.request(
                "POST", request.url, headers=request.headers, body=request.body, timeout_s=self._timeout_s
            )
        except (NotReachable, HttpUnreachable) as error:
            return [str(error)[:MAX_ERROR]] * len(calls)
        return carrier.errors(calls, reply)

    async def _keep_tidy(self) -> None:
        if self._ports.clock.monotonic() < self._tidy_at:
            return
        self._tidy_at = self._ports.clock.monotonic() + TIDY_INTERVAL_S
        now = self._ports.clock.now()
        while await self._ports.database.write(lambda session: store.upkeep(session, now=now)):
            await self._ports.clock.sleep(0)

    async def _stop(self) -> None:
        """End the attempts and give back what they held; one that was cut off may arrive twice."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        finished = {outcome.call.call_id for outcome in self._outcomes}
        held = [call for calls in running.values() for call in calls if call.call_id not in finished]
        outcomes: list[Outcome] = [*self._outcomes, *(Unmade(call) for call in held)]
        self._outcomes = []
        if not outcomes:
            return
        now, pauses = self._ports.clock.now(), [0.0] * len(outcomes)
        try:
            await self._ports.database.write(
                lambda session: self._settle_and_lease(session, outcomes, pauses, {}, now=now), turn=_TURN
            )
        except DatabaseUnavailable as error:
            _log.warning("calls were not given back, their leases will end", error=str(error))
