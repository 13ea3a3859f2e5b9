"""Upkeep of code: blobs that are no function's, because a crash came between the blob and its row, or after it."""

from __future__ import annotations

import structlog

from hatobin.companions.lambda_ import store
from hatobin.ports import Ports
from hatobin.ports.rounds import work_in_rounds

BLOB_PREFIX = "lambda/"
UPKEEP_INTERVAL_S = 3600.0
BLOB_AGE_S = 3600.0
"""A blob's row follows within seconds, if it comes."""

_log = structlog.get_logger("hatobin.lambda")


class CodeUpkeep:
    """Removes code that no function has. Several processes may do this at once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self) -> None:
        """Look every hour until cancelled."""
        await work_in_rounds(
            self._ports.clock, self.once, UPKEEP_INTERVAL_S, log=_log, waits="upkeep waits for the store"
        )

    async def once(self) -> int:
        """Remove what is there now; give how many."""
        removed, before = 0, self._ports.clock.now() - BLOB_AGE_S
        async for keys in self._ports.blobs.stale(BLOB_PREFIX, before=before):
            unknown = await self._ports.database.read(lambda session, keys=keys: store.unknown_blobs(session, keys))  # type: ignore[misc]
            for key in unknown:
                await self._ports.blobs.delete(key)
            removed += len(unknown)
        return removed
