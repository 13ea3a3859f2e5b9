"""The message log as a page: a form with what one may know of a mail, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities import message_log
from hatobin.capabilities.message_log import LogEntry, Outcome
from hatobin.ports import Ports
from hatobin.servers.console.rendering import Pages
from hatobin.servers.console.rows import QueueRow, queue_row
from hatobin.servers.local import BadQuery, log_query
from hatobin.words.settings import Settings

FIELDS = ("to", "from", "subject", "identity", "set", "tag", "tenant", "outcome", "since", "until")
MAX_FIELD = 400
"""Characters of a field that are used."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a message afterwards: `name` is the key of its text."""

    name: str
    count: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the answer."""

    row: QueueRow
    heard: tuple[Heard, ...]


class LogPages:
    """The endpoint."""

    def __init__(self, ports: Ports, settings: Settings, pages: Pages) -> None:
        self._ports = ports
        self._pages = pages
        self._delivery = settings.delivery
        self._page_size = settings.console.page_size

    async def search(self, request: Request) -> Response:
        """Show the form, and what matches; without any condition the newest messages."""
        given = {name: request.query_params.get(name, "").strip()[:MAX_FIELD] for name in FIELDS}
        before = request.query_params.get("before", "")
        asked = {**given, "before": before}
        try:
            query = log_query(lambda name: asked.get(name) or None, limit=self._page_size, now=self._ports.clock.now())
        except BadQuery as bad:
            return self._page(request, given, (), "", str(bad), status=400)
        page = await self._ports.database.read(lambda session: message_log.search(session, query))
        rows = tuple(_found(entry) for entry in page.entries)
        return self._page(request, given, rows, _older(given, page.next_before), "")

    def _page(
        self,
        request: Request,
        given: Mapping[str, str],
        rows: tuple[Found, ...],
        older: str,
        problem: str,
        *,
        status: int = 200,
    ) -> Response:
        return self._pages.page(
            request,
            "log.html",
            status=status,
            given=given,
            rows=rows,
            older=older,
            problem=problem,
            outcomes=[(one.value, _text_of(one)) for one in Outcome],
            place="log",
            delivery=self._delivery,
        )


def _text_of(outcome: Outcome) -> str:
    """Give the key of an outcome's text."""
    kind = outcome.event
    return f"state_{outcome.name.lower()}" if kind is None else f"event_{kind.name.lower()}"


def _found(entry: LogEntry) -> Found:
    heard = tuple(Heard(f"event_{one.kind.name.lower()}", one.count, one.last_at) for one in entry.engagement)
    return Found(queue_row(entry.message, entry.recipients), heard)


def _older(given: Mapping[str, str], next_before: str | None) -> str:
    """Give the address of the page below; "" where there is none."""
    if next_before is None:
        return ""
    return "/console/log?" + urlencode({**{name: text for name, text in given.items() if text}, "before": next_before})
