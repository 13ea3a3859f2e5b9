"""The header block of a message: split, looked up and edited as bytes.

A message is never re-serialised. It is split into whole fields, each with
its own folding and line ends, and joined again from the same bytes; an edit
drops, replaces or appends whole fields. So a signature made by somebody else
over a field we did not touch stays good.

Law: RFC 5322 §2.1, §2.2 and §3.6. Which fields may appear once is SES's list
(developer guide, "header-fields").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from msgspec import Struct

from hatobin.protocols.mail.errors import HeaderError

MAX_HEADER_OCTETS = 1 << 20
"""Octets of a header block that are read. Real ones stay below 100 kB."""
MAX_FIELDS = 5_000
"""Fields of one message. Real messages stay below 200."""
MAX_LINE_OCTETS = 998  # RFC 5322 §2.1.1, without the line end.
FOLD_OCTETS = 78  # RFC 5322 §2.1.1: lines should be no longer.

ONCE_ONLY = frozenset(
    re.findall(
        r"\S+",
        """
    accept-language acceptlanguage archived-at auto-submitted bounces-to comments content-alternative content-base
    content-class content-description content-disposition content-duration content-id content-language content-length
    content-location content-md5 content-transfer-encoding content-type date delivered-to
    disposition-notification-options disposition-notification-to dkim-signature domainkey-signature errors-to from
    importance in-reply-to keywords list-archive list-help list-id list-owner list-post list-subscribe
    list-unsubscribe list-unsubscribe-post message-context message-id mime-version organization original-from
    original-message-id original-recipient original-subject precedence priority references reply-to return-path
    return-receipt-to sender solicitation sensitivity subject thread-index thread-topic user-agent vbr-info
    """,
    )
)
"""Lower-cased names of the fields that SES accepts at most once."""

# One field with its continuation lines, or one line that is no field (its name stays empty).
# RFC 5322 §4.5.3 lets old mail have blanks before the colon.
_FIELD = re.compile(rb"(([!-9;-~]++)[ \t]*+:.*+\n?(?:[ \t].*+\n?)*+|.++\n?|\n)")
_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"[!-9;-~]+", re.ASCII)
_USUAL_NAMES = re.findall(
    rb"\S+",
    b"""
    From To Cc Bcc Subject Date Message-ID Message-Id MIME-Version Mime-Version Content-Type Content-Transfer-Encoding
    Reply-To Return-Path Received Sender DKIM-Signature Feedback-ID List-Unsubscribe List-Unsubscribe-Post List-Id
    X-Mailer User-Agent References In-Reply-To X-SES-CONFIGURATION-SET X-SES-MESSAGE-TAGS X-SES-Outgoing
    Authentication-Results Received-SPF ARC-Seal ARC-Message-Signature ARC-Authentication-Results Auto-Submitted
    Precedence Importance X-Priority Content-Language Content-Disposition Content-ID Content-Description
