"""Words in the texts of a message that are replaced when it is sent, under whatever transfer encoding.

Law: which parts and how often is SES's (developer guide,
"sending-email-subscription-management").
"""

from __future__ import annotations

from hatobin.protocols.mail.headers import Message
from hatobin.protocols.mail.text_parts import change_texts, shown_texts


def replace_in_texts(message: Message, placeholder: bytes, text: bytes, *, limit: int) -> Message:
    """Replace the first `limit` occurrences in each text part; lines must end in CRLF.

    Both are ASCII, so they read the same in every charset that mail is
    written in but UTF-16 and UTF-32, where nothing is found. Raises
    `MessageError` for broken MIME.
    """
    return change_texts(message, shown_texts(message), lambda _, content: content.replace(placeholder, text, limit))
