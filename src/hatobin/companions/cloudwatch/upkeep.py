"""Upkeep of metrics: what is old becomes coarser, then goes."""

from __future__ import annotations

import structlog

from hatobin.companions.cloudwatch import alarm_store, points, series
from hatobin.ports import Ports
from hatobin.ports.rounds import work_in_rounds

UPKEEP_INTERVAL_S = 600.0
REST_SHARE = 4.0
"""After a piece it rests this many times as long as the piece took."""

_log = structlog.get_logger("hatobin.cloudwatch")


class MetricUpkeep:
    """Makes old measurements coarser, some hundred rows per transaction. Several processes may do this at once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self) -> None:
        """Look every ten minutes until cancelled."""
        await work_in_rounds(
            self._ports.clock, self.once, UPKEEP_INTERVAL_S, log=_log, waits="upkeep waits for the store"
        )

    async def once(self) -> int:
        """Do everything that is due now; give how many rows were taken out."""
        now, taken = self._ports.clock.now(), 0
        while await self._ports.database.read(lambda session: points.find_aged(session, now)):
            begun = self._ports.clock.monotonic()
            taken += await self._ports.database.write(lambda session: points.age(session, now))
            await self._ports.clock.sleep((self._ports.clock.monotonic() - begun) * REST_SHARE)
        while await self._ports.database.read(lambda session: series.find_expired(session, now)):
            await self._ports.database.write(lambda session: series.expire(session, now))
            await self._ports.clock.sleep(0)
        while await self._ports.database.read(lambda session: alarm_store.find_old_history(session, now)):
            await self._ports.database.write(lambda session: alarm_store.forget_history(session, now))
            await self._ports.clock.sleep(0)
        return taken
