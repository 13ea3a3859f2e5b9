"""The SMTP door: what submission hands over becomes a draft, refusals become SES's replies.

Refs: SES developer guide, troubleshoot-smtp (reply texts), header-fields,
configure-smtp; RFC 5321 §4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog

from hatobin.companions.iam import AccessKeys
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Draft, ListManagement, Origin, RenderedContent
from hatobin.flow.outbound.senders import message_senders
from hatobin.gateway import Principal
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.mail.control import parse_control_headers
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.rewrite import check_message
from hatobin.words.address import AddressError, parse_address
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

log = structlog.get_logger()

SMTP_OPERATION = "SendSMTPMessage"
"""The value of the tag `ses:operation` for mail that came by SMTP."""


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """Who logged in, and for which region: it follows from the password."""

    principal: Principal
    region: str


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

    async def authenticate(self, username: str, password: str, peer: Peer) -> SmtpLogin | None:
        """Check a user name and its derived password; None when they do not fit."""
        found = await self.keys.smtp_login(username, password, peer_ip=peer.ip)
        return None if found is None else SmtpLogin(*found)

    async def accept(self, principal: SmtpLogin, envelope: Envelope, data: bytes, peer: Peer) -> Reply:
        """Accept one message and say "250 Ok <id>" once it is durable, or why not."""
        origin = Origin(principal.principal, principal.region, SMTP_OPERATION, peer.ip, peer.tls_version)
        try:
            accepted = await self.acceptor.accept(_draft(origin, envelope, data))
        except refusals.Refusal as refusal:
            if refusal.hint is not None:
                log.info("refused", answer=refusal.text, hint=refusal.hint)
            return _reply(refusal)
        except (MessageError, AddressError) as error:
            return Reply.of(554, f"Transaction failed: {error}")
        except DatabaseUnavailable as error:
            log.warning("refused_without_the_store", error=str(error))
            return Reply.of(451, "Temporary service failure")
        except Exception:
            # Our own bug: the client keeps its message and tries again, and the trace is in the log.
            log.exception("smtp_accept_failed")
            return Reply.of(451, "Temporary service failure")
        return Reply.of(250, f"Ok {accepted.key.message_id}")


def _draft(origin: Origin, envelope: Envelope, data: bytes) -> Draft:
    # The protocol core refuses bare CR and LF, so there is nothing to normalise.
    message = split_message(data)
    check_message(message)
    control = parse_control_headers(message.fields)
    reverse_path = parse_address(envelope.reverse_path)
    listed = control.list_management
    return Draft(
        origin=origin,
        senders=message_senders(message, reverse_path),
        source=envelope.reverse_path,
        recipients=tuple(parse_address(recipient) for recipient in envelope.recipients),
        content=RenderedContent(message),
        configuration_set=control.configuration_set,
        tags={tag.name: tag.value for tag in control.tags},
        return_path=envelope.reverse_path,
        list_management=None if listed is None else ListManagement(listed.contact_list, listed.topic),
    )


def _reply(refusal: refusals.Refusal) -> Reply:
    match refusal:
        case refusals.NotVerified() | refusals.AccountPaused() | refusals.ConfigurationSetPaused():
            return Reply.of(554, f"Message rejected: {refusal.text}")
        case refusals.RateExceeded() | refusals.DailyQuotaExceeded():
            return Reply.of(454, f"Throttling failure: {refusal.text.removesuffix('.')}")
        case refusals.Unavailable():
            return Reply.of(451, refusal.text)
        case _:
            return Reply.of(554, f"Transaction failed: {refusal.text}")
