"""What a tracked message carries: links that lead through us, and a pixel.

The HTML texts that are shown are changed, and of them only the links and the
place of the pixel; text/plain, attachments, and what is signed or encrypted
stay. A message goes out tracked to all its recipients alike.

Refs: SES developer guide, "faqs-metrics"; DEV-IS-12.
"""

from __future__ import annotations

from html import escape

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import MAX_LINKS, LinkSeals, MessageLinks, Tracking
from hatobin.protocols.mail.headers import Message
from hatobin.protocols.mail.html_links import OPEN_TRACKER, Link, mark
from hatobin.protocols.mail.mime import Part
from hatobin.protocols.mail.text_parts import change_texts, content_of, shown_texts


def tracked(seals: LinkSeals, tracking: Tracking, message: Message, key: MessageKey) -> Message:
    """Give the message with its links and its pixel; lines must end in CRLF. Raises `MessageError` for broken MIME."""
    if _is_plain(message):
        return message
    parts = [part for part in shown_texts(message) if part.content_type.sub == "html"]
    if not parts:
        return message
    addresses = seals.of(key, tracking)
    links = _Links(addresses)
    pixel = _pixel(addresses.pixel()) if tracking.opens else None
    place = _place(message, parts) if pixel is not None else None

    def change(part: Part, content: bytes) -> bytes:
        marked = mark(
            content,
            part.content_type.parameters.get("charset", ""),
            replace=links.replacement,
            limit=MAX_LINKS - links.count if tracking.clicks else 0,
            pixel=pixel if part is place else None,
        )
        links.count += marked.replaced
        return marked.html

    return change_texts(message, parts, change)


def _is_plain(message: Message) -> bool:
    """Say whether the message is one plain text: then nothing of it has to be read."""
    value = message.value("content-type")
    return value is None or value[:10].lower() == "text/plain"


def _place(message: Message, parts: list[Part]) -> Part:
    """Choose the text that gets the pixel: the first that asks for it, else the last."""
    if len(parts) == 1:
        return parts[0]
    return next((part for part in parts if OPEN_TRACKER in content_of(message, part)), parts[-1])


def _pixel(address: str) -> bytes:
    # As SES writes it (surface.md §4.10).
    return f'<img alt="" src="{escape(address)}" style="display: none; width: 1px; height: 1px;">'.encode("ascii")


class _Links:
    """Writes the links of one message; `count` of them stand in its texts so far."""

    def __init__(self, addresses: MessageLinks) -> None:
        self._addresses = addresses
        self._number = 0
        self.count = 0

    def replacement(self, link: Link) -> str | None:
        self._number += 1
        return self._addresses.link(link.url, self._number, link.tags)
