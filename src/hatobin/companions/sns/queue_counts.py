"""Counting what subscribed queues got in the transactions of events: in memory, and once a second in the store.

The counts are for people who look at a subscription. Written with each group
of events they would cost every message; so a process that dies takes those of
its last second with it, and no event.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import structlog
from msgspec import Struct

from hatobin.companions.sns import outbox
from hatobin.companions.sns.model import SubscriptionKey
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.rounds import work_in_rounds

WRITE_EVERY_S = 1.0

_log = structlog.get_logger("hatobin.sns")


class Delivered(Struct, frozen=True):
    """So many messages are in the queue of a subscription, the last one since `at` (seconds since the epoch)."""

    key: SubscriptionKey
    count: int
    at: float


class QueueCounts:
    """The counts of one process on their way into the store."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._waiting: dict[SubscriptionKey, Delivered] = {}

    def add(self, delivered: Iterable[Delivered]) -> None:
        """Count what a transaction delivered; to be called once, after its commit."""
        for one in delivered:
            before = self._waiting.get(one.key)
            if before is not None:
                one = Delivered(one.key, before.count + one.count, max(before.at, one.at))
            self._waiting[one.key] = one

    async def run(self) -> None:
        """Write every second until cancelled, and then what is left."""
        try:
            await work_in_rounds(
                self._ports.clock, self.once, WRITE_EVERY_S, log=_log, waits="counts wait for the store"
            )
        finally:
            with suppress(DatabaseUnavailable):
                await self.once()

    async def once(self) -> None:
        """Write what waits. Raises `DatabaseUnavailable`; then it goes on waiting."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        # The order of every node: see `Database.write`.
        in_order = sorted(waiting.values(), key=lambda one: one.key.arn)

        def write(session: Session) -> None:
            for one in in_order:
                outbox.count_delivered(session, one.key, one.count, now=one.at)

        try:
            await self._ports.database.write(write, turn="queue counts")
        except DatabaseUnavailable:
            self.add(in_order)
            raise
