"""PutEvents, and the trial of a pattern."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from hatobin.companions import sns
from hatobin.companions.eventbridge.addresses import is_own_bus, validation
from hatobin.companions.eventbridge.announcement import announce
from hatobin.companions.eventbridge.model import MAX_ENTRIES_BYTES, BusEvent
from hatobin.companions.eventbridge.patterns import read_event_pattern
from hatobin.companions.eventbridge.routing import Delivered, Router, deliver
from hatobin.gateway import Call, operation
from hatobin.gateway.models.events import (
    PutEventsRequest,
    PutEventsRequestEntry,
    PutEventsResponse,
    PutEventsResultEntry,
    TestEventPatternRequest,
    TestEventPatternResponse,
)
from hatobin.ports import Session
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError

_TIME_OCTETS = 14
"""What a given Time counts for (user guide, "Calculating PutEvents event entry size")."""
_NEEDED_BY_TESTS = ("id", "account", "source", "time", "region", "resources", "detail-type")


@operation("events", "PutEvents")
async def put_events(call: Call, request: PutEventsRequest) -> PutEventsResponse:
    """Put events on the bus, in one transaction with what rules make of them; each is taken or refused by itself."""
    if request.endpoint_id is not None:
        raise validation("Parameter EndpointId is not supported by this server.")
    if sum(map(_size, request.entries)) > MAX_ENTRIES_BYTES:
        raise validation("Total size of the entries in the request is over the limit.")
    now, ports = call.ports.clock.now(), call.ports
    results: list[PutEventsResultEntry] = []
    events: list[BusEvent] = []
    for entry in request.entries:
        try:
            event = _read(call, entry, now)
        except CallerError as error:
            results.append(PutEventsResultEntry(error_code=error.code, error_message=error.message))
        else:
            events.append(event)
            results.append(PutEventsResultEntry(event_id=event.event_id))
    signer = call.services.get(sns.SnsSigner)

    def work(session: Session) -> list[Delivered]:
        router = Router(session)
        return [
            deliver(session, match, now=now, entropy=ports.entropy, signer=signer)
            for event in events
            for match in router.matches(event, now=now)
        ]

    if events:
        for delivered in await ports.database.write(work):
            announce(call.services, delivered)
    failed = len(request.entries) - len(events)
    return PutEventsResponse(failed_entry_count=failed, entries=results)


@operation("events", "TestEventPattern")
async def test_event_pattern(call: Call, request: TestEventPatternRequest) -> TestEventPatternResponse:
    """Say whether a pattern matches an event. Raises InvalidEventPatternException."""
    pattern = read_event_pattern(request.event_pattern)
    event = _json_object(request.event)
    if event is None:
        raise validation("Parameter Event is not valid. Reason: Event is not a JSON object.")
    for member in _NEEDED_BY_TESTS:
        if member not in event:
            raise validation(f"Parameter Event is not valid. Reason: {member} is a required argument.")
    return TestEventPatternResponse(result=pattern.matches(event))


def _read(call: Call, entry: PutEventsRequestEntry, now: float) -> BusEvent:
    """Read an entry. Raises `CallerError` with what its result says."""
    for name, value in (("Source", entry.source), ("DetailType", entry.detail_type), ("Detail", entry.detail)):
        if not value:
            raise CallerError(
                "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
            )
    source, detail_type, detail = entry.source or "", entry.detail_type or "", entry.detail or ""
    if not is_own_bus(call, entry.event_bus_name):
        raise CallerError("InvalidArgument", f"Event bus {entry.event_bus_name} does not exist.")
    if source.lower().startswith("aws."):
        raise CallerError("NotAuthorizedForSourceException", "Not authorized for the source.")
    # Within the event it is a level deeper.
    if _json_object(detail) is None or _json_object(f'{{"detail":{detail}}}') is None:
        raise CallerError("MalformedDetail", "Detail is malformed.")
    return BusEvent(
        event_id=call.ports.entropy.uuid(),
        detail_type=detail_type,
        source=source,
        account_id=call.account_id,
        region=call.region,
        time=_moment(now if entry.time is None else entry.time),
        resources=tuple(entry.resources or ()),
        detail=detail,
    )


def _moment(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        raise CallerError("InvalidArgument", "Parameter Time is not valid.") from None


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        found = read_json(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


def _size(entry: PutEventsRequestEntry) -> int:
    texts = (entry.source, entry.detail_type, entry.detail, *(entry.resources or ()))
    together = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if text is not None)
    return together + (0 if entry.time is None else _TIME_OCTETS)
