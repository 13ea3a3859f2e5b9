"""Events as EventBridge has them: SES's JSON as the detail of an event of the default bus.

Refs: SES developer guide, "Monitor using Amazon EventBridge"; surface.md §4.3 (source, detail types).
Observed: `resources` names the configuration set, and `time` has whole seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from hatobin.capabilities.events.model import CHANGE_PREFIX, OutboxRow
from hatobin.companions.eventbridge import BusEvent
from hatobin.words.event import EventKind

SOURCE = "aws.ses"
_DETAIL_TYPES = {
    EventKind.SEND: "Email Sent",
    EventKind.REJECT: "Email Rejected",
    EventKind.BOUNCE: "Email Bounced",
    EventKind.COMPLAINT: "Email Complaint Received",
    EventKind.DELIVERY: "Email Delivered",
    EventKind.OPEN: "Email Opened",
    EventKind.CLICK: "Email Clicked",
    EventKind.RENDERING_FAILURE: "Email Rendering Failed",
    EventKind.DELIVERY_DELAY: "Email Delivery Delayed",
    EventKind.SUBSCRIPTION: "Email Subscribed",
}


class _Kind(Struct, frozen=True, rename="camel"):
    event_type: EventKind


_kind = msgspec.json.Decoder(_Kind).decode


def bus_event(row: OutboxRow, event_id: str) -> BusEvent:
    """Give what of the outbox goes to the bus, under this id."""
    if row.destination.startswith(CHANGE_PREFIX):
        detail_type, resource = row.destination.removeprefix(CHANGE_PREFIX), row.message_id
    else:
        detail_type = _DETAIL_TYPES[_kind(row.payload).event_type]
        set_name = row.destination.partition("/")[0]
        resource = f"arn:aws:ses:{row.region}:{row.account_id}:configuration-set/{set_name}"
    return BusEvent(
        event_id=event_id,
        detail_type=detail_type,
        source=SOURCE,
        account_id=row.account_id,
        region=row.region,
        time=f"{datetime.fromtimestamp(row.at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        resources=(resource,),
        detail=row.payload,
    )
