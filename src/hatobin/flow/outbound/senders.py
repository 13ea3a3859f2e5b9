"""Whose addresses a message speaks with: each of them must be verified.

Refs: SES developer guide, verify-addresses-and-domains: From, Source, Sender
and Return-Path are all checked.
"""

from __future__ import annotations

from hatobin.protocols.mail.headers import Message
from hatobin.protocols.mail.participants import header_senders
from hatobin.words.address import Address, parse_mailbox_list

_OTHER_FIELDS = ("sender", "return-path")


def header_return_path(message: Message) -> str | None:
    """Give the address that a Return-Path field names; None without one. Raises `AddressError`.

    Feedback goes there rather than to MAIL FROM or Source (AWS developer guide,
    "monitor-sending-activity-using-notifications-email").
    """
    value = message.value("return-path")
    named = parse_mailbox_list(value) if value is not None and value.strip(" <>") else ()
    return str(named[0].address) if named else None


def message_senders(message: Message, *named: Address) -> tuple[Address, ...]:
    """Give From first, then the addresses the caller named, then Sender and Return-Path; each once.

    Raises `MessageError` where From names nobody, `AddressError` for what does not parse.
    """
    senders = [mailbox.address for mailbox in header_senders(message)]
    senders.extend(named)
    for field in _OTHER_FIELDS:
        value = message.value(field)
        # An empty reverse-path in a header ("<>") speaks for nobody.
        if value is not None and value.strip(" <>"):
            senders.extend(mailbox.address for mailbox in parse_mailbox_list(value))
    return tuple(dict.fromkeys(senders))
