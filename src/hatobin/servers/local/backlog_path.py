"""`/_hatobin/backlog`: which destinations of events are behind, and which have events that were given up."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hatobin.flow.backlog import backlog
from hatobin.ports import Ports
from hatobin.servers.local.answers import json_answer


class BacklogPath:
    """The endpoint."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def show(self, request: Request) -> Response:
        """Give the rows: `{"backlog": [{"kind", "target", "waiting", "oldest_age_s", "dead", …}]}`."""
        now = self._ports.clock.now()
        rows = await self._ports.database.read(lambda session: backlog(session, now=now))
        return json_answer({"backlog": rows})
