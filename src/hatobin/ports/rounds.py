"""Background work, a round at a time, for as long as the server runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.clock import Clock
from hatobin.ports.database import DatabaseUnavailable

_AWAY = (DatabaseUnavailable, BlobsUnavailable)


async def work_in_rounds(
    clock: Clock,
    once: Callable[[], Awaitable[object]],
    interval_s: float,
    *,
    log: FilteringBoundLogger,
    waits: str,
    fails: str | None = None,
    goes_on: bool = False,
) -> None:
    """Do `once` again and again until cancelled, `interval_s` seconds after each round.

    With `goes_on` the next round follows at once after one that gave something true. A round that finds
    the store away is logged as `waits` and done again later; so is one that meets any other error, as `fails`,
    or, where there is no such word, that error ends the work.
    """
    while True:
        found: object = None
        try:
            found = await once()
        except _AWAY as error:
            log.warning(waits, error=str(error))
        except Exception:
            if fails is None:
                raise
            log.exception(fails)
        if not (goes_on and found):
            await clock.sleep(interval_s)
