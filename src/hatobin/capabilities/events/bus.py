"""Events as EventBridge has them: SES's JSON as the detail of an event of the default bus; and as Pinpoint has them.

Refs: SES developer guide, "Monitor using Amazon EventBridge"; surface.md §4.3 (source, detail types).
Observed: `resources` names the configuration set, and `time` has whole seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from hatobin.capabilities.events.model import CHANGE_PREFIX, OutboxRow
from hatobin.companions.eventbridge import BusEvent
from hatobin.companions.outward import BusEntry, ProjectEvent
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


_PROJECT_TYPES = {
    EventKind.SEND: "_email.send",
    EventKind.REJECT: "_email.rejected",
    EventKind.COMPLAINT: "_email.complaint",
    EventKind.DELIVERY: "_email.delivered",
    EventKind.OPEN: "_email.open",
    EventKind.CLICK: "_email.click",
    EventKind.RENDERING_FAILURE: "_email.rendering_failure",
    EventKind.DELIVERY_DELAY: "_email.delivery_delay",
    EventKind.SUBSCRIPTION: "_email.subscription",
}
MAX_ATTRIBUTE = 200
"""Characters of an attribute's value in Pinpoint (quotas of its events)."""


class _Bounce(Struct, frozen=True, rename="camel"):
    bounce_type: str = ""


class _Mail(Struct, frozen=True, rename="camel"):
    source: str = ""
    destination: tuple[str, ...] = ()
    tags: dict[str, tuple[str, ...]] = {}


class _Whole(Struct, frozen=True, rename="camel"):
    event_type: EventKind
    mail: _Mail
    bounce: _Bounce = _Bounce()


_whole = msgspec.json.Decoder(_Whole).decode


def bus_entry(row: OutboxRow) -> str:
    """Give what of the outbox goes to an event bus elsewhere, as a payload of `companions/outward`."""
    event = bus_event(row, "")
    return msgspec.json.encode(BusEntry(event.detail_type, event.detail, row.at, tuple(event.resources))).decode()


def project_event(row: OutboxRow) -> str:
    """Give what of the outbox goes to a project of Pinpoint, as a payload of `companions/outward`.

    Ref: Amazon Pinpoint developer guide, "Streaming events", email events (`_email.hardbounce`, `_email.open`, …).
    """
    whole = _whole(row.payload)
    kind = _PROJECT_TYPES.get(whole.event_type)
    if kind is None:
        kind = "_email.hardbounce" if whole.bounce.bounce_type == "Permanent" else "_email.softbounce"
    attributes = {
        "message_id": row.message_id,
        "configuration_set": row.destination.partition("/")[0],
        "from": whole.mail.source,
        "destination": ",".join(whole.mail.destination),
        **{name: values[0] for name, values in whole.mail.tags.items() if values and not name.startswith("ses:")},
    }
    cut = {name: value[:MAX_ATTRIBUTE] for name, value in attributes.items() if value}
    return msgspec.json.encode(ProjectEvent(row.message_id, kind, row.at, cut)).decode()


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
