"""Outbound rewriting: what an accepted message looks like when it leaves.

The fields that SES owns are replaced, those that steer it or tell about
hidden recipients are removed, what every message needs is added; all other
octets pass as they came (and the signatures of others over them with them).

Order on the wire, as SES sends it: the sender's fields, then Message-ID,
Date, and the fields of the service. Signing comes after all of this.

Refs: SES developer guide, "header-fields"; RFC 5322 §3.6.3 (Bcc), RFC 5321
§4.4 (Return-Path), RFC 2045 §4 and §5.2 (defaults).
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.protocols.mail.control import CONTROL_PREFIX
from hatobin.protocols.mail.errors import MISSING_FROM, MessageError
from hatobin.protocols.mail.headers import Field, Message, ascii_field, find_duplicate, split_message
from hatobin.protocols.mail.mime import Part, parse_parts
from hatobin.protocols.mail.recode import fit_lines, to_seven_bit
from hatobin.protocols.mail.transfer import crlf, longest_line_exceeds

_REMOVED = frozenset({"bcc", "resent-bcc", "return-path", "message-id", "date"})
_MIME_VERSION = Field("mime-version", b"MIME-Version: 1.0\r\n")
_ASCII_TEXT = Field("content-type", b"Content-Type: text/plain; charset=us-ascii\r\n")
_UTF8_TEXT = Field("content-type", b"Content-Type: text/plain; charset=UTF-8\r\n")
_LATIN1_TEXT = Field("content-type", b"Content-Type: text/plain; charset=ISO-8859-1\r\n")
_EIGHT_BIT = Field("content-transfer-encoding", b"Content-Transfer-Encoding: 8bit\r\n")


def read_message(raw: bytes) -> Message:
    """Split a message that a caller submitted, every line end made CRLF first.

    Bare CR and LF are normalised before anything is judged, so that no field
    or end of data can hide behind one (RFC 5321 §2.3.8). Raises `HeaderError`.
    """
    return split_message(crlf(raw), has_crlf=True)


def check_message(message: Message) -> Part:
    """Judge a submitted message as SES does, and give its MIME tree.

    Raises `MessageError` for a missing From, for a field that may appear only
    once and is doubled, and for broken MIME (see `mime.parse_parts`).
    """
    check_fields(message)
    return parse_parts(message)


def check_fields(message: Message) -> None:
    """Judge the header of a submitted message; raises `MessageError` (see `check_message`)."""
    if message.get("from") is None:
        raise MessageError(MISSING_FROM)
    duplicate = find_duplicate(message.fields)
    if duplicate is not None:
        raise MessageError(f"Duplicate header '{duplicate}'.")


def rewrite(
    message: Message,
    *,
    message_id_header: str,
    date: str,
    extra: Sequence[tuple[str, str]] = (),
    seven_bit: bool = False,
) -> bytes:
    """Give the octets that leave.

    `message_id_header` is the whole value with its angle brackets, `date` one
    of `dates.format_date`. `extra` holds fields of the service such as
    Feedback-ID and X-SES-Outgoing; the sender's own of the same name are
    dropped, so that each stands once. With `seven_bit`, eight-bit parts are
    encoded (for a hop without 8BITMIME). Raises `HeaderError` for an `extra`
    that is no legal field, `LineTooLong` for a line over 998 octets that
    cannot be mended, and `MessageError` for broken MIME when mending is needed.
    """
    if not message.has_crlf and (raw := crlf(message.raw)) is not message.raw:
        message = split_message(raw)
    added = [ascii_field("Message-ID", message_id_header), ascii_field("Date", date)]
    added += [ascii_field(name, value) for name, value in extra]
    replaced = {field[0] for field in added}
    kept: list[Field] = []
    keys: set[str] = set()
    for field in message.fields:
        key = field[0]
        if key in _REMOVED or key in replaced or key.startswith(CONTROL_PREFIX):
            continue
        keys.add(key)
        kept.append(field)
    if kept and not kept[-1][1].endswith(b"\n"):
        kept[-1] = Field(kept[-1][0], kept[-1][1] + b"\r\n")
    if "mime-version" not in keys or "content-type" not in keys:
        kept += _mime_defaults(message, keys)
    # A message without its empty line gets it here; an mbox line on top is dropped.
    octets = b"".join([*[field[1] for field in kept], *[field[1] for field in added], b"\r\n", message.body_view])
    if seven_bit:
        octets = to_seven_bit(octets)
    return fit_lines(octets) if longest_line_exceeds(octets) >= 0 else octets


def _mime_defaults(message: Message, keys: set[str]) -> list[Field]:
    """Give the MIME fields that a message lacks; its body decides the charset it is labelled with."""
    fields = [] if "mime-version" in keys else [_MIME_VERSION]
    if "content-type" in keys:
        return fields
    body = message.body
    if body.isascii():
        return [*fields, _ASCII_TEXT]
    try:
        body.decode("utf-8")
        fields.append(_UTF8_TEXT)
    except UnicodeDecodeError:
        fields.append(_LATIN1_TEXT)
    return fields if "content-transfer-encoding" in keys else [*fields, _EIGHT_BIT]
