"""Drafting: what an API caller asked for becomes a checked draft; the same for v1 and v2.

The doors translate their request types into `Ask` and the errors of this
module into their own codes. Nothing here touches the database but the
template look-up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from hatobin.capabilities.templates import RenderedParts
from hatobin.capabilities.tracking import Overrides
from hatobin.flow.outbound.delegation import header_delegations
from hatobin.flow.outbound.draft import (
    MAX_RECIPIENTS,
    Draft,
    ListManagement,
    Origin,
    RenderedContent,
    RenderingFailure,
    Way,
)
from hatobin.flow.outbound.refusals import TooManyRecipients
from hatobin.flow.outbound.senders import header_return_path, message_senders
from hatobin.gateway import API_VERSIONS, Call
from hatobin.ports import Entropy, Session
from hatobin.protocols.aws.arn import Arn
from hatobin.protocols.mail.attachment import Attachment
from hatobin.protocols.mail.compose import Content, Simple, compose
from hatobin.protocols.mail.control import ControlHeaders, parse_control_headers
from hatobin.protocols.mail.errors import HeaderError
from hatobin.protocols.mail.headers import find_duplicate, split_message
from hatobin.protocols.mail.participants import header_recipients, header_senders
from hatobin.protocols.mail.rewrite import check_message, read_message
from hatobin.words.address import Address, AddressError, Mailbox, parse_mailbox

_BOUNDARY_BYTES = 12


class NoRecipient(Exception):
    """Nobody is to get the message."""


class Recipients(Struct, frozen=True):
    """The caller's Destination, parsed; display names are kept for the header."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The envelope's recipients, in order."""
        return tuple(mailbox.address for mailbox in (*self.to, *self.cc, *self.bcc))


class Ask(Struct, frozen=True):
    """What every send operation has besides its content."""

    source: str | None
    recipients: Recipients | None
    reply_to: tuple[Mailbox, ...] = ()
    return_path: str | None = None
    configuration_set: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    list_management: ListManagement | None = None
    tenant: str | None = None
    actions: tuple[Way, ...] = (("ses:SendEmail",),)
    template: str | None = None
    delegations: tuple[Arn, ...] = ()
    all_recipients: tuple[Address, ...] = ()
    tracking: Overrides | None = None


def origin(call: Call) -> Origin:
    """Say who sends, from a verified API call."""
    return Origin(
        call.principal,
        call.permissions,
        call.region,
        call.operation,
        call.source_ip,
        call.tls_version,
        call.ports.clock.now(),
        api_version=API_VERSIONS[call.service],
        user_agent=call.user_agent,
    )


def parse_recipients(to: Sequence[str] | None, cc: Sequence[str] | None, bcc: Sequence[str] | None) -> Recipients:
    """Parse a Destination; one mailbox per entry. Raises `AddressError`, and `TooManyRecipients` without parsing."""
    if sum(len(texts) for texts in (to, cc, bcc) if texts) > MAX_RECIPIENTS:
        raise TooManyRecipients
    return Recipients(
        tuple(parse_mailbox(text) for text in to or ()),
        tuple(parse_mailbox(text) for text in cc or ()),
        tuple(parse_mailbox(text) for text in bcc or ()),
    )


def all_recipients(several: Iterable[Callable[[], Recipients]]) -> Recipients:
    """Give the recipients of all messages of one call, as far as they are any: a policy is asked about the call."""
    found: list[Mailbox] = []
    for one in several:
        with contextlib.suppress(AddressError, TooManyRecipients):  # The answer of that entry alone.
            recipients = one()
            found += (*recipients.to, *recipients.cc, *recipients.bcc)
    return Recipients(bcc=tuple(found))


def simple_draft(
    call: Call,
    ask: Ask,
    *,
    subject: Content,
    text: Content | None,
    html: Content | None,
    headers: Sequence[tuple[str, str]] = (),
    attachments: Sequence[Attachment] = (),
    along: Callable[[Session], None] | None = None,
    from_template: bool = False,
) -> Draft:
    """Compose a message from its parts. Raises `AddressError`, `HeaderError`, `NoRecipient`."""
    assert ask.source is not None, "the door checked that there is a source"
    sender = parse_mailbox(ask.source)
    recipients = _named_recipients(ask)
    raw = compose(
        Simple(
            sender=sender,
            subject=subject,
            to=recipients.to,
            cc=recipients.cc,
            reply_to=ask.reply_to,
            text=text,
            html=html,
            headers=tuple(headers),
            attachments=tuple(attachments),
        ),
        lambda: _boundary(call.ports.entropy),
    )
    # Our own lines end in CRLF; those of attachments are the caller's.
    message = read_message(raw) if attachments else split_message(raw, has_crlf=True)
    if headers and (duplicate := find_duplicate(message.fields)) is not None:
        raise HeaderError(f"Duplicate header '{duplicate}'.")
    return _draft(call, ask, (sender.address,), recipients.addresses, RenderedContent(message, from_template), along)


def rendered_draft(
    call: Call,
    ask: Ask,
    rendered: RenderedParts | RenderingFailure,
    *,
    headers: Sequence[tuple[str, str]] = (),
    attachments: Sequence[Attachment] = (),
) -> Draft:
    """Compose a rendered template, or carry its failure to where it becomes an event."""
    if isinstance(rendered, RenderingFailure):
        assert ask.source is not None, "the door checked that there is a source"
        sender = parse_mailbox(ask.source)
        return _draft(call, ask, (sender.address,), _named_recipients(ask).addresses, rendered)
    return simple_draft(
        call,
        ask,
        subject=Content(rendered.subject),
        text=None if rendered.text is None else Content(rendered.text),
        html=None if rendered.html is None else Content(rendered.html),
        headers=headers,
        attachments=attachments,
        from_template=True,
    )


def raw_draft(call: Call, ask: Ask, data: bytes) -> Draft:
    """Take a whole message as it is.

    Recipients: exactly the caller's where there are any, else those of To,
    Cc and Bcc. Sender: the caller's where given, else From. Control headers
    steer where the caller's parameters do not. Raises `MessageError`,
    `AddressError`, `NoRecipient`.
    """
    message = read_message(data)
    check_message(message)
    control = parse_control_headers(message.fields)
    named = () if ask.source is None else (parse_mailbox(ask.source).address,)
    senders = message_senders(message, *named)
    addresses = ask.recipients.addresses if ask.recipients is not None else ()
    recipients = addresses or tuple(mailbox.address for mailbox in header_recipients(message))
    if not recipients:
        raise NoRecipient
    source = ask.source or str(header_senders(message)[0])
    ask = replace(ask, source=source, return_path=ask.return_path or header_return_path(message))
    return _draft(call, _with_control(ask, control), senders, recipients, RenderedContent(message))


def _with_control(ask: Ask, control: ControlHeaders) -> Ask:
    """Parameters win over control headers; tags are never merged (SES guide, event-publishing-send-email)."""
    listed = control.list_management
    header_list = None if listed is None else ListManagement(listed.contact_list, listed.topic)
    return replace(
        ask,
        configuration_set=ask.configuration_set or control.configuration_set,
        tags=ask.tags or {tag.name: tag.value for tag in control.tags},
        list_management=ask.list_management or header_list,
        tenant=ask.tenant or control.tenant,
        delegations=ask.delegations
        or header_delegations(control.source_arn, control.from_arn, control.return_path_arn),
    )


def _named_recipients(ask: Ask) -> Recipients:
    if ask.recipients is None or not ask.recipients.addresses:
        raise NoRecipient
    return ask.recipients


def _draft(
    call: Call,
    ask: Ask,
    senders: tuple[Address, ...],
    recipients: tuple[Address, ...],
    content: RenderedContent | RenderingFailure,
    along: Callable[[Session], None] | None = None,
) -> Draft:
    assert ask.source is not None, "every message has a source by now"
    if ask.return_path is not None:
        senders = tuple(dict.fromkeys((*senders, parse_mailbox(ask.return_path).address)))
    return Draft(
        origin=origin(call),
        senders=senders,
        source=ask.source,
        recipients=recipients,
        content=content,
        configuration_set=ask.configuration_set,
        tags=ask.tags,
        return_path=ask.return_path,
        list_management=ask.list_management,
        actions=ask.actions,
        template=ask.template,
        delegations=ask.delegations,
        all_recipients=ask.all_recipients,
        along=along,
        tenant=ask.tenant,
        tracking=ask.tracking,
    )


def _boundary(entropy: Entropy) -> str:
    return f"----=_Part_{entropy.token_bytes(_BOUNDARY_BYTES).hex()}"
