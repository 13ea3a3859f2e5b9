"""The header parts of the `mail` object in events, notifications and inbound records.

`headers` lists the fields as they were written, unfolded; `commonHeaders`
holds the well-known ones decoded, and lacks those that the message lacks.

Refs: SES developer guide, "event-publishing-retrieving-sns-contents",
"notification-contents", "receiving-email-notifications-contents".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

from hatobin.protocols.mail.encoded_words import decode_words
from hatobin.protocols.mail.headers import Field, unfold, unfold_text
from hatobin.words.address import AddressError, Mailbox, parse_mailbox_list

MAX_EVENT_HEADER_OCTETS = 10 * 1024
"""Octets of names and values in `headers`: SES's 10 KB, beyond which it truncates."""

_ADDRESS_FIELDS = {"from": "from", "to": "to", "cc": "cc", "bcc": "bcc", "reply-to": "replyTo"}
# Where none of these occurs, splitting at commas gives what the parser would give.
_NEEDS_PARSER = re.compile(r"""["()\\:;]|=\?|(?:^|,)\s*+<|\.[^<>@,.]*+<""")
# One address and nothing else; the parser would write it in the same way.
_ALONE = re.compile(r"<([A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++)>")
_SHORT = 64
"""So short an address breaks no limit of length (RFC 5321 §4.5.3.1)."""
_COMMON_KEYS = frozenset({*_ADDRESS_FIELDS, "subject", "date", "message-id", "return-path"})


class EventHeaders(NamedTuple):
    """The list for `mail.headers`, and the flag for `mail.headersTruncated`."""

    headers: list[dict[str, str]]
    truncated: bool


def event_headers(fields: Iterable[Field], *, limit: int = MAX_EVENT_HEADER_OCTETS) -> EventHeaders:
    """List the fields for `mail.headers`; what would pass `limit` octets is cut off at a field."""
    headers: list[dict[str, str]] = []
    used = 0
    for field in fields:
        # Folding only shrinks, so the raw length is a safe and cheap measure.
        used += len(field[1]) - 4
        if used > limit:
            return EventHeaders(headers, True)
        if field[1].isascii():  # Nearly every field, and decoded at once.
            name, _, value = field[1].decode("ascii").partition(":")
            headers.append({"name": name.rstrip(" \t"), "value": unfold_text(value)})
        else:
            octets, _, raw_value = field[1].partition(b":")
            headers.append({"name": octets.rstrip(b" \t").decode("latin-1"), "value": unfold(raw_value)})
    return EventHeaders(headers, False)


def common_headers(
    fields: Iterable[Field],
    *,
    message_id: str | None = None,
    return_path: str | None = None,
    listed: EventHeaders | None = None,
) -> dict[str, str | list[str]]:
    """Build `commonHeaders`: decoded values of the well-known fields, keys in SES's order.

    `listed` are the same fields as `event_headers` gives them: then they are unfolded already.

    The message's own Message-ID counts; `message_id` (the id that SES handed
    out) stands in where it has none. `return_path` overrides a Return-Path
    field. An address list that does not parse is given whole, decoded.
    """
    known = () if listed is None else listed.headers
    found: dict[str, str] = {}
    for field, header in zip_longest(fields, known):
        if field[0] in _COMMON_KEYS and field[0] not in found:
            found[field[0]] = field.value if header is None else header["value"]
    common: dict[str, str | list[str]] = {}
    if return_path is not None:
        common["returnPath"] = return_path
    elif "return-path" in found:
        common["returnPath"] = found["return-path"].removeprefix("<").removesuffix(">")
    if "from" in found:
        common["from"] = display_list(found["from"])
    if "date" in found:
        common["date"] = found["date"]
    for key in ("to", "cc", "bcc", "reply-to"):
        if key in found:
            common[_ADDRESS_FIELDS[key]] = display_list(found[key])
    if "message-id" in found:
        common["messageId"] = found["message-id"]
    elif message_id is not None:
        common["messageId"] = message_id
    if "subject" in found:
        common["subject"] = decode_words(found["subject"])
    return common


def display_list(value: str) -> list[str]:
    """Give the mailboxes of an unfolded address field, one text each, names decoded."""
    if len(value) <= _SHORT and (alone := _ALONE.fullmatch(value)) is not None:
        return [alone[1]]
    if _NEEDS_PARSER.search(value) is None:
        return [element.strip() for element in value.split(",") if element and not element.isspace()]
    try:
        mailboxes = parse_mailbox_list(value)
    except AddressError:
        return [decode_words(value)]
    return [_display(mailbox) for mailbox in mailboxes]


def _display(mailbox: Mailbox) -> str:
    if "=?" not in mailbox.display_name:
        return str(mailbox)
    return str(Mailbox(decode_words(mailbox.display_name), mailbox.address))
