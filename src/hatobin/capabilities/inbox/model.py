"""What the inbox shows of a captured message before it is opened."""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities.queue import MessageKey


class InboxEntry(Struct, frozen=True):
    """One captured message; `id` grows with arrival until the inbox is cleared."""

    id: int
    key: MessageKey
    reverse_path: str
    recipients: tuple[str, ...]
    subject: str
    received_at: float
    content: bytes | None
    blob_key: str | None


class Captured(Struct, frozen=True):
    """A message that comes into the inbox; its content is the queue's body."""

    key: MessageKey
    reverse_path: str
    recipients: tuple[str, ...]
    subject: str
    at: float
