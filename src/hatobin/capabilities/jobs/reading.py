"""Raw records into what they ask for. Pure.

What is empty is no record. A byte order mark at the beginning, and carriage
returns at the ends of lines, do not matter.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.jobs import contact_records, suppression_records
from hatobin.capabilities.jobs.contact_records import ContactRecord
from hatobin.capabilities.jobs.model import MAX_RECORD_BYTES, ImportOrder, JobFailed, Rejected
from hatobin.capabilities.jobs.splitting import RawRecord
from hatobin.capabilities.jobs.suppression_records import Entry

SHOWN_CHARACTERS = 1000
"""What is shown of a record that is too long."""

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that follow each other, read: where they begin and end in the object, and what they ask for."""

    start: int
    end: int
    entries: tuple[Entry, ...] = ()
    contacts: tuple[ContactRecord, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many records these are; lines that are empty or name columns are none."""
        return len(self.entries) + len(self.contacts) + len(self.rejected)


def read_batch(
    order: ImportOrder, raw: Sequence[RawRecord], *, start: int, columns: tuple[str, ...], now: float
) -> Batch:
    """Read records that begin at octet `start`. `columns` are those of a CSV file of contacts, once they are known.

    Raises `JobFailed` where the first line should name columns and does not.
    """
    entries: list[Entry] = []
    found: list[ContactRecord] = []
    rejected: list[Rejected] = []
    is_first = start == 0
    for record in raw:
        octets = record.octets.removeprefix(_MARK) if is_first else record.octets
        octets = octets.removesuffix(b"\r")
        if not octets.strip():
            continue
        if order.data_format == "CSV" and (is_first or (order.target == "CONTACT_LIST" and not columns)):
            named = _columns(order, octets, record.is_too_long)
            is_first = False
            if named is not None:
                columns = named
                continue
        is_first = False
        one = _one(order, octets, record.is_too_long, columns, now)
        if isinstance(one, Rejected):
            rejected.append(one)
        elif isinstance(one, ContactRecord):
            found.append(one)
        else:
            entries.append(one)
    return Batch(start, raw[-1].end, tuple(entries), tuple(found), tuple(rejected), columns)


def _columns(order: ImportOrder, octets: bytes, is_too_long: bool) -> tuple[str, ...] | None:
    """Give the columns that the first record names; None where it is a record like others. Raises `JobFailed`."""
    fields = None if is_too_long else _fields(octets)
    if order.target == "CONTACT_LIST":
        if not isinstance(fields, list):
            raise JobFailed("The first line must name the columns, and emailAddress among them.")
        return contact_records.check_header(fields)
    return () if isinstance(fields, list) and suppression_records.is_header(fields) else None


def _one(
    order: ImportOrder, octets: bytes, is_too_long: bool, columns: tuple[str, ...], now: float
) -> Entry | ContactRecord | Rejected:
    if is_too_long:
        shown = octets[:SHOWN_CHARACTERS].decode("utf-8", "replace")
        return Rejected((shown,), f"The record has more than {MAX_RECORD_BYTES} octets.")
    if order.data_format == "CSV":
        fields = _fields(octets)
        if isinstance(fields, Rejected):
            return fields
        if order.target == "CONTACT_LIST":
            return contact_records.contact_of_fields(fields, columns, now)
        return suppression_records.entry_of_fields(fields, order.action)
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return _not_text(octets)
    if "\\u0000" in text:
        return Rejected((text,), "The record holds a NUL.")
    if order.target == "CONTACT_LIST":
        return contact_records.contact_of_json(octets, text, now)
    return suppression_records.entry_of_json(octets, text, order.action)


def _fields(octets: bytes) -> list[str] | Rejected:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return _not_text(octets)
    if '"' not in text and "\r" not in text:
        return text.split(",")
    try:
        return next(csv.reader((text,), strict=True))
    except (csv.Error, StopIteration) as error:
        return Rejected((text,), f"The record is not CSV: {error}")


def _not_text(octets: bytes) -> Rejected:
    return Rejected((octets.decode("utf-8", "replace"),), "The record is not UTF-8.")
