"""What the SMTP door says and means: a message and its envelope as a draft, acceptance and refusals as SES's replies.

Refs: SES developer guide, troubleshoot-smtp (reply texts), header-fields; RFC 5321 §4.2.
"""

from __future__ import annotations

import structlog

from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.delegation import header_delegations
from hatobin.flow.outbound.draft import Accepted, Draft, ListManagement, Origin, RenderedContent
from hatobin.flow.outbound.senders import header_return_path, message_senders
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.mail.control import parse_control_headers
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import Message
from hatobin.words.address import AddressError, parse_address
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

log = structlog.get_logger()

_CREDENTIALS_GONE = Reply.of(535, "Authentication Credentials Invalid")
_SERVICE_FAILURE = Reply.of(451, "Temporary service failure")


class KeyGone(Exception):
    """The access key of a connection was switched off or deleted since its login."""


def smtp_draft(origin: Origin, envelope: Envelope, message: Message) -> Draft:
    """Make a draft of a message that was judged; only its header is looked at.

    Raises `MessageError` and `AddressError`.
    """
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
        return_path=header_return_path(message) or envelope.reverse_path,
        list_management=None if listed is None else ListManagement(listed.contact_list, listed.topic),
        tenant=control.tenant,
        actions=(("ses:SendRawEmail",),),  # surface.md §4.5
        delegations=header_delegations(control.source_arn, control.from_arn, control.return_path_arn),
    )


def accepted_reply(accepted: Accepted) -> Reply:
    """Say that the message is durable."""
    return Reply.of(250, f"Ok {accepted.key.message_id}")


def refusal_reply(error: Exception) -> Reply:
    """Say why a message was not accepted. What is no refusal is our own bug: loud in the log, and the client's 451."""
    match error:
        case refusals.Refusal():
            if error.hint is not None:
                log.info("refused", answer=error.text, hint=error.hint)
            return _reply(error)
        case MessageError() | AddressError():
            return Reply.of(554, f"Transaction failed: {error}")
        case KeyGone():
            return _CREDENTIALS_GONE
        case DatabaseUnavailable() | BlobsUnavailable():
            log.warning("refused_without_the_store", error=str(error))
            return _SERVICE_FAILURE
        case _:
            # The client keeps its message and tries again, and the trace is in the log.
            log.error("smtp_accept_failed", exc_info=error)
            return _SERVICE_FAILURE


def _reply(refusal: refusals.Refusal) -> Reply:
    match refusal:
        case refusals.AccessDenied():
            return Reply.of(554, f"Access denied: {refusal.text}")
        case (
            refusals.NotVerified()
            | refusals.MailFromNotVerified()
            | refusals.AccountPaused()
            | refusals.ConfigurationSetPaused()
            | refusals.TenantPaused()
        ):
            return Reply.of(554, f"Message rejected: {refusal.text}")
        case refusals.NotAssociated():
            return Reply.of(554, f"Access denied: {refusal.text}")
        case refusals.RateExceeded() | refusals.DailyQuotaExceeded():
            return Reply.of(454, f"Throttling failure: {refusal.text.removesuffix('.')}")
        case refusals.Unavailable():
            return Reply.of(451, refusal.text)
        case _:
            return Reply.of(554, f"Transaction failed: {refusal.text}")
