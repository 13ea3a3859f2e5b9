"""Reading the local inbox: entries from the database, bodies from wherever they lie, decoded off the loop."""

from __future__ import annotations

from hatobin.capabilities import inbox
from hatobin.capabilities.inbox import InboxEntry
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobMissing
from hatobin.servers.local.captured import CapturedMail, decoded_headers, read_body

DECODE_INLINE_BYTES = 256 * 1024
"""A message of at most this size is decoded on the event loop (about 0.2 ms); a larger one elsewhere."""


class InboxReader:
    """What the local helpers and the console ask of the inbox."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def search(
        self, *, to: str | None = None, subject: str | None = None, before: int | None = None, limit: int
    ) -> list[InboxEntry]:
        """Give the newest matching entries, newest first; only those below number `before` where it is given."""
        return await self._ports.database.read(
            lambda session: inbox.search(session, to=to, subject=subject, before=before, limit=limit)
        )

    async def find(self, identifier: str) -> InboxEntry | None:
        """Find an entry by its MessageId (as the API gave it, or as the Message-ID field has it) or its number."""
        if identifier.isascii() and identifier.isdigit() and len(identifier) < 19:
            number = int(identifier)
            return await self._ports.database.read(lambda session: inbox.find(session, number))
        message_id = bare_message_id(identifier)
        found = await self._ports.database.read(lambda session: inbox.search(session, message_id=message_id, limit=1))
        return found[0] if found else None

    async def raw(self, entry: InboxEntry) -> bytes:
        """Give a message's octets; empty when they were deleted meanwhile."""
        if entry.content is not None or entry.blob_key is None:
            return entry.content or b""
        try:
            return await self._ports.blobs.get(entry.blob_key)
        except BlobMissing:
            return b""

    async def open(self, entry: InboxEntry) -> CapturedMail:
        """Load and decode one message."""
        raw = await self.raw(entry)
        if len(raw) <= DECODE_INLINE_BYTES:
            return _decoded(entry, raw)
        return await self._ports.threads.run_long(lambda: _decoded(entry, raw))

    async def clear(self, message_id: str | None = None) -> None:
        """Empty the inbox, or drop one message, with the bodies that nothing else needs."""
        for blob_key in await self._ports.database.write(lambda session: inbox.clear(session, message_id=message_id)):
            await self._ports.blobs.delete(blob_key)


def bare_message_id(identifier: str) -> str:
    """Give the id out of a Message-ID field: no angle brackets, no host.

    >>> bare_message_id("<0100-a-000000@email.hatobin.localhost>")
    '0100-a-000000'
    """
    return identifier.strip().removeprefix("<").removesuffix(">").partition("@")[0]


def _decoded(entry: InboxEntry, raw: bytes) -> CapturedMail:
    return CapturedMail(
        number=entry.id,
        key=entry.key,
        reverse_path=entry.reverse_path,
        recipients=entry.recipients,
        subject=entry.subject,
        received_at=entry.received_at,
        raw=raw,
        headers=decoded_headers(raw),
        body=read_body(raw),
    )
