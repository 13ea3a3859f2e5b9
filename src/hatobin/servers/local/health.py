"""What machines ask: is it alive, does it work, and in what figures.

`/metrics` is Prometheus's text format, version 0.0.4: what the store says
(`figures`), and what each worker of the node counts (`sharing`). While the
store is away it has the figures of the worker that answers, and says so.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.local.answers import json_answer
from hatobin.servers.local.figures import StoreFigures
from hatobin.servers.local.measures import family
from hatobin.servers.local.sharing import WorkerFigures

READY_TIMEOUT_S = 2.0
"""How long the database may take to answer a readiness check."""
METRICS_TIMEOUT_S = 10.0
"""How long it may take to count; Prometheus gives up then by default."""


class HealthPaths:
    """The endpoints."""

    def __init__(self, ports: Ports, store: StoreFigures, workers: WorkerFigures) -> None:
        self._ports = ports
        self._store = store
        self._workers = workers

    async def alive(self, request: Request) -> Response:
        """Say that the event loop turns."""
        return json_answer({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether the database answers."""
        try:
            await self._ports.clock.within(READY_TIMEOUT_S, self._ports.database.read(_ask))
        except (DatabaseUnavailable, TimeoutError):
            return json_answer({"status": "unavailable", "message": "The database does not answer."}, status=503)
        return json_answer({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Give the figures."""
        # Deferred: whoever is not scraped does not pay for it.
        from hatobin.servers.local.exposition import CONTENT_TYPE, exposition

        clock = self._ports.clock
        try:
            of_store = await clock.within(METRICS_TIMEOUT_S, self._store.families())
            of_workers = await clock.within(METRICS_TIMEOUT_S, self._workers.families())
            store_is_up = 1
        except (DatabaseUnavailable, TimeoutError):
            of_store, of_workers, store_is_up = [], self._workers.own(), 0
        up = family("hatobin_store_up", "Whether the database answers.", "gauge", store_is_up)
        return Response(exposition([up, *of_store, *of_workers]), 200, {"cache-control": "no-store"}, CONTENT_TYPE)


def _ask(session: Session) -> None:
    session.one("SELECT 1")
