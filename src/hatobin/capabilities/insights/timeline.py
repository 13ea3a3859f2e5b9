"""What happened to a message, for each of its recipients in order. Pure.

An open or a click is of a message; where it had several recipients, nobody
knows whose it was, and it is in no timeline.

Refs: API reference v2, EmailInsights, InsightsEvent, Bounce, Complaint. The spelling of sub-types was observed
(ON_ACCOUNT_SUPPRESSION_LIST).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.capabilities.events import RecordedEvent
from hatobin.capabilities.metrics import isp_of
from hatobin.capabilities.queue import StoredRecipient
from hatobin.words.event import EventKind
from hatobin.words.outcome import RecipientState


class BounceFacts(Struct, frozen=True):
    """Why a mail came back: type and sub-type as the API spells them, and the other side's words, if there are some."""

    bounce_type: str
    sub_type: str | None
    diagnostic: str | None


class ComplaintFacts(Struct, frozen=True):
    """What is known of a complaint."""

    sub_type: str | None
    feedback_type: str | None


class Moment(Struct, frozen=True):
    """One event of one recipient; `at` is seconds since the epoch."""

    kind: EventKind
    at: float
    bounce: BounceFacts | None = None
    complaint: ComplaintFacts | None = None


class RecipientTimeline(Struct, frozen=True):
    """A recipient's events in their order."""

    address: str
    isp: str
    moments: tuple[Moment, ...]


_LISTED = {
    EventKind.BOUNCE: "bouncedRecipients",
    EventKind.COMPLAINT: "complainedRecipients",
    EventKind.DELIVERY_DELAY: "delayedRecipients",
}
_OF_ALL = frozenset({EventKind.SEND, EventKind.RENDERING_FAILURE})
_OF_READERS = frozenset({EventKind.OPEN, EventKind.CLICK, EventKind.SUBSCRIPTION})
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def timelines(
    recipients: Sequence[StoredRecipient], happened: Sequence[RecordedEvent]
) -> tuple[RecipientTimeline, ...]:
    """Sort a message's events by recipient, in the order of the recipients."""
    addresses = [recipient.address for recipient in recipients]
    found: dict[str, list[Moment]] = {address: [] for address in addresses}
    for event in happened:
        for address, moment in _moments(event, recipients, addresses):
            if address in found:
                found[address].append(moment)
    return tuple(RecipientTimeline(address, isp_of(address), tuple(moments)) for address, moments in found.items())


def _moments(
    event: RecordedEvent, recipients: Sequence[StoredRecipient], addresses: Sequence[str]
) -> Iterator[tuple[str, Moment]]:
    detail = msgspec.json.decode(event.detail)
    if event.kind is EventKind.DELIVERY:
        for address in detail.get("recipients", ()):
            yield address, Moment(event.kind, event.at)
    elif event.kind in _LISTED:
        for one in detail.get(_LISTED[event.kind], ()):
            yield one["emailAddress"], _with_cause(event, detail, one)
    elif event.kind is EventKind.REJECT:
        for recipient in recipients:
            if recipient.state is RecipientState.REJECTED:
                yield recipient.address, Moment(event.kind, event.at)
    elif event.kind in _OF_ALL or (event.kind in _OF_READERS and len(addresses) == 1):
        for address in addresses:
            yield address, Moment(event.kind, event.at)


def _with_cause(event: RecordedEvent, detail: Mapping[str, Any], recipient: Mapping[str, Any]) -> Moment:
    if event.kind is EventKind.BOUNCE:
        bounce = BounceFacts(
            str(detail["bounceType"]).upper(), _spelled(detail.get("bounceSubType")), recipient.get("diagnosticCode")
        )
        return Moment(event.kind, event.at, bounce=bounce)
    if event.kind is EventKind.COMPLAINT:
        complaint = ComplaintFacts(_spelled(detail.get("complaintSubType")), detail.get("complaintFeedbackType"))
        return Moment(event.kind, event.at, complaint=complaint)
    return Moment(event.kind, event.at)


def _spelled(name: str | None) -> str | None:
    """Spell a sub-type as the API does.

    >>> _spelled("OnAccountSuppressionList"), _spelled("General")
    ('ON_ACCOUNT_SUPPRESSION_LIST', 'GENERAL')
    """
    return None if name is None else _INNER_CAPITAL.sub("_", name).upper()
