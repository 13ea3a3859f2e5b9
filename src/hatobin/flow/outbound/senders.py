"""Whose addresses a message speaks with: each of them must be verified.

Refs: SES developer guide, verify-addresses-and-domains: From, Source, Sender
and Return-Path are all checked.
"""

from __future__ import annotations

from hatobin.protocols.mail.headers import Message
from hatobin.words.address import Address, Mailbox, parse_mailbox_list

_SENDER_FIELDS = ("sender", "return-path")


def header_mailboxes(message: Message, name: str) -> tuple[Mailbox, ...]:
    """Read the mailboxes of a header field, () where it is absent. Raises `AddressError`."""
    value = message.value(name)
    return parse_mailbox_list(value) if value is not None and value.strip(" <>") else ()


def message_senders(message: Message, *named: Address) -> tuple[Address, ...]:
    """Give From first, then the addresses the caller named, then Sender and Return-Path; each once."""
    senders = [mailbox.address for mailbox in header_mailboxes(message, "from")]
    senders.extend(named)
    for field in _SENDER_FIELDS:
        senders.extend(mailbox.address for mailbox in header_mailboxes(message, field))
    return tuple(dict.fromkeys(senders))


def header_recipients(message: Message) -> tuple[Address, ...]:
    """Give the recipients that To, Cc and Bcc name, in that order; the same one twice stays twice."""
    return tuple(
        mailbox.address for field in ("to", "cc", "bcc") for mailbox in header_mailboxes(message, field)
    )
