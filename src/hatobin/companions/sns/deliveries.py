"""The worker that posts to HTTP endpoints until they answer 2xx or their time is over.

One loop leases rows, starts one task per row, and gathers what became of
them; every turn is one transaction that settles the gathered outcomes and
leases the next rows. No transaction is open while the network is used. How
an attempt ended is a fact about the endpoint; a fault of our own is logged
and the row comes back when its lease ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.companions import sqs
from hatobin.companions.sns import delivery_store, store
from hatobin.companions.sns.delivery_store import Leased
from hatobin.companions.sns.envelope import headers
from hatobin.companions.sns.model import RETRY_FOR_S, Kind, SubscriptionKey, retry_delay_s
from hatobin.companions.sns.publishing import body_of, dead_letter, notice_of
from hatobin.companions.sns.signer import SnsSigner
from hatobin.companions.sns.wakeup import Wakeup
from hatobin.ports import HttpUnreachable, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.settings import Settings

CONCURRENT_POSTS_PER_SUBSCRIPTION = 16
LEASED_PER_SUBSCRIPTION = 64
LEASED_IN_ALL = 512
# Four rounds of posts that all time out at the default of 15 s, and as much again.
LEASE_S = 120.0
POLL_S = 0.25
DATABASE_PAUSE_S = 1.0
UPKEEP_INTERVAL_S = 60.0
ERROR_CHARACTERS = 500

_log = logging.getLogger(__name__)


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
class Unattempted:
    """The lease was too short to begin, or the worker stops."""

    delivery: Leased


Outcome = Arrived | Failed | Unattempted


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
        self._running: dict[asyncio.Task[None], SubscriptionKey] = {}
        self._lanes: dict[SubscriptionKey, asyncio.Semaphore] = {}
        self._upkeep_at = 0.0

    def notify(self) -> None:
        """Say that there may be something new; to be called after the commit, on the event loop."""
        self._wakeup.call()

    async def run(self) -> None:
        """Deliver until cancelled; then what was not attempted is given back at once."""
        try:
            while True:
                try:
                    await self._turn()
                    await self._keep_tidy()
                except DatabaseUnavailable as error:
                    _log.warning("SNS deliveries wait for the database: %s", error)
                    await self._ports.clock.sleep(DATABASE_PAUSE_S)
                await self._wakeup.sleep(POLL_S)
        finally:
            await self._stop()

    async def _turn(self) -> None:
        """Settle what ended, lease what is due, and start it."""
        now = self._ports.clock.now()
        keys = await self._ports.database.read(lambda session: delivery_store.due_keys(session, now=now))
        held = Counter(self._running.values())
        room = LEASED_IN_ALL - len(self._running)
        wanted = [(key, LEASED_PER_SUBSCRIPTION - held[key]) for key in keys if held[key] < LEASED_PER_SUBSCRIPTION]
        if not self._outcomes and (not wanted or room <= 0):
            return
        outcomes, self._outcomes = self._outcomes, []
        deadline = self._ports.clock.monotonic() + LEASE_S
        try:
            leased = await self._ports.database.write(
                lambda session: self._settle_and_lease(session, outcomes, wanted, room, now=now)
            )
        except BaseException:
            self._outcomes = outcomes + self._outcomes
            raise
        for delivery in leased:
            self._start(delivery, deadline)
        if len(leased) == room or any(leased.count_for(key) == limit for key, limit in wanted):
            self._wakeup.call()
