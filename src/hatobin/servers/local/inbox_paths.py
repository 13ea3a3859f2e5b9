"""`/_hatobin/inbox`: what a test asks after it has sent a mail."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities.inbox import InboxEntry
from hatobin.ports import Clock
from hatobin.servers.local.answers import json_answer, number_parameter, problem, text_parameter
from hatobin.servers.local.captured import CapturedMail
from hatobin.servers.local.reading import InboxReader
from hatobin.servers.local.waiting import InboxWaiters
from hatobin.words.instant import iso_ms

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
"""Messages of one answer."""
MAX_WAIT_S = 300.0
"""How long one request may wait for a message."""
MAX_WAITING = 200
"""Requests that wait at the same time in one worker."""
POLL_S = 0.1
"""How often a waiting request looks for what other workers kept."""


class InboxPaths:
    """The endpoints of the inbox."""

    def __init__(self, clock: Clock, reader: InboxReader, waiters: InboxWaiters) -> None:
        self._clock = clock
        self._reader = reader
        self._waiters = waiters

    async def search(self, request: Request) -> Response:
        """Give matching messages, newest first; with `wait`, not before one matches or the time is over."""
        wait_s = number_parameter(request, "wait", default=0.0, low=0.0, high=MAX_WAIT_S)
        limit = int(number_parameter(request, "limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT))
        to, subject = text_parameter(request, "to"), text_parameter(request, "subject")
        entries = await self._reader.search(to=to, subject=subject, limit=limit)
        if not entries and wait_s > 0:
            if self._waiters.count >= MAX_WAITING:
                return problem(503, f"{MAX_WAITING} requests wait for mail already.")
            entries = await self._wait(request, to=to, subject=subject, limit=limit, wait_s=wait_s)
        # One by one, so that at most one large message is in memory.
        return json_answer({"messages": [message_json(await self._reader.open(entry)) for entry in entries]})

    async def _wait(
        self, request: Request, *, to: str | None, subject: str | None, limit: int, wait_s: float
    ) -> list[InboxEntry]:
        deadline = self._clock.monotonic() + wait_s
        gone = asyncio.ensure_future(_until_gone(request))
        seen: tuple[int, str] | None = None
        try:
            while (left_s := deadline - self._clock.monotonic()) > 0 and not gone.done():
                await self._waiters.wait(self._clock, min(POLL_S, left_s))
                # The newest entry is one row; the search goes through all of them.
                newest = await self._reader.search(limit=1)
                mark = (newest[0].id, newest[0].key.message_id) if newest else None
                if mark == seen:
                    continue
                seen = mark
                entries = await self._reader.search(to=to, subject=subject, limit=limit)
                if entries:
                    return entries
            return []
        finally:
            gone.cancel()

    async def message(self, request: Request) -> Response:
        """Give one message as JSON, or its octets where the path ends in `.eml`."""
        identifier = request.path_params["identifier"]
        wants_octets = identifier.endswith(".eml")
        entry = await self._reader.find(identifier.removesuffix(".eml").removesuffix(".json"))
        if entry is None:
            return problem(404, f"No message {identifier[:100]!r} is in the inbox. GET /_hatobin/inbox lists them.")
        if not wants_octets:
            return json_answer(message_json(await self._reader.open(entry)))
        headers = {"content-disposition": f'attachment; filename="{entry.key.message_id}.eml"'}
        headers |= {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(await self._reader.raw(entry), 200, headers, "message/rfc822")

    async def clear(self, request: Request) -> Response:
        """Empty the inbox."""
        await self._reader.clear()
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """Drop one message."""
        identifier = request.path_params["identifier"]
        entry = await self._reader.find(identifier.removesuffix(".json").removesuffix(".eml"))
        if entry is None:
            return problem(404, f"No message {identifier[:100]!r} is in the inbox.")
        await self._reader.clear(entry.key.message_id)
        return Response(status_code=204)


async def _until_gone(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def message_json(mail: CapturedMail) -> dict[str, Any]:
    """Give a message as the local helpers show it (house §7)."""
    return {
        "id": mail.key.message_id,
        "number": mail.number,
        "account_id": mail.key.account_id,
        "region": mail.key.region,
        "received_at": iso_ms(mail.received_at),
        "reverse_path": mail.reverse_path,
        "recipients": mail.recipients,
        "from": mail.addresses("from"),
        "to": mail.addresses("to"),
        "cc": mail.addresses("cc"),
        "bcc": mail.hidden_recipients,
        "reply_to": mail.addresses("reply-to"),
        "subject": mail.subject,
        "text": mail.body.text,
        "html": mail.body.html,
        "headers": headers_json(mail),
        "attachments": [
            {
                "filename": file.name,
                "content_type": file.content_type,
                "content_id": file.content_id,
                "disposition": file.disposition,
                "size": len(file.content),
            }
            for file in mail.body.files
        ],
        "size": len(mail.raw),
        "eml": f"/_hatobin/inbox/{mail.key.message_id}.eml",
        "explain": f"/_hatobin/explain/{mail.key.message_id}",
    }


def headers_json(mail: CapturedMail) -> list[dict[str, str]]:
    """Give the decoded header fields in order, as SES's events list them."""
    return [{"name": name, "value": value} for name, value in mail.headers]
