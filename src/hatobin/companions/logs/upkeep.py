"""Upkeep of logs: retention, and what deleted groups and streams left behind."""

from __future__ import annotations

import structlog

from hatobin.companions.logs import event_store, store
from hatobin.companions.logs.model import DAY_MS, Group
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds

UPKEEP_INTERVAL_S = 60.0
IDLE_STREAM_S = 86_400.0
"""A stream without events goes after this time, which AWS does not do: every start of a function makes one."""

_log = structlog.get_logger("hatobin.logs")


class LogUpkeep:
    """Removes what is over, a few thousand rows per transaction. Several processes may do this at once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self) -> None:
        """Look every minute until cancelled."""
        await work_in_rounds(
            self._ports.clock, self.once, UPKEEP_INTERVAL_S, log=_log, waits="upkeep waits for the store"
        )

    async def once(self) -> None:
        """Remove everything that is due now."""
        database, now = self._ports.database, self._ports.clock.now()
        for group in await database.read(store.expiring_groups):
            while await database.write(lambda session, group=group: _expire(session, group, now)):  # type: ignore[misc]
                await self._ports.clock.sleep(0)
        while await database.write(event_store.remove_orphans):
            await self._ports.clock.sleep(0)
        while await database.write(lambda session: _forget_streams(session, now)):
            await self._ports.clock.sleep(0)


def _expire(session: Session, group: Group, now: float) -> bool:
    assert group.retention_days is not None, "only groups with a retention expire"
    before_ms = int(now * 1000) - group.retention_days * DAY_MS
    count, size = event_store.remove_aged(session, group.key, before_ms=before_ms)
    if count:
        store.add_bytes(session, group.key, -size)
    return count == event_store.UPKEEP_ROWS


def _forget_streams(session: Session, now: float) -> bool:
    idle = store.idle_streams(session, before=now - IDLE_STREAM_S, limit=event_store.UPKEEP_ROWS)
    for key, name in idle:
        store.delete_stream(session, key, name)
    return len(idle) == event_store.UPKEEP_ROWS
