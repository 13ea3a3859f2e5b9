"""Upkeep of queues: retention, and what purged and deleted queues left behind."""

from __future__ import annotations

import structlog

from hatobin.companions.sqs import store
from hatobin.ports import Ports
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
        while await database.write(lambda session: store.remove_expired(session, now=now)) == store.UPKEEP_ROWS:
            await self._ports.clock.sleep(0)
        while await database.write(store.remove_retired):
            await self._ports.clock.sleep(0)
