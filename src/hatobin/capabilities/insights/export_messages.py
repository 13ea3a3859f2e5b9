"""The file of a message-insights export: a row for each recipient of the messages of a time.

Made a portion at a time over the message log, newest first. Within one member
of a filter the values are alternatives; a row must fit every member of
Include, and none of Exclude.

Refs: API reference v2, MessageInsightsFilters. The columns, the quotes, the comma at the end of each line, the form of
instants, and the array whose lines begin with commas were observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.capabilities import events, queue
from hatobin.capabilities.insights.timeline import Moment, RecipientTimeline, timelines
from hatobin.capabilities.queue import IdRange, MessageFilter, StoredMessage
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import id_bound
from hatobin.words.instant import iso_ms

MESSAGES_AT_ONCE = 200
MAX_RESULTS = 10_000
COLUMNS = (
    "messageid",
    "sendtimestamp",
    "isp",
    "fromaddress",
    "destination",
    "subject",
    "last_delivery_event",
    "last_engagement_event",
    "last_delivery_event_timestamp",
    "last_engagement_event_timestamp",
    "bounce_sub_type",
    "diagnostic_code",
)
_DELIVERY = frozenset({EventKind.SEND, EventKind.DELIVERY, EventKind.BOUNCE, EventKind.COMPLAINT})
_ENGAGEMENT = frozenset({EventKind.OPEN, EventKind.CLICK})

_encode = msgspec.json.Encoder().encode


class Portion(Struct, frozen=True):
    """A part of a file: its octets, the records that were looked at and that are in it, and where the next begins."""

    octets: bytes
    processed: int
    exported: int
    cursor: Any | None


class MessageExport:
    """What a job wants of an account's messages."""

    def __init__(self, account_id: str, region: str, source: model.MessageInsightsDataSource, data_format: str) -> None:
        self._is_csv = data_format == "CSV"
        self._source = source
        self._most = source.max_results or MAX_RESULTS
        # The end is part of the time (API reference).
        low, high = id_bound(region, source.start_date), id_bound(region, source.end_date + 0.001)
        self._within = IdRange(account_id, region, low, high)
        self._wanted = _leading(source.include)

    @property
    def head(self) -> bytes:
        """What the file begins with."""
        return b"".join(f'"{name}",'.encode() for name in COLUMNS) + b"\n" if self._is_csv else b"[\n"

    @property
    def tail(self) -> bytes:
        """What the file ends with."""
        return b"" if self._is_csv else b"]\n"

    def portion(self, session: Session, cursor: Any | None, written: int) -> Portion:
        """Make the next part; `written` is how many records are in the file already."""
        within = IdRange(self._within.account_id, self._within.region, self._within.low, cursor or self._within.high)
        found = queue.search(session, self._wanted, within, MESSAGES_AT_ONCE)
        octets, processed, exported = bytearray(), 0, 0
        for message in found.found:
            for row in _rows(session, message):
                processed += 1
                if not self._fits(row, message):
                    continue
                octets += self._line(row, is_first=written + exported == 0)
                exported += 1
                if written + exported >= self._most:
                    return Portion(bytes(octets), processed, exported, None)
        return Portion(bytes(octets), processed, exported, found.stopped_at)

    def _fits(self, row: Sequence[str | None], message: StoredMessage) -> bool:
        include, exclude = self._source.include, self._source.exclude
        values = _values(row, message)
        if include is not None and not all(values[name] & wanted for name, wanted in _members(include)):
            return False
        return exclude is None or not any(values[name] & unwanted for name, unwanted in _members(exclude))

    def _line(self, row: Sequence[str | None], *, is_first: bool) -> bytes:
        if self._is_csv:
            return b"".join(_quoted(value) for value in row) + b"\n"
        members = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}
        return (b"" if is_first else b",") + _encode(members) + b"\n"


def _quoted(value: str | None) -> bytes:
    return ('"' + (value or "").replace('"', '""') + '",').encode()


def _leading(include: model.MessageInsightsFilters | None) -> MessageFilter:
    """Let the log find what one value alone is wanted of; the rest is looked at row by row."""
    if include is None:
        return MessageFilter()

    def only(values: list[str] | None) -> str | None:
        return values[0] if values is not None and len(values) == 1 else None

    return MessageFilter(
        recipient=only(include.destination), tenant=only(include.tenant_name), subject=only(include.subject)
    )


def _members(filters: model.MessageInsightsFilters) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the members of a filter that say something."""
    for name in (*("from_email_address", "destination", "subject", "isp"), "tenant_name"):
        if values := getattr(filters, name):
            lowered = name in ("from_email_address", "destination")
            yield name, frozenset(value.lower() if lowered else value for value in values)
    for name in ("last_delivery_event", "last_engagement_event"):
        if values := getattr(filters, name):
            yield name, frozenset(values)


def _values(row: Sequence[str | None], message: StoredMessage) -> dict[str, frozenset[str]]:
    """Give what a row has in each member of a filter."""
    source = message.source.lower()
    bare = source.rpartition("<")[2].rstrip(">") if source.endswith(">") else source
    return {
        "from_email_address": frozenset({source, bare}),
        "destination": frozenset({(row[4] or "").lower()}),
        "subject": frozenset({row[5] or ""}),
        "isp": frozenset({row[2] or ""}),
        "tenant_name": frozenset({message.tenant or ""}),
        "last_delivery_event": frozenset({row[6] or ""}),
        "last_engagement_event": frozenset({row[7] or ""}),
    }


def _rows(session: Session, message: StoredMessage) -> Iterator[tuple[str | None, ...]]:
    recipients = queue.recipients(session, message.key)
    for line in timelines(recipients, events.recorded(session, message.key)):
        yield _row(message, line)


def _row(message: StoredMessage, line: RecipientTimeline) -> tuple[str | None, ...]:
    delivery = _last(line, _DELIVERY)
    engagement = _last(line, _ENGAGEMENT)
    bounce = None if delivery is None else delivery.bounce
    return (
        message.key.message_id,
        _instant(message.accepted_at),
        line.isp,
        message.source,
        line.address,
        message.subject or None,
        None if delivery is None else delivery_name(delivery),
        None if engagement is None else engagement.kind.api_name,
        None if delivery is None else _instant(delivery.at),
        None if engagement is None else _instant(engagement.at),
        None if bounce is None else bounce.sub_type,
        None if bounce is None else bounce.diagnostic,
    )


def _last(line: RecipientTimeline, kinds: frozenset[EventKind]) -> Moment | None:
    return next((moment for moment in reversed(line.moments) if moment.kind in kinds), None)


def delivery_name(moment: Moment) -> str:
    """Give a moment its name among the API's delivery events, which tell bounces apart."""
    return moment.kind.api_name if moment.bounce is None else f"{moment.bounce.bounce_type}_BOUNCE"


def _instant(at: float) -> str:
    return iso_ms(at).replace("T", " ").replace("Z", " UTC")