""",
)
_KEYS: dict[bytes, str] = {name: name.decode("ascii").lower() for name in _USUAL_NAMES}


class Field(NamedTuple):
    """One header field: its lower-cased name, and all its octets with folding and line end."""

    key: str
    raw: bytes

    @property
    def name(self) -> str:
        """The name as it was written."""
        return self.raw.partition(b":")[0].rstrip(b" \t").decode("latin-1")

    @property
    def value(self) -> str:
        """The unfolded value, without blanks at either end; encoded words stay encoded."""
        return unfold(self.raw.partition(b":")[2])


_new_field = partial(tuple.__new__, Field)


class Message(Struct, frozen=True):
    """A message split into its header fields and the place where its body starts.

    `raw` holds the whole message. `fields` may differ from it after an edit;
    `to_bytes` then gives the edited message. `opening` is an mbox "From "
    line that some clients leave in front, `separator` the empty line before
    the body; it is empty where the message has none.
    """

    raw: bytes
    fields: tuple[Field, ...]
    body_start: int
    opening: bytes = b""
    separator: bytes = b"\r\n"
    has_crlf: bool = False
    """Whether every line end of `raw` is known to be CRLF, so that nobody needs to look again."""

    @property
    def body(self) -> bytes:
        """The octets after the empty line (a copy)."""
        return self.raw[self.body_start :]

    @property
    def body_view(self) -> memoryview:
        """The octets after the empty line, not copied."""
        return memoryview(self.raw)[self.body_start :]

    def get(self, key: str) -> Field | None:
        """Find the first field of the lower-cased name `key`."""
        for found in self.fields:
            if found[0] == key:
                return found
        return None

    def all(self, key: str) -> tuple[Field, ...]:
        """Find every field of the lower-cased name `key`, top to bottom."""
        return tuple([found for found in self.fields if found[0] == key])

    def value(self, key: str) -> str | None:
        """Give the unfolded value of the first field named `key`, or None."""
        found = self.get(key)
        return None if found is None else found.value

    def with_fields(self, fields: Iterable[Field]) -> Message:
        """Give the same message with another list of fields."""
        return Message(self.raw, tuple(fields), self.body_start, self.opening, self.separator, self.has_crlf)

    def without(self, keys: Iterable[str]) -> Message:
        """Give the message without any field whose lower-cased name is in `keys`."""
        unwanted = frozenset(keys)
        return self.with_fields([kept for kept in self.fields if kept[0] not in unwanted])

    def appended(self, *fields: Field) -> Message:
        """Give the message with `fields` below its own."""
        return self.with_fields(self.fields + fields)

    def prepended(self, *fields: Field) -> Message:
        """Give the message with `fields` above its own, where trace fields go (RFC 5321 §4.4)."""
        return self.with_fields(fields + self.fields)

    def replaced(self, field: Field) -> Message:
        """Put `field` where the first one of its name stands, drop the others, or append it."""
        fields: list[Field] = []
        placed = False
        for old in self.fields:
            if old[0] != field[0]:
                fields.append(old)
            elif not placed:
                fields.append(field)
                placed = True
        if not placed:
            fields.append(field)
        return self.with_fields(fields)

    def head(self) -> bytes:
        """The header block with the empty line after it."""
        return b"".join([self.opening, *[field[1] for field in self.fields], self.separator])

    def to_bytes(self) -> bytes:
        """Join the message; without an edit this is byte for byte `raw`."""
        return b"".join([self.opening, *[field[1] for field in self.fields], self.separator, self.body_view])


def split_message(raw: bytes, *, has_crlf: bool = False) -> Message:
    """Split a message at its fields, without changing an octet.

    Lines may end in CRLF or LF. The block ends at the first empty line, or
    at the first line that is neither field nor continuation: from there on
    everything is body, as other mail software reads it. Raises `HeaderError`
    only when the block is larger than `MAX_HEADER_OCTETS` or has more than
    `MAX_FIELDS` fields. `has_crlf`: the caller knows that every line ends in CRLF.
    """
    opening, fields, fields_end, body_start = split_fields(raw, 0, len(raw))
    return Message(raw, fields, body_start, opening, raw[fields_end:body_start], has_crlf)


def split_fields(raw: bytes, start: int, stop: int) -> tuple[bytes, tuple[Field, ...], int, int]:
    """Split the header block that begins at `start`, of a message or of a MIME part that ends at `stop`.

    Gives the mbox line above the fields, the fields, where they end and where
    the body starts. Raises `HeaderError` as `split_message` does.
    """
    end, body_start = _block_end(raw, start, stop)
    if end - start > MAX_HEADER_OCTETS:
        raise HeaderError("The header section of the message is too large.")
    keys = _KEYS
    pairs = _FIELD.findall(raw, start, end)
    if len(pairs) > MAX_FIELDS:
        raise HeaderError("The message has too many header fields.")
    fields = tuple([_new_field((keys.get(name) or name.decode("latin-1").lower(), field)) for field, name in pairs])
    for field in fields:
        if not field[0]:
            return _irregular(fields, start, end, body_start)
    return b"", fields, end, body_start


def _block_end(raw: bytes, start: int, stop: int) -> tuple[int, int]:
    """Give where the fields end and where the body starts; both are `stop` if there is no empty line."""
    if raw.startswith(b"\r\n", start, stop):
        return start, start + 2
    if raw.startswith(b"\n", start, stop):
        return start, start + 1
    crlf = raw.find(b"\n\r\n", start, stop)
    bare = raw.find(b"\n\n", start, crlf + 1 if crlf >= 0 else stop)
    if bare >= 0:
        return bare + 1, bare + 2
    if crlf >= 0:
        return crlf + 1, crlf + 3
    return stop, stop


def _irregular(
    fields: tuple[Field, ...], start: int, end: int, body_start: int
) -> tuple[bytes, tuple[Field, ...], int, int]:
    """Handle a block with a line that is no field: an mbox line on top, or the start of the body."""
    opening = b""
    if fields[0][1].startswith((b"From ", b">From ")) and not fields[0][0]:
        opening, fields = fields[0][1], fields[1:]
    position = start + len(opening)
    for index, field in enumerate(fields):
        if not field[0]:
            return opening, fields[:index], position, position
        position += len(field[1])
    return opening, fields, end, body_start


def unfold(value: bytes) -> str:
    """Undo folding and decode: UTF-8 where it is that, else Latin-1 (RFC 6532 §3.2, lenient below).

    The blank that a fold hides behind becomes one space, as in SES's events.
    """
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return unfold_text(text)


def unfold_text(text: str) -> str:
    """Undo folding as `unfold` does."""
    text = text.strip(" \t\r\n")
    return _FOLD.sub(" ", text) if "\n" in text else text


def find_duplicate(fields: Iterable[Field]) -> str | None:
    """Name the first field that appears twice though SES allows it once; as first written."""
    seen: set[str] = set()
    first: dict[str, Field] = {}
    for field in fields:
        key = field[0]
        if key in ONCE_ONLY:
            if key in seen:
                return first[key].name
            seen.add(key)
            first[key] = field
    return None


def header_values(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """Give name and unfolded value of each field, in order."""
    for field in fields:
        yield field.name, field.value


def check_name(name: str) -> None:
    """Refuse what is no field name (RFC 5322 §2.2). Raises `HeaderError`."""
    if not _NAME.fullmatch(name):
        raise HeaderError(f"Invalid header name <{printable(name)}>.")


def check_value(name: str, value: str) -> None:
    """Refuse a value that would end its field, or that holds a control character. Raises `HeaderError`."""
    if not value.isprintable() and any(character < " " and character != "\t" for character in value):
        raise HeaderError(f"Invalid value for header <{printable(name)}>.")
    if "\x7f" in value:
        raise HeaderError(f"Invalid value for header <{printable(name)}>.")


def printable(text: str) -> str:
    """Make a caller's text safe to repeat in an error."""
    return "".join([character if character.isprintable() else "?" for character in text[:128]])


