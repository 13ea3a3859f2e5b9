"""A message on its way through the door, before it is accepted; the same from every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import Overrides
from hatobin.gateway import Permissions, Principal
from hatobin.ports import Session
from hatobin.protocols.aws.arn import Arn
from hatobin.protocols.mail.headers import Message
from hatobin.words.address import Address

MAX_RECIPIENTS = 50
"""Recipients of one message, To, Cc and Bcc together (SES developer guide, quotas)."""


class Origin(Struct, frozen=True):
    """Who sends, with which permissions, for which region, through which operation, from where and when.

    `at` is in seconds since the epoch; `api_version` "1" or "2", None by SMTP.
    """

    principal: Principal
    permissions: Permissions
    region: str
    operation: str
    source_ip: str
    tls_version: str | None
    at: float
    api_version: str | None = None
    user_agent: str = ""


class RenderedContent(Struct, frozen=True):
    """A whole MIME message as the caller meant it, split and checked, before our own headers."""

    message: Message
    from_template: bool = False
    """Whether SES rendered it: its Send event is told before that (see `decisions`)."""


class RenderingFailure(Struct, frozen=True):
    """A template that could not be rendered with the caller's data."""

    error_message: str
    template_name: str | None


Way = tuple[str, ...]
"""Actions that a policy must allow together."""


class ListManagement(Struct, frozen=True):
    """The contact list and topic that the caller named."""

    contact_list: str
    topic: str | None


class Draft(Struct, frozen=True):
    """One message with its envelope.

    `senders` are the addresses that must be verified: From first, then
    Return-Path and Sender if present. `source` is what events show as
    `mail.source`. `return_path` is where feedback goes, None for the default.
    `tenant` is the name of the tenant that sends. `actions` are the ways in which a
    policy may allow it, `template` is the stored one that it was made of; a tenant
    must have been given it. `delegations` are the identities of other accounts
    that the caller may speak for, `all_recipients` those of the whole call, where
    one call makes several messages. `tracking` is what the call says of opens and clicks.
    `along` writes what must become durable together with the message; it may
    not refuse, may run again when a commit failed, and changes nothing that
    decides whether a message may be sent (see `Database.write`, `shares_memo`).
    """

    origin: Origin
    senders: tuple[Address, ...]
    source: str
    recipients: tuple[Address, ...]
    content: RenderedContent | RenderingFailure
    configuration_set: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    return_path: str | None = None
    list_management: ListManagement | None = None
    max_delivery_s: int | None = None
    tenant: str | None = None
    actions: tuple[Way, ...] = (("ses:SendEmail",),)
    template: str | None = None
    delegations: tuple[Arn, ...] = ()
    all_recipients: tuple[Address, ...] = ()
    tracking: Overrides | None = None
    along: Callable[[Session], None] | None = None


class Accepted(Struct, frozen=True):
    """The message is durable; `key.message_id` is what the caller gets."""

    key: MessageKey
