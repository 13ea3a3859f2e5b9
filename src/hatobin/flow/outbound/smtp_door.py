"""The SMTP door: what submission hands over becomes a draft, refusals become SES's replies.

Refs: SES developer guide, troubleshoot-smtp (reply texts), header-fields,
configure-smtp; RFC 5321 §4.2.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from hatobin.companions.iam import AccessKeys
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Origin
from hatobin.flow.outbound.smtp_draft import KeyGone, accepted_reply, refusal_reply, smtp_draft
from hatobin.flow.outbound.streamed import StreamedMessage
from hatobin.gateway import Permissions, Principal, permissions_of
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.rewrite import check_message
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

SMTP_OPERATION = "SendSMTPMessage"
"""The value of the tag `ses:operation` for mail that came by SMTP."""


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """Who logged in, and for which region: it follows from the password.

    `permissions` are those of a connection that needs no key; else they are
    the key's, asked for with every message.
    """

    principal: Principal
    region: str
    permissions: Permissions | None = None


class Peer(Protocol):
    """What the door wants to know of the client."""

    @property
    def ip(self) -> str:
        """The client's address."""
        ...

    @property
    def tls_version(self) -> str | None:
        """The TLS version of the connection, None in plain text."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpDoor:
    """Logs SMTP clients in and accepts their messages."""

    keys: AccessKeys
    acceptor: Acceptor
    _whole: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False)
    """Held while one large message is in memory as a whole, because it must be mended."""

    async def authenticate(self, username: str, password: str, peer: Peer) -> SmtpLogin | None:
        """Check a user name and its derived password; None when they do not fit."""
        found = await self.keys.smtp_login(username, password, peer_ip=peer.ip)
        return None if found is None else SmtpLogin(*found)

    async def accept(self, principal: SmtpLogin, envelope: Envelope, data: bytes, peer: Peer) -> Reply:
        """Accept one message and say "250 Ok <id>" once it is durable, or why not."""
        try:
            origin = await self._origin(principal, peer)
            # The protocol core refuses bare CR and LF, so there is nothing to normalise.
            message = split_message(data)
            check_message(message)
            accepted = await self.acceptor.accept(smtp_draft(origin, envelope, message))
        except Exception as error:
            return refusal_reply(error)
        return accepted_reply(accepted)

    def stream(self, principal: SmtpLogin, envelope: Envelope, peer: Peer) -> StreamedMessage:
        """Begin to take a large message in pieces; its end is answered as `accept` answers."""
        return StreamedMessage(self.acceptor, lambda: self._origin(principal, peer), envelope, self._whole)

    async def _origin(self, login: SmtpLogin, peer: Peer) -> Origin:
        """Say who sends, with what the key may do now: a connection may outlive a change of it.

        Raises `KeyGone`.
        """
        principal, permissions = login.principal, login.permissions
        if permissions is None:
            credential = await self.keys.find(principal.access_key_id, peer.ip)
            if credential is None:
                raise KeyGone
            principal = credential.principal
            permissions = permissions_of(credential.policies, credential.session_policies)
        now = self.acceptor.ports.clock.now()
        return Origin(principal, permissions, login.region, SMTP_OPERATION, peer.ip, peer.tls_version, now)
