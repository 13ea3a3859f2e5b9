"""What is told of records that failed: each as it came, and why, in the format of its source. Pure.

In CSV the reason is one more field, in JSON the member `failureReason` beside
the `record`. Pieces are small enough to lie in rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec

from hatobin.capabilities.jobs.model import Format, Rejected

PART_BYTES = 64 * 1024
REASON = "failureReason"


def header_line(columns: Sequence[str]) -> bytes:
    """Give the first line of a report on a CSV file of contacts; nothing for the others."""
    return _csv((*columns, REASON)) if columns else b""


def report_parts(rejected: Sequence[Rejected], data_format: Format) -> Iterator[bytes]:
    """Give the lines about these records, gathered to pieces of at most `PART_BYTES` and one line."""
    part = bytearray()
    for one in rejected:
        part += _csv((*one.fields, one.reason)) if data_format == "CSV" else _json(one)
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def _csv(fields: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode("utf-8", "replace")


def _json(one: Rejected) -> bytes:
    record: object = one.fields[0]
    try:
        record = msgspec.json.decode(one.fields[0])
    except (msgspec.DecodeError, RecursionError):
        pass  # It is shown as the text that it is.
    return msgspec.json.encode({"record": record, REASON: one.reason}) + b"\n"