def ascii_field(name: str, value: str) -> Field:
    """Make one field from an ASCII value, folded at its blanks where it is long.

    Unfolding gives the very same value. Raises `HeaderError` for an illegal
    name, for CR, LF or another control character in the value (header
    injection), for non-ASCII, and for a word too long for one line.
    """
    check_name(name)
    check_value(name, value)
    if not value.isascii():
        raise HeaderError(f"Invalid value for header <{printable(name)}>.")
    line = f"{name}: {value}"
    if len(line) > FOLD_OCTETS and (len(line) > MAX_LINE_OCTETS or " " in value or "\t" in value):
        line = fold(line)
    return _new_field((name.lower(), line.encode("ascii") + b"\r\n"))


def fold(line: str) -> str:
    """Break one header line before blanks so that pieces keep within 78 columns where they can.

    RFC 5322 §2.2.3: only CRLFs are inserted, so unfolding restores the line.
    A piece is never all blank (§3.2.2 forbids such lines). Raises
    `HeaderError` when a word leaves a line over 998 octets.
    """
    pieces: list[str] = []
    rest = line
    # The name and its colon stay on the first line together with the first word.
    floor = rest.find(":") + 2
    while len(rest) > FOLD_OCTETS:
        cut = _fold_point(rest, floor)
        if cut < 0:
            break
        pieces.append(rest[:cut])
        rest, floor = rest[cut:], 1
    pieces.append(rest)
    if any(len(piece) > MAX_LINE_OCTETS for piece in pieces):
        raise HeaderError("A header line is longer than 998 characters and cannot be folded.")
    return "\r\n".join(pieces)


def _fold_point(text: str, floor: int) -> int:
    """Find the blank to break before: the last one within the limit, else the next one after it; else -1."""
    # Blanks at either end of the piece are no place to break: a line must not be all blank.
    end = len(text.rstrip(" \t"))
    start = max(floor, len(text) - len(text.lstrip(" \t"))) + 1
    stop = min(FOLD_OCTETS + 1, end)
    cut = max(text.rfind(" ", start, stop), text.rfind("\t", start, stop))
    if cut >= 0:
        return cut
    space, tab = text.find(" ", max(stop, start), end), text.find("\t", max(stop, start), end)
    return max(space, tab) if space < 0 or tab < 0 else min(space, tab)
