"""Records of a file for the suppression list. Pure.

CSV has no header: `address,REASON` to put, `address` to delete; further fields
of a record to delete do not matter, so that one file serves for both.

Refs: AWS developer guide, "sending-email-suppression-list" (bulk).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.capabilities import suppression
from hatobin.capabilities.jobs.model import Action, Rejected

Entry = tuple[str, str]
"""An address as the list keeps it, and the reason; "" to delete."""

_REASONS = ("BOUNCE", "COMPLAINT")


class _Line(msgspec.Struct, rename="camel"):
    email_address: str
    reason: str = ""


_line = msgspec.json.Decoder(_Line)


def is_header(fields: Sequence[str]) -> bool:
    """Say whether the first record names its columns, which is not asked for but done."""
    return bool(fields) and fields[0].strip().lower() == "emailaddress"


def entry_of_fields(fields: Sequence[str], action: Action) -> Entry | Rejected:
    """Read a record of CSV."""
    reason = fields[1] if len(fields) > 1 else ""
    if action == "PUT" and len(fields) > 2:
        return Rejected(tuple(fields), "The record has more than two fields.")
    return _entry(fields, fields[0], reason, action)


def entry_of_json(octets: bytes, text: str, action: Action) -> Entry | Rejected:
    """Read a record of JSON."""
    try:
        line = _line.decode(octets)
    except (msgspec.DecodeError, RecursionError) as error:
        return Rejected((text,), f"The record is not as it should be: {error}")
    return _entry((text,), line.email_address, line.reason, action)


def _entry(fields: Sequence[str], address: str, reason: str, action: Action) -> Entry | Rejected:
    try:
        key = suppression.key_of(address)
    except suppression.InvalidDestination as invalid:
        return Rejected(tuple(fields), str(invalid))
    if action == "DELETE":
        return key, ""
    reason = reason.strip()
    if reason not in _REASONS:
        return Rejected(tuple(fields), f"The reason <{reason}> is neither BOUNCE nor COMPLAINT.")
    return key, reason
