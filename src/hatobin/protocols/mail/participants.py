"""Who a message says it is from and to, for calls that name no envelope.

SES takes the sender of a raw message from its From field, and its recipients
from To, Cc and Bcc, where the call gives none.

Refs: SES API v1 SendRawEmail (Source, Destinations), v2 RawMessage.
"""

from __future__ import annotations

from hatobin.protocols.mail.errors import MISSING_FROM, MessageError
from hatobin.protocols.mail.headers import Message
from hatobin.words.address import Mailbox, parse_mailbox_list

_RECIPIENT_KEYS = frozenset({"to", "cc", "bcc"})


def header_senders(message: Message) -> tuple[Mailbox, ...]:
    """Give the mailboxes of From, in order; the first one is the sender.

    Raises `MessageError` where From is missing or names nobody, `AddressError`
    where it does not parse.
    """
    value = message.value("from")
    mailboxes = () if value is None else parse_mailbox_list(value)
    if not mailboxes:
        raise MessageError(MISSING_FROM)
    return mailboxes


def header_recipients(message: Message) -> tuple[Mailbox, ...]:
    """Give the mailboxes of To, Cc and Bcc in the order of the fields, repeated ones included.

    Encoded words are not looked into (RFC 2047 §5 allows none in an address).
    Raises `AddressError` at the first that does not parse.
    """
    found: list[Mailbox] = []
    for field in message.fields:
        if field[0] in _RECIPIENT_KEYS:
            found += parse_mailbox_list(field.value)
    return tuple(found)
