"""Content transfer encodings: choose one, apply it, take it off.

The choice keeps every line within 998 octets (RFC 5322 §2.1.1) and the
content octet for octet the same after decoding. Text has CRLF line ends
before it is encoded (RFC 2045 §6.7, RFC 2046 §4.1.1).
"""

from __future__ import annotations

import binascii
import re
from typing import Literal

from hatobin.protocols.mail.headers import MAX_LINE_OCTETS

Encoding = Literal["7bit", "8bit", "quoted-printable", "base64"]

BASE64_LINE = 76  # RFC 2045 §6.8
QUOTED_PRINTABLE_LINE = 76  # RFC 2045 §6.7 rule 5
_NOT_ASCII = bytes(range(128, 256))
_TO_ESCAPE = re.compile(rb"[^\t -<>-~]")
_LAX_ESCAPE = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*(\r\n|\n|\Z))")
_TRAILING_BLANKS = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def crlf(data: bytes) -> bytes:
    """Make every line end (CRLF, bare LF, bare CR) a CRLF; a clean text is given back as it is."""
    if b"\r" not in data:
        return data.replace(b"\n", b"\r\n") if b"\n" in data else data
    ends = data.count(b"\r\n")
    if data.count(b"\n") == ends and data.count(b"\r") == ends:
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def longest_line_exceeds(data: bytes, start: int = 0, end: int | None = None, limit: int = MAX_LINE_OCTETS) -> int:
    """Find a line of more than `limit` octets between `start` and `end`, line ends not counted.

    Gives the position where it starts, or -1. Jumps a whole limit at a time:
    40 MB of base64 take milliseconds. Lines must end in CRLF.
    """
    stop = len(data) if end is None else end
    position = start
    while stop - position > limit:
        line_end = data.rfind(b"\n", position, min(position + limit + 2, stop))
        if line_end < 0:
            return position
        position = line_end + 1
    return -1


class LineWatch:
    """Looks for long lines in content that comes in pieces.

    `exceeded` says what `longest_line_exceeds` says of the whole; a line of exactly the limit, whose
    end is cut in two, counts as too long.
    """

    __slots__ = ("_length", "exceeded")

    def __init__(self) -> None:
        self._length = 0  # of the unfinished line
        self.exceeded = False

    def feed(self, piece: bytes) -> None:
        """Take the next octets."""
        first = piece.find(b"\n")
        if first < 0:
            self._length += len(piece)
        else:
            self.exceeded = self.exceeded or self._length + first - 1 > MAX_LINE_OCTETS
            self.exceeded = self.exceeded or longest_line_exceeds(piece, first + 1) >= 0
            self._length = len(piece) - piece.rfind(b"\n") - 1
        self.exceeded = self.exceeded or self._length > MAX_LINE_OCTETS


def is_seven_bit(data: bytes) -> bool:
    """Say whether `data` may go out as "7bit" as it stands: ASCII, no NUL, no bare CR or LF, no long line."""
    if not data.isascii() or b"\0" in data:
        return False
    ends = data.count(b"\r\n")
    return data.count(b"\n") == ends and data.count(b"\r") == ends and longest_line_exceeds(data) < 0


def choose_text_encoding(data: bytes) -> Encoding:
    """Choose for text with CRLF line ends: as it is, or the shorter of the two encodings."""
    if data.isascii() and b"\0" not in data and longest_line_exceeds(data) < 0:
        return "7bit"
    foreign = len(data) - len(data.translate(None, _NOT_ASCII)) + data.count(b"=")
    # Three octets for each escape against four for every three: equal at one in six.
    return "quoted-printable" if foreign * 6 <= len(data) else "base64"


def encode_text_body(data: bytes) -> tuple[Encoding, bytes]:
    """Encode text (CRLF line ends) for the wire; gives the encoding's name and the octets."""
    encoding = choose_text_encoding(data)
    if encoding == "7bit":
        return encoding, data
    return encoding, encode_quoted_printable(data) if encoding == "quoted-printable" else encode_base64(data)


def encode_base64(data: bytes) -> bytes:
    """Encode in lines of 76 characters, without a line end after the last (RFC 2045 §6.8)."""
    encoded = binascii.b2a_base64(data, newline=False)
    if len(encoded) <= BASE64_LINE:
        return encoded
    return b"\r\n".join([encoded[at : at + BASE64_LINE] for at in range(0, len(encoded), BASE64_LINE)])


def encode_quoted_printable(data: bytes, *, text: bool = True) -> bytes:
    """Encode by RFC 2045 §6.7.

    With `text`, CRLFs stay line ends, and `data` must have no other ones;
    without, every CR and LF is escaped, as binary content needs.
    """
    if text:
        encoded = binascii.b2a_qp(data, quotetabs=False, istext=True, header=False)
        # The library breaks lines with LF alone when it finds no line end to copy.
        return encoded if b"\r\n" in data else encoded.replace(b"=\n", b"=\r\n")
    escaped = _TO_ESCAPE.sub(lambda match: b"=%02X" % match[0][0], data)
    if escaped.endswith((b" ", b"\t")):
        escaped = escaped[:-1] + b"=%02X" % escaped[-1]
    return soft_wrapped(escaped)


def soft_wrapped(line: bytes) -> bytes:
    """Break one quoted-printable line with soft line breaks, never inside an escape (rule 5)."""
    pieces: list[bytes] = []
    position = 0
    while len(line) - position > QUOTED_PRINTABLE_LINE:
        cut = position + QUOTED_PRINTABLE_LINE - 1
        escape = line.rfind(b"=", cut - 2, cut)
        if escape >= 0:
            cut = escape
        pieces.append(line[position:cut])
        position = cut
    pieces.append(line[position:])
    return b"=\r\n".join(pieces)


def decode_quoted_printable(data: bytes) -> bytes:
    """Decode; stray equal signs stay, blanks at line ends go (RFC 2045 §6.7 rule 3)."""
    data = _TRAILING_BLANKS.sub(b"", data)
    return _LAX_ESCAPE.sub(lambda match: bytes((int(match[1], 16),)) if match[1] else b"", data)


def decode_base64(data: bytes) -> bytes | None:
    """Decode, skipping what is no base64 character (RFC 2045 §6.8). None when the length is impossible."""
    body, _, _ = data.partition(b"=")
    characters = _NOT_BASE64.sub(b"", body)
    if len(characters) % 4 == 1:
        return None
    return binascii.a2b_base64(characters + b"=" * (-len(characters) % 4))


def decode_body(data: bytes, encoding: str) -> bytes:
    """Take a transfer encoding off, leniently; an unknown one leaves the octets as they are."""
    if encoding == "quoted-printable":
        return decode_quoted_printable(data)
    if encoding == "base64":
        decoded = decode_base64(data)
        return data if decoded is None else decoded
    return data
