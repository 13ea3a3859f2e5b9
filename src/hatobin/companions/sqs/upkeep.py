"""Upkeep of queues: retention, and what purged and deleted queues left behind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog

from hatobin.companions.sqs import upkeep_store
from hatobin.companions.sqs.model import Queue
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds

UPKEEP_INTERVAL_S = 30.0

_log = structlog.get_logger("hatobin.sqs")


class QueueUpkeep:
    """Removes messages whose time is over, a few hundred per transaction so that sending never waits long."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self) -> None:
        """Look every half minute until cancelled. Several processes may do this at once."""
        await work_in_rounds(
            self._ports.clock, self.once, UPKEEP_INTERVAL_S, log=_log, waits="upkeep waits for the store"
        )

    async def once(self) -> None:
        """Remove everything that is due now."""
        database = self._ports.database
        now = self._ports.clock.now()
        last: Queue | None = None
        while queues := await database.read(partial(upkeep_store.queues_after, after=last)):
            for queue in await database.read(partial(_with_expired, queues=queues, now=now)):
                await self._expire(queue, now)
            last = queues[-1]
        while await database.write(upkeep_store.remove_retired):
            await self._ports.clock.sleep(0)

    async def _expire(self, queue: Queue, now: float) -> None:
        remove = partial(upkeep_store.remove_expired, queue=queue, now=now)
        while await self._ports.database.write(remove) == upkeep_store.UPKEEP_ROWS:
            await self._ports.clock.sleep(0)


def _with_expired(session: Session, queues: Sequence[Queue], now: float) -> list[Queue]:
    return [queue for queue in queues if upkeep_store.has_expired(session, queue, now=now)]
