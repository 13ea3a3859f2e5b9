"""Shapes that users of other SES emulators call already, over the same inbox.

`/_aws/ses` and `/_localstack/health` as LocalStack has them, `/store`,
`/clear-store` and `/health-check` as aws-ses-v2-local has them. Both list the
oldest message first. Members that the inbox cannot know are left out, and
`RawData` is there for every message, however it was sent.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities import queue
from hatobin.capabilities.inbox import InboxEntry
from hatobin.ports import Database
from hatobin.servers.local.answers import BadQuery, json_answer, problem, text_parameter
from hatobin.servers.local.captured import CapturedMail, bare_address
from hatobin.servers.local.inbox_paths import headers_json
from hatobin.servers.local.reading import InboxReader
from hatobin.words.instant import iso_ms

MAX_LISTED = 1000
"""Messages of one listing: the newest ones."""
MAX_LISTED_BYTES = 64 * 1024 * 1024
"""Octets of mail in one listing; older messages are left out beyond it."""

# The services that answer here. SES v2 is "sesv2" to those who ask for it by that name.
_SERVICES = ("ses", "sesv2", "sns", "sqs", "sts")


class EmulatorPaths:
    """The endpoints of both emulators."""

    def __init__(self, database: Database, reader: InboxReader) -> None:
        self._database = database
        self._reader = reader

    # ── LocalStack ───────────────────────────────────────────────────────────

    async def localstack_health(self, request: Request) -> Response:
        """Say that the services run."""
        return json_answer({"services": dict.fromkeys(_SERVICES, "running"), "edition": "hatobin", "version": "0"})

    async def sent(self, request: Request) -> Response:
        """Give sent messages, by sender (`email`) and by MessageId (`id`) where they are given."""
        messages = [
            await self._localstack_json(mail, source)
            async for mail, source in self._selected(text_parameter(request, "email"), text_parameter(request, "id"))
        ]
        return json_answer({"messages": messages})

    async def delete_sent(self, request: Request) -> Response:
        """Drop all messages, or those of one sender or one MessageId."""
        sender, message_id = text_parameter(request, "email"), text_parameter(request, "id")
        if sender is None and message_id is None:
            await self._reader.clear()
            return Response(status_code=204)
        doomed = [mail.key.message_id async for mail, _ in self._selected(sender, message_id)]
        if message_id is not None and not doomed:
            return problem(404, f"No message {message_id[:100]!r} is in the inbox.")
        for identifier in doomed:
            await self._reader.clear(identifier)
        return Response(status_code=204)

    async def _selected(self, sender: str | None, message_id: str | None) -> AsyncIterator[tuple[CapturedMail, str]]:
        """Give the matching messages with the senders that their callers named, oldest first."""
        wanted = None if sender is None else bare_address(sender)
        for entry in await self._listed(message_id):
            source = await self._source(entry)
            if wanted is None or bare_address(source) == wanted:
                yield await self._reader.open(entry), source

    async def _source(self, entry: InboxEntry) -> str:
        stored = await self._database.read(lambda session: queue.message(session, entry.key))
        return entry.reverse_path if stored is None else stored.source

    async def _localstack_json(self, mail: CapturedMail, source: str) -> dict[str, Any]:
        return {
            "Id": mail.key.message_id,
            "Region": mail.key.region,
            "Source": source,
            "Destination": {
                "ToAddresses": mail.addresses("to"),
                "CcAddresses": mail.addresses("cc"),
                "BccAddresses": mail.hidden_recipients,
            },
            "Subject": mail.subject,
            "Body": {"text_part": mail.body.text, "html_part": mail.body.html},
            "RawData": octets_as_text(mail.raw),
            "Timestamp": iso_ms(mail.received_at)[:19],
        }

    # ── aws-ses-v2-local ─────────────────────────────────────────────────────

    async def store(self, request: Request) -> Response:
        """Give all messages, or those since an instant (`since`, whole seconds since the epoch)."""
        since = request.query_params.get("since", "")
        if since and not (since.isascii() and since.isdigit()):
            raise BadQuery(f"since must be whole seconds since the epoch, not {since[:50]!r}.")
        earliest = int(since or 0)
        emails = [
            _store_json(await self._reader.open(entry))
            for entry in await self._listed(None)
            if int(entry.received_at) >= earliest
        ]
        return json_answer({"templates": {}, "emails": emails})

    async def clear_store(self, request: Request) -> Response:
        """Empty the inbox; templates stay, they are real ones here."""
        await self._reader.clear()
        return json_answer({"message": "Store cleared"})

    async def health_check(self, request: Request) -> Response:
        """Say that the server runs."""
        return Response(status_code=200)

    async def _listed(self, message_id: str | None) -> list[InboxEntry]:
        """Give one entry, or the newest ones within the limits, oldest first."""
        if message_id is not None:
            found = await self._reader.find(message_id)
            return [] if found is None else [found]
        entries: list[InboxEntry] = []
        octets = 0
        for entry in await self._reader.search(limit=MAX_LISTED):
            stored = await self._database.read(lambda session, key=entry.key: queue.message(session, key))  # type: ignore[misc]
            octets += 0 if stored is None else stored.size
            if octets > MAX_LISTED_BYTES and entries:
                break
            entries.append(entry)
        return entries[::-1]


def octets_as_text(raw: bytes) -> str:
    """Give a message as text: UTF-8 where it is that, else one character per octet."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _store_json(mail: CapturedMail) -> dict[str, Any]:
    sender = mail.addresses("from")
    return {
        "messageId": mail.key.message_id,
        "from": sender[0] if sender else mail.reverse_path,
        "replyTo": mail.addresses("reply-to"),
        "destination": {"to": mail.addresses("to"), "cc": mail.addresses("cc"), "bcc": mail.hidden_recipients},
        "subject": mail.subject,
        "body": {name: text for name, text in (("html", mail.body.html), ("text", mail.body.text)) if text is not None},
        "attachments": [
            {
                "content": base64.b64encode(file.content).decode(),
                "contentType": file.content_type,
                "filename": file.name,
                "size": len(file.content),
            }
            for file in mail.body.files
        ],
        "headers": headers_json(mail),
        "at": int(mail.received_at),
    }
