"""Events as a reader wants them: what happened, when, to whom, in whose words.

The facts are the members of SES's own event JSON (`capabilities/events`); a
member that is missing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hatobin.capabilities.events import RecordedEvent
from hatobin.servers.local import parsed
from hatobin.words.event import EventKind

_TONES = {
    EventKind.SEND: "calm",
    EventKind.DELIVERY: "good",
    EventKind.OPEN: "good",
    EventKind.CLICK: "good",
    EventKind.SUBSCRIPTION: "calm",
    EventKind.DELIVERY_DELAY: "wait",
    EventKind.BOUNCE: "bad",
    EventKind.COMPLAINT: "bad",
    EventKind.REJECT: "bad",
    EventKind.RENDERING_FAILURE: "bad",
}
_RECIPIENTS = ("bouncedRecipients", "complainedRecipients", "delayedRecipients")
_SUMMARY = {
    EventKind.BOUNCE: ("bounceType", "bounceSubType"),
    EventKind.COMPLAINT: ("complaintFeedbackType", "complaintSubType"),
    EventKind.DELIVERY_DELAY: ("delayType",),
    EventKind.REJECT: ("reason",),
    EventKind.RENDERING_FAILURE: ("errorMessage", "templateName"),
    EventKind.OPEN: ("ipAddress", "userAgent"),
    EventKind.CLICK: ("link", "ipAddress", "userAgent"),
    EventKind.SUBSCRIPTION: ("source",),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """Recipients to whom the remote said the same, and its words."""

    addresses: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: `name` is the key of its text, `tone` its colour, `took_ms` how long a delivery took."""

    name: str
    tone: str
    at: float
    summary: str
    took_ms: int | None
    recipients: tuple[Spoken, ...]


def moment(event: RecordedEvent) -> Moment:
    """Read an event's facts."""
    detail = parsed(event.detail)
    facts: Mapping[str, Any] = detail if isinstance(detail, dict) else {}
    summary = " · ".join(str(facts[name]) for name in _SUMMARY.get(event.kind, ()) if facts.get(name))
    took = facts.get("processingTimeMillis")
    return Moment(
        name=f"event_{event.kind.name.lower()}",
        tone=_TONES[event.kind],
        at=event.at,
        summary=summary,
        took_ms=took if isinstance(took, int) else None,
        recipients=_recipients(facts),
    )


def _recipients(facts: Mapping[str, Any]) -> tuple[Spoken, ...]:
    """Give the recipients that the event is about, grouped by the remote's words."""
    by_words: dict[str, list[str]] = {}
    for address, words in _pairs(facts):
        by_words.setdefault(words, []).append(address)
    return tuple(Spoken(tuple(addresses), words) for words, addresses in by_words.items())


def _pairs(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    response = str(facts.get("smtpResponse") or "")
    plain = facts.get("recipients")
    for address in plain if isinstance(plain, list) else ():
        yield str(address), response
    for name in _RECIPIENTS:
        listed: Sequence[Any] = facts.get(name) or ()
        for one in listed:
            if isinstance(one, dict):
                yield str(one.get("emailAddress", "")), str(one.get("diagnosticCode", ""))
