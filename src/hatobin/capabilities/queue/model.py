"""The frozen values of the queue."""

from __future__ import annotations

from dataclasses import dataclass, field

from hatobin.words.outcome import RecipientState


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Which message: SES ids are unique per account and region."""

    account_id: str
    region: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a row: a worker slot and the epoch in which it took the slot."""

    worker: int
    epoch: int


@dataclass(frozen=True, slots=True)
class DkimKeyChoice:
    """The identity's signing key, chosen at acceptance and used at dispatch."""

    domain: str
    selector: str
    key_id: str


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A recipient at acceptance: QUEUED, or already final (suppressed, rejected, rendering failed)."""

    address: str
    domain: str
    state: RecipientState = RecipientState.QUEUED
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message at the moment of its acceptance, whole.

    `tags` is the JSON of `mail.tags`, `mail` the JSON of the event's mail
    object without tags ("" when nobody subscribes), so that publishing an
    event later costs a concatenation and no parsing. `stored_size` is given
    where the content lies in the blob store alone.
    """

    key: MessageKey
    accepted_at: float
    expires_at: float
    source: str
    reverse_path: str
    identity_arn: str
    configuration_set: str | None
    tls_required: bool
    dkim: DkimKeyChoice | None
    tags: str
    mail: str
    content: bytes
    blob_key: str | None
    recipients: tuple[NewRecipient, ...]
    stored_size: int | None = None


@dataclass(frozen=True, slots=True)
class QueuedRecipient:
    """A recipient that is still to be served; `position` is its place in the message."""

    position: int
    address: str
    domain: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ReadyMessage:
    """Leased work in memory: one message and the recipients that go the same way."""

    key: MessageKey
    accepted_at: float
    expires_at: float
    reverse_path: str
    configuration_set: str | None
    tls_required: bool
    dkim: DkimKeyChoice | None
    content: bytes
    blob_key: str | None
    recipients: tuple[QueuedRecipient, ...]
    size: int = field(default=0)

    @property
    def held_bytes(self) -> int:
        """How much of the content is in memory while the message waits."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message row as read back."""

    key: MessageKey
    accepted_at: float
    expires_at: float
    source: str
    reverse_path: str
    identity_arn: str
    configuration_set: str | None
    tags: str
    mail: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredRecipient:
    """A recipient row as read back."""

    position: int
    address: str
    state: RecipientState
    attempts: int
    due_at: float
    settled_at: float | None
    reply: str | None
    possible_duplicates: int


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How many recipients are in which state, for the ledger and the metrics."""

    by_state: dict[RecipientState, int]
    possible_duplicates: int
