"""The operations on log events."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from hatobin.companions.logs import event_store, store
from hatobin.companions.logs.api_groups import key_of, named_group, open_group
from hatobin.companions.logs.filters import Filter, read_filter
from hatobin.companions.logs.model import (
    DAY_MS,
    MAX_BATCH_BYTES,
    MAX_BATCH_SPAN_MS,
    MAX_EVENT_BYTES,
    MAX_PAGE_BYTES,
    MAX_PAGE_EVENTS,
    SCANNED_EVENTS,
    TOO_NEW_MS,
    TOO_OLD_MS,
    GroupKey,
    LogEvent,
    Place,
    Span,
    StoredEvent,
    invalid,
    no_stream,
)
from hatobin.companions.logs.writing import keep
from hatobin.gateway import Call, operation
from hatobin.gateway.models import logs as models
from hatobin.ports import Session

SEQUENCE_TOKEN = "49590302014442105310893127384519283743282193842"  # noqa: S105 - it opens nothing
"""Sequence tokens are given and not asked for (PutLogEvents, API reference)."""
_token = msgspec.json.Decoder(tuple[str, int, int]).decode
_LAST: Place = (2**62, 2**62)


@operation("logs", "PutLogEvents")
async def put_log_events(call: Call, request: models.PutLogEventsRequest) -> models.PutLogEventsResponse:
    """Keep a batch of events of a stream; those that are too old or too new are told and left out."""
    key, now = key_of(call, request.log_group_name), call.ports.clock.now()
    events = [LogEvent(event.timestamp, event.message) for event in request.log_events]
    _check_batch(events)

    def work(session: Session) -> models.RejectedLogEventsInfo | None:
        group = open_group(session, key)
        if store.find_stream(session, key, request.log_stream_name) is None:
            raise no_stream()
        kept, rejected = _sifted(events, int(now * 1000), group.retention_days)
        keep(
            session,
            key,
            request.log_stream_name,
            kept,
            now=now,
            max_group_bytes=call.settings.logs.max_group_bytes,
        )
        return rejected

    rejected = await call.ports.database.write(work, turn=f"logs {key.arn}")
    return models.PutLogEventsResponse(next_sequence_token=SEQUENCE_TOKEN, rejected_log_events_info=rejected)


@operation("logs", "GetLogEvents")
async def get_log_events(call: Call, request: models.GetLogEventsRequest) -> models.GetLogEventsResponse:
    """Give events of a stream from its end or its beginning, and on from a token in its direction."""
    key = named_group(call, request.log_group_name, request.log_group_identifier)
    span = Span(request.start_time, request.end_time, (request.log_stream_name,))
    way, place = _read_token(request.next_token)
    if not way:
        way, place = ("f", (-1, -1)) if request.start_from_head else ("b", _LAST)
    limit = request.limit or MAX_PAGE_EVENTS

    def work(session: Session) -> list[StoredEvent]:
        open_group(session, key)
        if store.find_stream(session, key, request.log_stream_name) is None:
            raise no_stream()
        after, before = (place, None) if way == "f" else (None, place)
        return event_store.read(session, key, span, after=after, before=before, limit=limit)

    events = _fitting(await call.ports.database.read(work), from_end=way == "b")
    first = events[0].place if events else place
    last = events[-1].place if events else place
    return models.GetLogEventsResponse(
        events=[
            models.OutputLogEvent(
                timestamp=event.at_ms, message=event.message, ingestion_time=int(event.ingested_at * 1000)
            )
            for event in events
        ],
        next_forward_token=_made_token("f", last),
        next_backward_token=_made_token("b", first),
    )


@operation("logs", "FilterLogEvents")
async def filter_log_events(call: Call, request: models.FilterLogEventsRequest) -> models.FilterLogEventsResponse:
    """Give events of a group that a pattern fits, in the order of their times, a page at a time."""
    key = named_group(call, request.log_group_name, request.log_group_identifier)
    if request.log_stream_names is not None and request.log_stream_name_prefix is not None:
        raise invalid("LogStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    span = Span(
        request.start_time,
        request.end_time,
        tuple(request.log_stream_names or ()),
        request.log_stream_name_prefix or "",
    )
    wanted = read_filter(request.filter_pattern or "")
    way, place = _read_token(request.next_token)
    if way not in ("", "f"):
        raise invalid("The specified nextToken is invalid.")
    limit = request.limit or MAX_PAGE_EVENTS

    def work(session: Session) -> tuple[list[StoredEvent], Place | None]:
        open_group(session, key)
        return _filtered(session, key, span, wanted, after=place if way else None, limit=limit)

    found, stopped_at = await call.ports.database.read(work)
    return models.FilterLogEventsResponse(
        events=[_shown(event) for event in found],
        searched_log_streams=[],
        next_token=None if stopped_at is None else _made_token("f", stopped_at),
    )


def _filtered(
    session: Session, key: GroupKey, span: Span, wanted: Filter, *, after: Place | None, limit: int
) -> tuple[list[StoredEvent], Place | None]:
    """Look at events until a page is full; give it and where to go on, None at the end."""
    found: list[StoredEvent] = []
    size = 0
    looked_at = event_store.read(session, key, span, after=after, limit=SCANNED_EVENTS)
    for event in looked_at:
        if not wanted.fits(event.message):
            continue
        if len(found) == limit or (found and size + len(event.message) > MAX_PAGE_BYTES):
            return found, found[-1].place
        found.append(event)
        size += len(event.message)
    return found, looked_at[-1].place if len(looked_at) == SCANNED_EVENTS else None


def _check_batch(events: Sequence[LogEvent]) -> None:
    """Raise InvalidParameterException for a batch that cannot be."""
    size = sum(event.size for event in events)
    if size > MAX_BATCH_BYTES:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {MAX_BATCH_BYTES}")
    if any(event.size > MAX_EVENT_BYTES for event in events):
        raise invalid(f"Log event too large: exceeds limit of {MAX_EVENT_BYTES}")
    times = [event.at_ms for event in events]
    if times != sorted(times):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > MAX_BATCH_SPAN_MS:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")


def _sifted(
    events: list[LogEvent], now_ms: int, retention_days: int | None
) -> tuple[list[LogEvent], models.RejectedLogEventsInfo | None]:
    """Part a batch, which is in order, into what is kept and where what is refused ends and begins."""
    too_old = sum(event.at_ms < now_ms - TOO_OLD_MS for event in events)
    expired = 0
    if retention_days is not None:
        expired = sum(event.at_ms < now_ms - retention_days * DAY_MS for event in events)
    end = len(events) - sum(event.at_ms > now_ms + TOO_NEW_MS for event in events)
    kept = events[max(too_old, expired) : end]
    if len(kept) == len(events):
        return kept, None
    return kept, models.RejectedLogEventsInfo(
        too_new_log_event_start_index=end if end < len(events) else None,
        too_old_log_event_end_index=too_old or None,
        expired_log_event_end_index=expired if expired > too_old else None,
    )


def _fitting(events: list[StoredEvent], *, from_end: bool) -> list[StoredEvent]:
    """Cut a page to the bytes that one may have, at the end that is farther away."""
    size = 0
    for count, event in enumerate(reversed(events) if from_end else events):
        size += len(event.message)
        if count and size > MAX_PAGE_BYTES:
            return events[-count:] if from_end else events[:count]
    return events


def _shown(event: StoredEvent) -> models.FilteredLogEvent:
    return models.FilteredLogEvent(
        log_stream_name=event.stream_name,
        timestamp=event.at_ms,
        message=event.message,
        ingestion_time=int(event.ingested_at * 1000),
        event_id=f"{event.at_ms:020d}{event.number:036d}",
    )


def _made_token(way: str, place: Place) -> str:
    return f"{way}/{base64.urlsafe_b64encode(msgspec.json.encode((way, *place))).decode()}"


def _read_token(token: str | None) -> tuple[str, Place]:
    """Read a token of our own: its direction and its place. Raises InvalidParameterException."""
    if token is None:
        return "", (0, 0)
    try:
        way, at_ms, number = _token(base64.b64decode(token[2:].encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise invalid("The specified nextToken is invalid.") from None
    if way not in ("f", "b") or max(at_ms, number) > _LAST[0]:
        raise invalid("The specified nextToken is invalid.")
    return way, (at_ms, number)
