"""Words in the texts of a message that are replaced when it is sent, under whatever transfer encoding.

Only text/plain and text/html are touched, and of them only what is shown, not
what is attached, and nothing under a signature (RFC 1847 §2.1). A part keeps
its encoding; the rest of the message keeps its octets.

Law: RFC 2045 §6; which parts and how often is SES's (developer guide,
"sending-email-subscription-management").
"""

from __future__ import annotations

from collections.abc import Iterator

from hatobin.protocols.mail.headers import Message, split_message
from hatobin.protocols.mail.mime import Part, parse_parts
from hatobin.protocols.mail.transfer import crlf, decode_body, encode_base64, encode_quoted_printable

_TEXTS = frozenset({"plain", "html"})


def replace_in_texts(message: Message, placeholder: bytes, text: bytes, *, limit: int) -> Message:
    """Replace the first `limit` occurrences in each text part; lines must end in CRLF.

    Both are ASCII, so they read the same in every charset that mail is
    written in but UTF-16 and UTF-32, where nothing is found. Raises
    `MessageError` for broken MIME.
    """
    raw, pieces, position = message.raw, list[bytes](), 0
    for part in _texts(parse_parts(message), locked=False):
        body = raw[part.body_start : part.end]
        decoded = decode_body(body, part.encoding)
        if placeholder in decoded:
            pieces += (raw[position : part.body_start], _encoded(decoded.replace(placeholder, text, limit), body, part))
            position = part.end
    if not pieces:
        return message
    pieces.append(raw[position:])
    return split_message(b"".join(pieces))


def _texts(part: Part, *, locked: bool) -> Iterator[Part]:
    """Visit the text parts that are shown, in the order of the octets."""
    if locked or part.content_type.main == "message":
        return
    if part.is_leaf:
        if part.content_type.main == "text" and part.content_type.sub in _TEXTS and not _is_attached(part):
            yield part
        return
    for child in part.children:
        yield from _texts(child, locked=part.content_type.sub == "signed")


def _is_attached(part: Part) -> bool:
    return any(
        field[0] == "content-disposition" and field.value.lower().startswith("attachment") for field in part.fields
    )


def _encoded(decoded: bytes, body: bytes, part: Part) -> bytes:
    """Encode as the part was, with the line end it had."""
    if part.encoding == "base64":
        return encode_base64(decoded) + (b"\r\n" if body.endswith(b"\r\n") else b"")
    if part.encoding == "quoted-printable":
        encoded = encode_quoted_printable(decoded, text=crlf(decoded) == decoded)
        return encoded + (b"=\r\n" if body.endswith(b"=\r\n") else b"")
    return decoded
