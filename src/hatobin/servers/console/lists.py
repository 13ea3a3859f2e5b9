"""The lists: captured mail, and messages with what became of their recipients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hatobin.capabilities import queue
from hatobin.capabilities.inbox import InboxEntry
from hatobin.capabilities.queue import MessageKey, StoredMessage, StoredRecipient
from hatobin.ports import Ports, Session
from hatobin.servers.console.first_contact import FirstContact, SmtpLogin, first_contact
from hatobin.servers.console.rendering import Pages, fenced
from hatobin.servers.console.rows import MailRow, QueueRow, mail_row, queue_row
from hatobin.servers.local import InboxReader
from hatobin.words.settings import Settings

MAX_QUERY = 200
"""Characters of a search that are used."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the template gets. `next_before` is the cursor of the page below, "" on the last one."""

    rows: Sequence[MailRow] | Sequence[QueueRow]
    mark: str
    query: str
    before: str
    next_before: str


class Lists:
    """The endpoints of the lists."""

    def __init__(self, ports: Ports, settings: Settings, pages: Pages, reader: InboxReader, smtp: SmtpLogin) -> None:
        self._database = ports.database
        self._settings = settings
        self._pages = pages
        self._reader = reader
        self._smtp = smtp
        self._page_size = settings.console.page_size

    async def front(self, request: Request) -> Response:
        """Show captured mail where mail is captured, else what was sent."""
        if self._settings.delivery.mode != "mailbox":
            return await self._show_sent(request, "/console/")
        query = request.query_params.get("q", "").strip()[:MAX_QUERY]
        page = await self._inbox(query, request.query_params.get("before", ""))
        return self._pages.page(request, "inbox.html", page=page, **self._surroundings(request, "inbox"))

    async def sent(self, request: Request) -> Response:
        """Show what was sent, captured or not: in mailbox mode, mail to the simulator is only here."""
        return await self._show_sent(request, "/console/sent")

    async def newest(self, request: Request) -> Response:
        """Give the mark of a list's first page, for the script that refreshes it."""
        is_sent = request.query_params.get("list") == "sent" or self._settings.delivery.mode != "mailbox"
        mark = (await self._sent("")).mark if is_sent else await self._inbox_mark()
        return PlainTextResponse(mark, headers=fenced("DENY"))

    async def _show_sent(self, request: Request, path: str) -> Response:
        page = await self._sent(request.query_params.get("before", ""))
        return self._pages.page(request, "sent.html", page=page, path=path, **self._surroundings(request, "sent"))

    def _surroundings(self, request: Request, place: str) -> dict[str, Any]:
        return {"place": place, "delivery": self._settings.delivery, "contact": self._contact(request)}

    def _contact(self, request: Request) -> FirstContact:
        # The guard knows this name, so it may be shown as ours.
        return first_contact(f"{request.url.scheme}://{request.headers['host']}", self._smtp)

    async def _inbox(self, query: str, before: str) -> ListPage:
        mark = await self._inbox_mark()
        below = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        limit = self._page_size + 1
        entries: list[InboxEntry] = []
        if "@" in query:
            entries = await self._reader.search(to=query, before=below, limit=limit)
        if not entries:
            entries = await self._reader.search(subject=query or None, before=below, limit=limit)
        shown = entries[: self._page_size]
        sources = await self._database.read(lambda session: _sources(session, shown))
        rows = [mail_row(entry, sources.get(entry.key)) for entry in shown]
        has_more = len(entries) > self._page_size
        return ListPage(rows, mark, query, before, str(rows[-1].number) if has_more else "")

    async def _inbox_mark(self) -> str:
        newest = await self._reader.search(limit=1)
        # Numbers begin again after the inbox was emptied, so the message's id belongs to the mark.
        return f"{newest[0].id} {newest[0].key.message_id}" if newest else "empty"

    async def _sent(self, before: str) -> ListPage:
        limit = self._page_size + 1
        read = await self._database.read(lambda session: _recent(session, before or None, limit))
        rows = [queue_row(message, recipients) for message, recipients in read[: self._page_size]]
        cursor = rows[-1].message_id[4:] if len(read) > self._page_size else ""
        return ListPage(rows, _mark_of(rows), "", before, cursor)


def _sources(session: Session, entries: Sequence[InboxEntry]) -> dict[MessageKey, str]:
    """Give the senders of those messages whose content did not come with their entries."""
    stored = [queue.message(session, entry.key) for entry in entries if entry.content is None]
    return {message.key: message.source for message in stored if message is not None}


def _recent(session: Session, before: str | None, limit: int) -> list[tuple[StoredMessage, list[StoredRecipient]]]:
    messages = queue.recent_messages(session, before, limit)
    return [(message, queue.recipients(session, message.key)) for message in messages]


def _mark_of(rows: Sequence[QueueRow]) -> str:
    """Give a text that changes when a row or one of its states does."""
    facts = "\n".join(f"{row.message_id} {row.states} {row.reply}" for row in rows)
    return hashlib.sha256(facts.encode()).hexdigest()[:24]
