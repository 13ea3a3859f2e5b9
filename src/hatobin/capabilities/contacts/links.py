"""The unsubscribe link of one message to one recipient.

A link holds all it stands for, sealed under the server's master key: nothing
is stored for it, nobody can make or read one, and it works for as long as the
list exists.

Refs: RFC 8058 §3.1 (the URI must be hard to guess and name recipient and
list); AWS developer guide "sending-email-subscription-management".
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from hatobin.companions.kms import SealBroken, Vault
from hatobin.words.settings import Settings

LINK_PATH = "/unsubscribe/"
PLACEHOLDER = "{{amazonSESUnsubscribeUrl}}"
MAX_REPLACED = 2
"""Occurrences of the placeholder that are replaced in one text."""
MAX_TOKEN_LENGTH = 2048
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The value of List-Unsubscribe-Post, and the body of the request that it leads to (RFC 8058 §3.1, §3.2)."""

_CONTEXT = "subscription link"


class SubscriptionLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link stands for: whose list, which message, to whom. Without a topic it is about the whole list."""

    account_id: str
    region: str
    message_id: str
    contact_list: str
    topic: str | None
    address: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SubscriptionLink)


class SubscriptionLinks:
    """Writes and reads links."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self._vault = vault
        # RFC 8058 §3.1 wants an https URI; mail programs ignore any other.
        self._base = (settings.service.public_https or settings.link_base).rstrip("/")

    def url(self, link: SubscriptionLink) -> str:
        """Write a link; it needs no escaping in HTML or in a header."""
        sealed = self._vault.seal(_encoder.encode(link), context=_CONTEXT)
        return f"{self._base}{LINK_PATH}{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def read(self, token: str) -> SubscriptionLink | None:
        """Read what follows the path of a link; None for what was never written here."""
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            sealed = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}".encode("ascii"), b"-_", validate=True)
            return _decoder.decode(self._vault.open(sealed, context=_CONTEXT))
        except (ValueError, binascii.Error, SealBroken, msgspec.DecodeError):
            return None
