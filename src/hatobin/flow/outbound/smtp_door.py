"""The SMTP door: what submission hands over becomes a draft, refusals become SES's replies.

Refs: SES developer guide, troubleshoot-smtp (reply texts), header-fields,
configure-smtp; RFC 5321 §4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.companions.iam import AccessKeys
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Draft, ListManagement, Origin, RenderedContent
from hatobin.flow.outbound.senders import message_senders
from hatobin.gateway import Principal
from hatobin.protocols.mail.control import parse_control_headers
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.rewrite import check_message, read_message
from hatobin.words.address import AddressError, parse_address
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """Who logged in, and for which region: it follows from the password."""

    principal: Principal
    region: str


@dataclass(frozen=True, slots=True)
class SmtpDoor:
    """Logs SMTP clients in and accepts their messages."""

    keys: AccessKeys
    acceptor: Acceptor

    async def login(self, username: str, password: str) -> SmtpLogin | None:
        """Check a user name and its derived password; None when they do not fit."""
        found = await self.keys.smtp_login(username, password)
        return None if found is None else SmtpLogin(*found)

    async def submit(
        self, login: SmtpLogin, envelope: Envelope, data: bytes, *, peer_ip: str, tls_version: str | None
    ) -> Reply:
        """Accept one message and say "250 Ok <id>" once it is durable, or why not."""
        origin = Origin(login.principal, login.region, "SendSMTPMessage", peer_ip, tls_version)
        try:
            draft = _draft(origin, envelope, data)
            accepted = await self.acceptor.accept(draft)
        except refusals.Refusal as refusal:
            return _reply(refusal)
        except (MessageError, AddressError) as error:
            return Reply.of(554, f"Transaction failed: {error}")
        return Reply.of(250, f"Ok {accepted.key.message_id}")


def _draft(origin: Origin, envelope: Envelope, data: bytes) -> Draft:
    message = read_message(data)
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
