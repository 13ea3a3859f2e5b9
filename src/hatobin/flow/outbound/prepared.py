"""A draft that is ready to be stored, and what is kept of it for events and for the message log."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hatobin.capabilities import events, queue
from hatobin.capabilities.configuration_sets import ConfigurationSet
from hatobin.capabilities.events import MailFacts, MailJson
from hatobin.capabilities.identities import SendingIdentity
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import Tracking
from hatobin.flow.outbound.draft import Draft, RenderedContent
from hatobin.protocols.mail.encoded_words import decode_words
from hatobin.protocols.mail.headers import Field
from hatobin.protocols.mail.mail_object import common_headers, event_headers

_encode = msgspec.json.Encoder().encode
_NOT_FROM_TEMPLATES = frozenset({"from", "to", "cc", "reply-to", "mime-version"})


class StoredContent(Struct, frozen=True):
    """What was seen of content that was written to the blob store while it came."""

    size: int
    is_bad: bool


class HeaderJson(Struct, frozen=True):
    """The header of a message as its events show it."""

    headers: msgspec.Raw
    truncated: bool
    common: msgspec.Raw


class Prepared(Struct, frozen=True):
    """A draft with its id, its time and its final bytes (without the signatures)."""

    draft: Draft
    key: MessageKey
    accepted_at: float
    reverse_path: str
    content: bytes
    blob_key: str | None
    stored: StoredContent | None = None
    """What is known of content that lies in the blob store alone; `content` is empty then."""
    tracking: Tracking | None = None
    """What `content` was made for."""
    header: HeaderJson | None = None
    """Made before the store is asked where somebody will be told of events; else when that turns out."""

    @property
    def size(self) -> int:
        """How many octets leave, without the signatures."""
        return len(self.content) if self.stored is None else self.stored.size


def header_json(fields: Sequence[Field], key: MessageKey) -> HeaderJson:
    """Give the header as events show it."""
    listed = event_headers(fields)
    common = common_headers(fields, message_id=key.message_id, listed=listed)
    return HeaderJson(msgspec.Raw(_encode(listed.headers)), listed.truncated, msgspec.Raw(_encode(common)))


def mail_of(
    prepared: Prepared,
    identity: SendingIdentity,
    configuration_set: ConfigurationSet | None,
    *,
    before_rendering: bool = False,
) -> MailJson:
    """Make the event's mail object where a set or the identity publishes it; headers only for subscribers.

    `before_rendering` gives it as the Send event of a templated message has it: without the identity's ARN, and
    with those fields alone that do not come from the template (recorded from SES; the later events have all).
    """
    draft, origin = prepared.draft, prepared.draft.origin
    is_published = configuration_set is not None or identity.notifies
    if not is_published and not draft.tags:
        return MailJson("", "")
    tags = events.mail_tags(
        operation=origin.operation,
        configuration_set=None if configuration_set is None else configuration_set.name,
        source_ip=origin.source_ip,
        from_domain=draft.senders[0].domain.lower(),
        caller_identity=origin.principal.name,
        tls_version=origin.tls_version,
        custom=draft.tags,
        tenant=draft.tenant,
    )
    if not is_published:
        return MailJson("", tags)  # For the message log alone.
    header: HeaderJson | None = None
    subscribed = identity.notifies or (configuration_set is not None and configuration_set.is_watched)
    if isinstance(draft.content, RenderedContent) and subscribed:
        fields = draft.content.message.fields
        if before_rendering:
            header = header_json([field for field in fields if field[0] in _NOT_FROM_TEMPLATES], prepared.key)
        else:
            header = prepared.header or header_json(fields, prepared.key)
    facts = MailFacts(
        accepted_at=prepared.accepted_at,
        source=draft.source,
        source_arn=None if before_rendering else identity.arn,
        account_id=prepared.key.account_id,
        message_id=prepared.key.message_id,
        destination=[str(recipient) for recipient in draft.recipients],
        headers=None if header is None else header.headers,
        headers_truncated=header is not None and header.truncated,
        common_headers=None if header is None else header.common,
    )
    return MailJson(events.mail_head(facts), tags)


def subject_of(draft: Draft) -> str:
    """Give the subject for people who look for the message, decoded; what was not rendered has none."""
    if not isinstance(draft.content, RenderedContent):
        return ""
    return decode_words(draft.content.message.value("subject") or "")[: queue.MAX_SUBJECT]


def tracked_of(made_for: Tracking | None) -> int:
    """Give what the message's row says of its tracking."""
    if made_for is None:
        return 0
    return queue.TRACKED_OPENS * made_for.opens | queue.TRACKED_CLICKS * made_for.clicks
