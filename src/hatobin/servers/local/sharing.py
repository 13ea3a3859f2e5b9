"""How the workers of a node answer `/metrics` for each other.

A scrape reaches one of them by chance. With one worker it is read at once.
With several each tells the store every few seconds what it counts, and all
are shown as they told it, also the one that answers: so no counter ever seems
to go back from one scrape to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from hatobin.capabilities import workers
from hatobin.ports import Ports
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.local.measures import Family, Measure, together, write_families

SHARE_INTERVAL_S = 5.0

_log = structlog.get_logger("hatobin.metrics")


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """Which worker of which node this is, and of how many."""

    node: str = ""
    worker: int = 0
    workers: int = 1


class WorkerFigures:
    """What this worker counts, and what the others of its node do."""

    def __init__(self, ports: Ports, measures: Sequence[Measure], place: WorkerPlace) -> None:
        self._ports = ports
        self._measures = measures
        self._place = place

    async def run(self) -> None:
        """Tell the store what this worker counts, every few seconds until cancelled."""
        while True:
            try:
                await self.tell()
            except DatabaseUnavailable as error:
                _log.warning("figures_wait_for_the_store", error=str(error))
            except Exception:
                _log.exception("figures_not_told")
            await self._ports.clock.sleep(SHARE_INTERVAL_S)

    async def tell(self) -> None:
        """Tell it once."""
        place, now, text = self._place, self._ports.clock.now(), self._written()
        await self._ports.database.write(
            lambda session: workers.put_figures(session, place.node, place.worker, text, now), turn="workers"
        )

    async def families(self) -> list[Family]:
        """Give the figures of all workers of the node. Raises `DatabaseUnavailable` where there are several."""
        if self._place.workers == 1:
            return self.own()
        place, now = self._place, self._ports.clock.now()
        return together(
            await self._ports.database.read(lambda session: workers.shared_figures(session, place.node, now))
        )

    def own(self) -> list[Family]:
        """Give those of this worker alone, as they are now."""
        return together([(self._place.worker, self._written())])

    def _written(self) -> str:
        return write_families([measure.family() for measure in self._measures])
