"""Lossless repairs of a message that cannot travel as it is: long lines and eight-bit content.

A part is touched only when it must be: its header gets another
Content-Transfer-Encoding, its body the other encoding, and the rest of the
message keeps its octets. What cannot be changed without loss is refused:
parts under a signature (RFC 1847 §2.1), unknown encodings.

Law: RFC 5321 §4.5.3.1.6 and RFC 5322 §2.1.1 (998 octets), RFC 6152 §3
(convert or refuse, never mangle), RFC 2045 §6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hatobin.protocols.mail.errors import HeaderError, LineTooLong, MessageError
from hatobin.protocols.mail.headers import MAX_LINE_OCTETS, Field, ascii_field, fold, split_message
from hatobin.protocols.mail.mime import Part, parse_parts
from hatobin.protocols.mail.transfer import (
    BASE64_LINE,
    Encoding,
    encode_base64,
    encode_text_body,
    longest_line_exceeds,
    soft_wrapped,
)

LONG_LINE = f"A line of the message is longer than {MAX_LINE_OCTETS} octets."
EIGHT_BIT = "A part of the message has eight-bit content that cannot be encoded without loss."

_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
_BASE64_BODY = re.compile(rb"[A-Za-z0-9+/]*+={0,2}")

_Edit = tuple[int, int, bytes]
_Body = tuple[Encoding | None, bytes]
"""A new body, and the encoding to declare where it changes."""


def fit_lines(raw: bytes) -> bytes:
    """Give the message without a line over 998 octets, decoding to the very same content.

    Header lines are folded, base64 is re-wrapped, quoted-printable gets soft
    line breaks, other leaves are encoded. Lines must end in CRLF. Raises
    `LineTooLong` where that is not possible.
    """
    if longest_line_exceeds(raw) < 0:
        return raw
    repaired = _repaired(raw, _shortened)
    if longest_line_exceeds(repaired) >= 0:
        raise LineTooLong(LONG_LINE)
    return repaired


def to_seven_bit(raw: bytes) -> bytes:
    """Give the message with no octet above 127 in its parts, for a hop without 8BITMIME.

    Eight-bit leaves become quoted-printable or base64 (RFC 6152 §3), and the
    labels above them say 7bit. Raw eight-bit octets in header fields stay as
    they are. Raises `MessageError` for eight-bit content under a signature.
    """
    return raw if raw.isascii() else _repaired(raw, _seven_bit)


def _repaired(raw: bytes, change: Callable[[bytes, Part, bool], _Body | None]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in _edits(raw, parse_parts(split_message(raw)), change, False):
        pieces += (raw[position:start], replacement)
        position = end
    pieces.append(raw[position:])
    return b"".join(pieces)


def _edits(
    raw: bytes, part: Part, change: Callable[[bytes, Part, bool], _Body | None], locked: bool
) -> Iterator[_Edit]:
    """Yield replacements in the order of the octets: header of a part, its body, then the parts below."""
    body = change(raw, part, locked)
    encoding = None if body is None else body[0]
    fields = _fields(part, encoding)
    if fields != part.fields:
        if locked:
            raise LineTooLong(LONG_LINE)
        fields_start = part.fields_end - sum([len(field[1]) for field in part.fields])
        # A part whose body follows its fields directly needs its empty line once a field is added.
        gap = b"\r\n" if part.fields_end == part.body_start and body is not None else b""
        yield fields_start, part.fields_end, b"".join([field[1] for field in fields]) + gap
    if body is not None and part.is_leaf:
        yield part.body_start, part.end, body[1]
    locked = locked or (part.content_type.main == "multipart" and part.content_type.sub == "signed")
    for child in part.children:
        yield from _edits(raw, child, change, locked)


def _fields(part: Part, encoding: Encoding | None) -> tuple[Field, ...]:
    """Give the part's fields with long lines folded, and with the encoding to declare in its place."""
    fields = [field if longest_line_exceeds(field[1]) < 0 else _folded(field) for field in part.fields]
    if encoding is None:
        return tuple(fields)
    if fields and not fields[-1][1].endswith(b"\n"):
        fields[-1] = Field(fields[-1][0], fields[-1][1] + b"\r\n")
    declared = ascii_field("Content-Transfer-Encoding", encoding)
    keys = [field[0] for field in fields]
    for beside in (declared[0], "content-type"):
        if beside in keys:
            place = keys.index(beside) + (beside != declared[0])
            rest = [field for field in fields[place:] if field[0] != declared[0]]
            return (*fields[:place], declared, *rest)
    return (*fields, declared)


def _folded(field: Field) -> Field:
    lines = field[1].decode("latin-1").removesuffix("\r\n").split("\r\n")
    try:
        folded = "\r\n".join([fold(line) if len(line) > MAX_LINE_OCTETS else line for line in lines])
    except HeaderError as error:
        raise LineTooLong(LONG_LINE) from error
    return Field(field[0], folded.encode("latin-1") + b"\r\n")


def _shortened(raw: bytes, part: Part, locked: bool) -> _Body | None:
    """Re-encode a leaf that has a long line."""
    if not part.is_leaf or longest_line_exceeds(raw, part.body_start, part.end) < 0:
        return None
    body = raw[part.body_start : part.end]
    if locked:
        raise LineTooLong(LONG_LINE)
    if part.encoding == "base64":
        characters = b"".join(body.split())
        if not _BASE64_BODY.fullmatch(characters):
            raise LineTooLong(LONG_LINE)
        lines = [characters[at : at + BASE64_LINE] for at in range(0, len(characters), BASE64_LINE)]
        return None, b"\r\n".join(lines) + _final_line_end(body)
    if part.encoding == "quoted-printable":
        lines = body.split(b"\r\n")
        return None, b"\r\n".join([line if len(line) <= MAX_LINE_OCTETS else soft_wrapped(line) for line in lines])
    if part.encoding not in _PLAIN_ENCODINGS or part.content_type.main == "message":
        raise LineTooLong(LONG_LINE)
    return _encoded(part, body)


def _seven_bit(raw: bytes, part: Part, locked: bool) -> _Body | None:
    """Encode a leaf that has eight-bit content, and correct the label of what holds it."""
    if not part.is_leaf:
        return ("7bit", b"") if part.encoding in ("8bit", "binary") and not locked else None
    body = raw[part.body_start : part.end]
    if body.isascii():
        return None
    if locked or part.encoding not in _PLAIN_ENCODINGS or part.content_type.main == "message":
        raise MessageError(EIGHT_BIT)
    return _encoded(part, body)


def _encoded(part: Part, body: bytes) -> _Body:
    if part.content_type.main == "text":
        encoding, data = encode_text_body(body)
        return encoding, data + _final_line_end(body) if encoding == "base64" else data
    return "base64", encode_base64(body) + _final_line_end(body)


def _final_line_end(body: bytes) -> bytes:
    return b"\r\n" if body.endswith(b"\r\n") else b""
