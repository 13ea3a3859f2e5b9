"""The judgement of `mime.parse_parts`, for a message whose body comes in pieces and is not kept.

Only lines that begin with "--" and the headers of parts are looked at one by
one; everything between is searched at C speed and let go. The law, the
limits and the texts are those of `mime`, and a test holds both against each
other.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.protocols.mail.content_type import TEXT_PLAIN, ContentType
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import MAX_HEADER_OCTETS, Field, Message, split_fields
from hatobin.protocols.mail.mime import (
    MAX_DEPTH,
    MAX_PARTS,
    MISSING_START_BOUNDARY,
    default_within,
    delimiter_of,
    described,
    holds_message,
)

_EMPTY = (b"\r\n", b"\n")


@dataclass(slots=True)
class _Multipart:
    """A multipart whose body is being read: before its first part, in one, or behind its last."""

    delimiter: bytes
    default: ContentType
    depth: int
    begun: bool = False
    closed: bool = False


@dataclass(slots=True)
class _Header:
    """The header of a part, as far as it has come."""

    octets: bytearray
    default: ContentType
    depth: int


class MimeWatch:
    """Looks at the body of one message, piece by piece and in order."""

    __slots__ = ("_header", "_in_line", "_multiparts", "_parts", "_unread")

    def __init__(self, message: Message) -> None:
        """Begin with the message's own header; what `message.raw` has of the body is not looked at.

        Raises `MessageError`, as `feed` and `end` do.
        """
        self._parts = 0
        self._multiparts: list[_Multipart] = []  # outermost first
        self._header: _Header | None = None
        self._unread = b""  # an unfinished line that may be a delimiter, or belongs to a header
        self._in_line = False  # the beginning of the unfinished line was let go
        self._enter(message.fields, TEXT_PLAIN, 0)

    def feed(self, piece: bytes) -> None:
        """Take the next octets of the body."""
        self._unread = self._read(self._unread + piece if self._unread else piece)

    def end(self) -> None:
        """Take note that the message is over."""
        if self._unread:
            self._read(self._unread + b"\r\n")
        self._end_headers()
        self._leave(0)

    def _read(self, octets: bytes) -> bytes:
        """Take octets that follow those before; give the unfinished line that must be seen again."""
        position = 0
        while position < len(octets):
            if self._header is None:
                position = self._read_body(octets, position)
                if position < 0:
                    return self._tail(octets)
                continue
            after = octets.find(b"\n", position) + 1
            line = octets[position:after] if after else octets[position:]
            too_large = len(self._header.octets) + len(line) > MAX_HEADER_OCTETS + len(_EMPTY[0])
            if not after and not too_large:
                return line
            position += len(line)
            if not self._take_delimiter(line):
                self._header.octets += line
                if too_large or line in _EMPTY:
                    octets, position = self._end_header() + octets[position:], 0
        return b""

    def _read_body(self, octets: bytes, position: int) -> int:
        """Look at the next line that may be a delimiter; give the place behind it, or -1 if there is none."""
        if not any(not multipart.closed for multipart in self._multiparts):
            return len(octets)
        if self._in_line or not octets.startswith(b"--", position):
            mark = b"\n" if self._in_line else b"\n--"
            position = octets.find(mark, position) + 1
            self._in_line = self._in_line and not position
            if not position or mark == b"\n":
                return position or -1
        after = octets.find(b"\n", position) + 1
        if after:
            self._take_delimiter(octets[position:after])
        return after or -1

    def _tail(self, octets: bytes) -> bytes:
        """Give the unfinished last line where it may become a delimiter; else let it go."""
        tail = octets[octets.rfind(b"\n") + 1 :]
        if self._in_line or not tail:
            return b""
        if (tail.startswith(b"--") or b"--".startswith(tail)) and len(tail) <= MAX_HEADER_OCTETS:
            return tail
        self._in_line = True
        return b""

    def _take_delimiter(self, line: bytes) -> bool:
        """Act on a line if it is a delimiter of any open multipart; the outermost one comes first."""
        if not line.startswith(b"--"):
            return False
        for index, multipart in enumerate(self._multiparts):
            closing = None if multipart.closed else _delimits(line, multipart.delimiter)
            if closing is not None:
                self._end_headers()
                self._leave(index + 1)
                multipart.begun, multipart.closed = True, closing
                if not closing:
                    self._header = _Header(bytearray(), multipart.default, multipart.depth + 1)
                return True
        return False

    def _end_headers(self) -> None:
        """Enter the parts whose range ends here, before an empty line came."""
        while self._header is not None:
            self._read(self._end_header())

    def _end_header(self) -> bytes:
        """Enter the part whose header was read; give what belongs to its body of what was taken for the header."""
        header = self._header
        assert header is not None, "a header is being read"
        self._header = None
        octets = bytes(header.octets)
        _, fields, _, body_start = split_fields(octets, 0, len(octets))
        self._enter(fields, header.default, header.depth)
        return octets[body_start:]

    def _enter(self, fields: tuple[Field, ...], default: ContentType, depth: int) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise MessageError(f"Message contains more than {MAX_PARTS} MIME parts.")
        if depth > MAX_DEPTH:
            raise MessageError("MIME parts are nested too deeply.")
        content_type, encoding = described(fields, default)
        if content_type.main == "multipart":
            self._multiparts.append(_Multipart(delimiter_of(content_type), default_within(content_type), depth))
        elif holds_message(content_type, encoding):
            self._header = _Header(bytearray(), TEXT_PLAIN, depth + 1)

    def _leave(self, index: int) -> None:
        """Close the multiparts from `index` on; each must have begun."""
        if any(not multipart.begun for multipart in self._multiparts[index:]):
            raise MessageError(MISSING_START_BOUNDARY)
        del self._multiparts[index:]


def _delimits(line: bytes, delimiter: bytes) -> bool | None:
    """Say whether a line is a delimiter: True for the closing one, None where it is none (RFC 2046 §5.1.1)."""
    if not line.startswith(delimiter):
        return None
    rest = line[len(delimiter) :]
    closing = rest.startswith(b"--")
    padding = rest[2:] if closing else rest
    return closing if padding.lstrip(b" \t") in (b"", *_EMPTY) else None
