"""The tree of MIME parts of a message, as positions in its octets.

Nothing is copied or decoded: a part says where its header and its body lie.
The walk is as strict as SES is, with its texts, and bounded in depth and count.

Law: RFC 2046 §5.1 (multipart), §5.2 (message); SES quotas (500 parts).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from hatobin.protocols.mail.content_type import TEXT_PLAIN, ContentType, parse_content_type, parse_disposition
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import Field, Message, split_fields

MAX_PARTS = 500  # SES developer guide, "quotas".
MAX_DEPTH = 50
"""Multiparts and messages within each other. Real mail stays below 10."""

MISSING_START_BOUNDARY = "Missing start boundary"  # Observed, as SES answers it.
_ATTACHED_MESSAGE = ContentType("message", "rfc822", {})  # RFC 2046 §5.1.5: the default within a digest.
_IDENTITY_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})


class Part(Struct, frozen=True):
    """One entity: a leaf, a multipart, or an attached message with the message's parts as children.

    Its fields end at `fields_end`, its body starts at `body_start` and ends at
    `end`; the line end before a delimiter belongs to the delimiter. `encoding`
    is the lower-cased Content-Transfer-Encoding, "" where there is none.
    """

    content_type: ContentType
    encoding: str
    fields: tuple[Field, ...]
    fields_end: int
    body_start: int
    end: int
    children: tuple[Part, ...] = ()

    @property
    def is_leaf(self) -> bool:
        """Whether the part has content of its own rather than parts."""
        return not self.children and self.content_type.main != "multipart"

    def walk(self) -> Iterator[Part]:
        """Visit this part and all below it, in order."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


def parse_parts(message: Message) -> Part:
    """Read the MIME structure of a message as it is in `message.raw`.

    Raises `MessageError` for a broken Content-Type or Content-Disposition,
    for a multipart whose first delimiter is missing, and beyond `MAX_PARTS`
    and `MAX_DEPTH`.
    """
    fields_end = message.body_start - len(message.separator)
    return _Walk(message.raw).entity(message.fields, fields_end, message.body_start, len(message.raw), 0)


def described(fields: tuple[Field, ...], default: ContentType) -> tuple[ContentType, str]:
    """Read what fields say about their part: its type, and its encoding in lower case. Raises `MessageError`."""
    content_type, encoding = default, ""
    for field in fields:
        if field[0] == "content-type":
            content_type = parse_content_type(field.value)
        elif field[0] == "content-transfer-encoding":
            encoding = field.value.partition(";")[0].strip().lower()
        elif field[0] == "content-disposition":
            parse_disposition(field.value)
    return content_type, encoding


def holds_message(content_type: ContentType, encoding: str) -> bool:
    """Say whether the body of a part is a message that can be looked into."""
    return content_type.main == "message" and content_type.sub == "rfc822" and encoding in _IDENTITY_ENCODINGS


def default_within(content_type: ContentType) -> ContentType:
    """Give the type of a part that names none, within a multipart."""
    return _ATTACHED_MESSAGE if content_type.sub == "digest" else TEXT_PLAIN


def delimiter_of(content_type: ContentType) -> bytes:
    """Give the beginning of a multipart's delimiter lines. Raises `MessageError` when it names no boundary."""
    boundary = content_type.parameters.get("boundary", "").rstrip(" ")
    if not boundary:
        raise MessageError(MISSING_START_BOUNDARY)
    try:
        return b"--" + boundary.encode("latin-1")
    except UnicodeEncodeError:
        raise MessageError(MISSING_START_BOUNDARY) from None


class _Walk:
    """One walk over one message; it only counts parts on the way."""

    __slots__ = ("_parts", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._parts = 0

    def entity(
        self,
        fields: tuple[Field, ...],
        fields_end: int,
        body_start: int,
        end: int,
        depth: int,
        default: ContentType = TEXT_PLAIN,
    ) -> Part:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise MessageError(f"Message contains more than {MAX_PARTS} MIME parts.")
        if depth > MAX_DEPTH:
            raise MessageError("MIME parts are nested too deeply.")
        content_type, encoding = described(fields, default)
        children: tuple[Part, ...] = ()
        if content_type.main == "multipart":
            children = self._multipart(content_type, body_start, end, depth)
        elif holds_message(content_type, encoding):
            children = (self._read(body_start, end, depth + 1),)
        return Part(content_type, encoding, fields, fields_end, body_start, end, children)

    def _read(self, start: int, end: int, depth: int, default: ContentType = TEXT_PLAIN) -> Part:
        _, fields, fields_end, body_start = split_fields(self._raw, start, end)
        return self.entity(fields, fields_end, body_start, end, depth, default)

    def _multipart(self, content_type: ContentType, body_start: int, end: int, depth: int) -> tuple[Part, ...]:
        delimiter = delimiter_of(content_type)
        line = self._delimiter(delimiter, body_start, end)
        if line is None:
            raise MessageError(MISSING_START_BOUNDARY)
        default = default_within(content_type)
        children: list[Part] = []
        while line is not None and not line[2]:
            start = line[1]
            line = self._delimiter(delimiter, start, end)
            stop = end if line is None else max(self._before_line_end(line[0]), start)
            children.append(self._read(start, stop, depth + 1, default))
        return tuple(children)

    def _delimiter(self, delimiter: bytes, start: int, end: int) -> tuple[int, int, bool] | None:
        """Find the next delimiter line: where it starts, where the next line starts, and if it closes."""
        raw, position = self._raw, start
        while (found := raw.find(delimiter, position, end)) >= 0:
            position = found + len(delimiter)
            if found != start and raw[found - 1] != 0x0A:
                continue
            closing = raw.startswith(b"--", position, end)
            after = position + 2 if closing else position
            while after < end and raw[after] in b" \t":
                after += 1  # RFC 2046 §5.1.1: transport padding.
            if after >= end or raw[after] == 0x0A:
                return found, min(after + 1, end), closing
            if raw.startswith(b"\r\n", after, end):
                return found, after + 2, closing
        return None

    def _before_line_end(self, position: int) -> int:
        """Give where the line end in front of `position` begins."""
        if self._raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1
