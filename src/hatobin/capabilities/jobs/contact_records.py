"""Records of a file for a contact list. Pure.

The first line of CSV names the columns: `emailAddress`, `unsubscribeAll`,
`attributesData` and one `topicPreferences.TOPIC` for each topic; JSON has an
object in each line, with the same names and a list of `topicPreferences`.

Refs: AWS developer guide, "sending-email-list-management" (bulk).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from hatobin.capabilities import contacts
from hatobin.capabilities.contacts import Contact
from hatobin.capabilities.jobs.model import JobFailed, Rejected
from hatobin.words.address_rules import MAX_ADDRESS_LENGTH

_TOPIC = "topicPreferences."
_COLUMNS = ("emailAddress", "unsubscribeAll", "attributesData")
_STATUSES = ("OPT_IN", "OPT_OUT")
_BOOLEANS = {"": False, "false": False, "true": True}


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A contact, and the fields or the text that it was read from."""

    contact: Contact
    fields: tuple[str, ...]


class _Preference(msgspec.Struct, rename="camel"):
    topic_name: str
    subscription_status: Literal["OPT_IN", "OPT_OUT"]


class _Line(msgspec.Struct, rename="camel"):
    email_address: str
    unsubscribe_all: bool = False
    attributes_data: str | None = None
    topic_preferences: list[_Preference] | None = None


_line = msgspec.json.Decoder(_Line)


def check_header(columns: Sequence[str]) -> tuple[str, ...]:
    """Give the columns that the first line names. Raises `JobFailed`."""
    names = tuple(column.strip() for column in columns)
    if "emailAddress" not in names:
        raise JobFailed("The first line must name the columns, and emailAddress among them.")
    if len(set(names)) != len(names):
        raise JobFailed("The first line names a column twice.")
    unknown = [name for name in names if "\n" in name or (name not in _COLUMNS and not name.startswith(_TOPIC))]
    if unknown:
        raise JobFailed(f"The first line names a column that contacts do not have: {unknown[0]}")
    return names


def contact_of_fields(fields: Sequence[str], columns: Sequence[str], now: float) -> ContactRecord | Rejected:
    """Read a record of CSV; a field that is empty or left out says nothing."""
    if len(fields) > len(columns):
        return Rejected(
            tuple(fields),
            f"The record has {len(fields)} fields, the first line {len(columns)}: quote fields with commas.",
        )
    values = dict(zip(columns, fields, strict=False))
    unsubscribe_all = _BOOLEANS.get(values.get("unsubscribeAll", "").strip().lower())
    if unsubscribe_all is None:
        return Rejected(tuple(fields), f"unsubscribeAll <{values['unsubscribeAll']}> is neither true nor false.")
    preferences = {}
    for column, value in values.items():
        status = value.strip()
        if not column.startswith(_TOPIC) or not status:
            continue
        if status not in _STATUSES:
            return Rejected(tuple(fields), f"{column} <{status}> is neither OPT_IN nor OPT_OUT.")
        preferences[column.removeprefix(_TOPIC)] = status
    attributes = values.get("attributesData") or None
    return _contact(fields, values["emailAddress"].strip(), preferences, unsubscribe_all, attributes, now)


def contact_of_json(octets: bytes, text: str, now: float) -> ContactRecord | Rejected:
    """Read a record of JSON."""
    try:
        line = _line.decode(octets)
    except (msgspec.DecodeError, RecursionError) as error:
        return Rejected((text,), f"The record is not as it should be: {error}")
    preferences = {one.topic_name: one.subscription_status for one in line.topic_preferences or ()}
    return _contact((text,), line.email_address, dict(preferences), line.unsubscribe_all, line.attributes_data, now)


def _contact(
    fields: Sequence[str],
    address: str,
    preferences: dict[str, str],
    unsubscribe_all: bool,
    attributes: str | None,
    now: float,
) -> ContactRecord | Rejected:
    if len(address) > MAX_ADDRESS_LENGTH:
        return Rejected(tuple(fields), f"EmailAddress has more than {MAX_ADDRESS_LENGTH} characters.")
    try:
        contacts.check_address(address)
    except contacts.InvalidContact as invalid:
        return Rejected(tuple(fields), str(invalid))
    return ContactRecord(Contact(address, preferences, unsubscribe_all, attributes, now, now), tuple(fields))
