"""What the inbox shows of a captured message before it is opened."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hatobin.capabilities.queue import MessageKey
from hatobin.protocols.mail.encoded_words import decode_words
from hatobin.protocols.mail.headers import Message


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

    @classmethod
    def of(
        cls, message: Message, key: MessageKey, *, reverse_path: str, recipients: Iterable[str], at: float
    ) -> Captured:
        """Take from `message`, of which the header is enough, what the inbox shows of it."""
        return cls(key, reverse_path, tuple(recipients), decode_words(message.value("subject") or ""), at)
