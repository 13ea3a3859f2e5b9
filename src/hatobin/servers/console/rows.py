"""What one line of a list shows, read from what is stored."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.inbox import InboxEntry
from hatobin.capabilities.queue import StoredMessage, StoredRecipient
from hatobin.servers.console.language import language_of
from hatobin.servers.local import header_addresses, read_body
from hatobin.words.address import AddressError, parse_mailbox
from hatobin.words.outcome import RecipientState

TINTS = 6
"""Colours of the round initials."""
MAX_SNIPPET = 160
MAX_SNIPPET_SOURCE = 256 * 1024
"""Octets of a message that are decoded for its snippet; larger ones are shown without."""

TONES = {
    RecipientState.QUEUED: "wait",
    RecipientState.DELIVERED: "good",
    RecipientState.BOUNCED: "bad",
    RecipientState.EXPIRED: "bad",
    RecipientState.SUPPRESSED: "calm",
    RecipientState.REJECTED: "bad",
    RecipientState.RENDERING_FAILED: "bad",
    RecipientState.CANCELLED: "calm",
}


@dataclass(frozen=True, slots=True)
class Sender:
    """A mailbox for display: the name where there is one, and what its round initial looks like."""

    name: str
    address: str
    initial: str
    tint: int


@dataclass(frozen=True, slots=True)
class MailRow:
    """One captured message."""

    message_id: str
    number: int
    sender: Sender
    recipients: tuple[str, ...]
    subject: str
    snippet: str
    lang: str
    has_files: bool
    at: float


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many recipients of a message are in one state; `name` is the key of its text."""

    name: str
    tone: str
    count: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One accepted message on its way."""

    message_id: str
    sender: Sender
    recipients: tuple[str, ...]
    subject: str
    lang: str
    states: tuple[StateCount, ...]
    reply: str
    at: float


def sender_of(mailbox: str) -> Sender:
    """Read a mailbox in text form; a text that is none is its own name."""
    try:
        parsed_mailbox = parse_mailbox(mailbox)
        address, name = str(parsed_mailbox.address), parsed_mailbox.display_name
    except AddressError:
        address, name = mailbox, ""
    shown = name or address
    initial = next((character for character in shown if character.isalnum()), "?")
    return Sender(shown, address, initial.upper(), zlib.crc32(address.lower().encode()) % TINTS)


def mail_row(entry: InboxEntry, source: str | None = None) -> MailRow:
    """Read a captured message as far as it came with its entry.

    A large one lies elsewhere and has no snippet; `source` says who sent it.
    """
    raw = entry.content or b""
    senders = header_addresses(raw, "from")
    snippet, has_files = "", False
    if raw and len(raw) <= MAX_SNIPPET_SOURCE:
        body = read_body(raw)
        snippet = " ".join((body.text or "")[: MAX_SNIPPET * 4].split())[:MAX_SNIPPET]
        has_files = any(file.disposition == "attachment" or not file.content_id for file in body.files)
    return MailRow(
        message_id=entry.key.message_id,
        number=entry.id,
        sender=sender_of(senders[0] if senders else source or entry.reverse_path),
        recipients=entry.recipients,
        subject=entry.subject,
        snippet=snippet,
        lang=language_of(f"{entry.subject} {snippet}", raw),
        has_files=has_files,
        at=entry.received_at,
    )


def queue_row(message: StoredMessage, recipients: Sequence[StoredRecipient]) -> QueueRow:
    """Read a message of the queue."""
    subject = message.subject
    settled = sorted((recipient for recipient in recipients if recipient.reply), key=lambda r: r.settled_at or 0.0)
    return QueueRow(
        message_id=message.key.message_id,
        sender=sender_of(message.source),
        recipients=tuple(recipient.address for recipient in recipients),
        subject=subject,
        lang=language_of(subject),
        states=state_counts(recipients),
        reply=(settled[-1].reply or "") if settled else "",
        at=message.accepted_at,
    )


def state_counts(recipients: Sequence[StoredRecipient]) -> tuple[StateCount, ...]:
    """Count recipients by state, in the order of the states."""
    counts = Counter(recipient.state for recipient in recipients)
    return tuple(
        StateCount(f"state_{state.name.lower()}", TONES[state], counts[state])
        for state in RecipientState
        if counts[state]
    )
