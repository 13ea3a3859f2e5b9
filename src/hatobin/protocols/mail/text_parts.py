"""The texts of a message that a reader sees, changed under whatever transfer encoding they have.

Only text/plain and text/html count, of them only what is shown, not what is
attached, and nothing under a signature (RFC 1847 §2.1) or encrypted. A part
keeps its encoding; the rest of the message keeps its octets.

Law: RFC 2045 §6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hatobin.protocols.mail.headers import Message, split_message
from hatobin.protocols.mail.mime import Part, parse_parts
from hatobin.protocols.mail.transfer import crlf, decode_body, encode_base64, encode_quoted_printable

_TEXTS = frozenset({"plain", "html"})


def shown_texts(message: Message) -> list[Part]:
    """Find the text parts that are shown, in the order of the octets. Raises `MessageError` for broken MIME."""
    return list(_texts(parse_parts(message), locked=False))


def change_texts(message: Message, parts: list[Part], change: Callable[[Part, bytes], bytes]) -> Message:
    """Give the message with some of its `shown_texts` changed; lines must end in CRLF.

    `change` gets a part and its content without the transfer encoding. What it
    gives back as it was, keeps its octets on the wire too.
    """
    raw, pieces, position = message.raw, list[bytes](), 0
    for part in parts:
        body = raw[part.body_start : part.end]
        decoded = decode_body(body, part.encoding)
        changed = change(part, decoded)
        if changed is not decoded and changed != decoded:
            pieces += (raw[position : part.body_start], _encoded(changed, body, part))
            position = part.end
    if not pieces:
        return message
    pieces.append(raw[position:])
    return split_message(b"".join(pieces))


def content_of(message: Message, part: Part) -> bytes:
    """Give a part's content without the transfer encoding."""
    return decode_body(message.raw[part.body_start : part.end], part.encoding)


def _texts(part: Part, *, locked: bool) -> Iterator[Part]:
    if locked or part.content_type.main == "message":
        return
    if part.is_leaf:
        if part.content_type.main == "text" and part.content_type.sub in _TEXTS and not _is_attached(part):
            yield part
        return
    for child in part.children:
        yield from _texts(child, locked=part.content_type.sub in ("signed", "encrypted"))


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
