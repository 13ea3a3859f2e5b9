"""The kinds of event that SES publishes, and their two spellings."""

from __future__ import annotations

from enum import Enum


class EventKind(Enum):
    """One kind of event; the value is the `eventType` of the published JSON."""

    SEND = "Send"
    REJECT = "Reject"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    DELIVERY = "Delivery"
    OPEN = "Open"
    CLICK = "Click"
    RENDERING_FAILURE = "Rendering Failure"
    DELIVERY_DELAY = "DeliveryDelay"
    SUBSCRIPTION = "Subscription"

    # Each is one object; Enum's own hash is a function of Python, asked for dozens of times a message.
    __hash__ = object.__hash__

    @property
    def api_name(self) -> str:
        """The name in the v2 API's MatchingEventTypes."""
        return _API_NAMES[self]

    @property
    def detail_name(self) -> str:
        """The member of the published JSON that holds the event's own facts."""
        return _DETAIL_NAMES[self]


_API_NAMES = {
    EventKind.SEND: "SEND",
    EventKind.REJECT: "REJECT",
    EventKind.BOUNCE: "BOUNCE",
    EventKind.COMPLAINT: "COMPLAINT",
    EventKind.DELIVERY: "DELIVERY",
    EventKind.OPEN: "OPEN",
    EventKind.CLICK: "CLICK",
    EventKind.RENDERING_FAILURE: "RENDERING_FAILURE",
    EventKind.DELIVERY_DELAY: "DELIVERY_DELAY",
    EventKind.SUBSCRIPTION: "SUBSCRIPTION",
}
_DETAIL_NAMES = {
    EventKind.SEND: "send",
    EventKind.REJECT: "reject",
    EventKind.BOUNCE: "bounce",
    EventKind.COMPLAINT: "complaint",
    EventKind.DELIVERY: "delivery",
    EventKind.OPEN: "open",
    EventKind.CLICK: "click",
    EventKind.RENDERING_FAILURE: "failure",
    EventKind.DELIVERY_DELAY: "deliveryDelay",
    EventKind.SUBSCRIPTION: "subscription",
}
