"""The frozen values of the queue."""

from __future__ import annotations

from msgspec import Struct

from hatobin.words.outcome import RecipientState


class MessageKey(Struct, frozen=True):
    """Which message: SES ids are unique per account and region."""

    account_id: str
    region: str
    message_id: str


class Lease(Struct, frozen=True):
    """Who holds a row: a worker slot and the epoch in which it took the slot."""

    worker: int
    epoch: int


class DkimKeyChoice(Struct, frozen=True):
    """The identity's signing key, chosen at acceptance and used at dispatch."""

    domain: str
    selector: str
    key_id: str


TRACKED_OPENS = 1
TRACKED_CLICKS = 2
MAX_SUBJECT = 998
"""Characters of a subject that are kept: a line of a header (RFC 5322 §2.1.1)."""


class NewRecipient(Struct, frozen=True):
    """A recipient at acceptance: QUEUED, or already final (suppressed, rejected, rendering failed, in the inbox)."""

    address: str
    domain: str
    state: RecipientState = RecipientState.QUEUED
    reply: str | None = None


class NewMessage(Struct, frozen=True):
    """A message at the moment of its acceptance, whole.

    `tags` is the JSON of `mail.tags`, `mail` the JSON of the event's mail
    object without tags ("" when nobody subscribes), so that publishing an
    event later costs a concatenation and no parsing. `stored_size` is given
    where the content lies in the blob store alone. `certificate` is the id of
    the S/MIME certificate to sign with, `return_path` where bounces are told
    by mail if that is not `source`, `tenant` the name of the tenant that sends.
    `subject` is decoded; `tracked` says which of `TRACKED_OPENS` and
    `TRACKED_CLICKS` the content was made for.
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
    certificate: str | None = None
    return_path: str | None = None
    tenant: str | None = None
    subject: str = ""
    tracked: int = 0


class QueuedRecipient(Struct, frozen=True):
    """A recipient that is still to be served; `position` is its place in the message."""

    position: int
    address: str
    domain: str
    attempts: int = 0


class ReadyMessage(Struct, frozen=True):
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
    size: int = 0
    certificate: str | None = None
    """The S/MIME certificate to sign with, by its id."""
    tenant: str | None = None
    mail: str = ""
    tags: str = ""
    """What its events show of it, where that is at hand; else it is in the store."""

    @property
    def held_bytes(self) -> int:
        """How much of the content is in memory while the message waits."""
        return len(self.content)


class StoredMessage(Struct, frozen=True):
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
    return_path: str | None = None
    tenant: str | None = None
    subject: str = ""
    tracked: int = 0


class StoredRecipient(Struct, frozen=True):
    """A recipient row as read back."""

    position: int
    address: str
    state: RecipientState
    attempts: int
    due_at: float
    settled_at: float | None
    reply: str | None
    possible_duplicates: int


class QueueFigures(Struct, frozen=True):
    """How many recipients are in which state, for the ledger and the metrics."""

    by_state: dict[RecipientState, int]
    possible_duplicates: int
