"""What is asked of the log, and what it answers."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from hatobin.capabilities.events import Engagement
from hatobin.capabilities.queue import StoredMessage, StoredRecipient
from hatobin.words.event import EventKind
from hatobin.words.outcome import RecipientState


class Outcome(Enum):
    """What a message is looked for by: the state of a recipient, or an event that it had."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"
    RENDERING_FAILED = "rendering-failed"
    CANCELLED = "cancelled"
    DELAYED = "delayed"
    COMPLAINED = "complained"
    OPENED = "opened"
    CLICKED = "clicked"

    @property
    def state(self) -> RecipientState | None:
        """The state of a recipient that this is, if it is one."""
        return RecipientState.__members__.get(self.name)

    @property
    def event(self) -> EventKind | None:
        """The kind of event that this is, where it is no state."""
        return _EVENTS.get(self)


_EVENTS = {
    Outcome.DELAYED: EventKind.DELIVERY_DELAY,
    Outcome.COMPLAINED: EventKind.COMPLAINT,
    Outcome.OPENED: EventKind.OPEN,
    Outcome.CLICKED: EventKind.CLICK,
}


class LogQuery(Struct, frozen=True):
    """Which messages; None leaves a member open. Instants are seconds since the epoch.

    `recipient` and `source` are whole addresses in any case, `identity` is a
    name or an ARN, `subject` a part of it in any case, `tag` a name and
    perhaps a value. `since` and `until` are about acceptance. `before` is the
    cursor of the page above.
    """

    limit: int
    recipient: str | None = None
    source: str | None = None
    identity: str | None = None
    configuration_set: str | None = None
    tenant: str | None = None
    subject: str | None = None
    tag: tuple[str, str | None] | None = None
    outcome: Outcome | None = None
    since: float | None = None
    until: float | None = None
    account_id: str | None = None
    region: str | None = None
    before: str | None = None


class LogEntry(Struct, frozen=True):
    """A message with its recipients, and what was heard of it afterwards: opens, clicks and complaints."""

    message: StoredMessage
    recipients: tuple[StoredRecipient, ...]
    engagement: tuple[Engagement, ...]


class LogPage(Struct, frozen=True):
    """Entries, newest first. `next_before` is the cursor of the page below; None where there is none.

    A page may hold fewer than were asked for, or nothing, and another follow: so far it has looked.
    """

    entries: tuple[LogEntry, ...]
    next_before: str | None
