"""Feedback by mail: a bounce or a complaint is told to whoever sent the message.

SES does so by default, beside any notification to a topic. Where an identity
has it switched off, it is done all the same as long as nobody else is told.
The mail goes to the Return-Path that the sender named, else to the source. It
belongs to the service and has no reverse-path, so nothing follows from it.

Refs: AWS developer guide "monitor-sending-activity-using-notifications-email";
API reference v1 SetIdentityFeedbackForwardingEnabled ("in addition to any
Amazon SNS topic"), v2 PutEmailIdentityFeedbackAttributes ("even if this
setting is disabled"); RFC 5321 §4.5.5 (null reverse-path).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities import configuration_sets, events, identities, queue
from hatobin.capabilities.queue import MessageKey, NewMessage, StoredMessage
from hatobin.ports import Entropy, Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.mail.dates import format_date
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.report import Failure, Letter, complaint_report, delivery_report
from hatobin.words.address import Address, AddressError, parse_address, parse_mailbox
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import Bounced
from hatobin.words.settings import Settings

_BOUNDARY_BYTES = 12


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes the mail that tells of feedback, at one moment."""

    session: Session
    settings: Settings
    entropy: Entropy
    at: float

    def bounce_mail(self, key: MessageKey, bounced: Sequence[tuple[str, Bounced]], content: bytes) -> NewMessage | None:
        """Give the mail that tells of recipients who bounced; None where nobody wants it.

        `content` is the message or its header, empty where it is not at hand.
        """
        to = self._addressee(key, "Bounce")
        if to is None:
            return None
        letter = self._letter(key.region, to, "MAILER-DAEMON", "Delivery Status Notification (Failure)")
        failures = [
            Failure(address, events.status_of(one.reply), str(one.reply), one.hop.host) for address, one in bounced
        ]
        report = delivery_report(letter, failures, reporting_mta=self._host(key.region), head=_head(content))
        return self._queued(key.region, letter, report)

    def complaint_mail(
        self, key: MessageKey, addresses: Sequence[str], content: bytes, *, feedback_type: str, user_agent: str
    ) -> NewMessage | None:
        """Give the mail that tells of recipients who complained; None where nobody wants it."""
        to = self._addressee(key, "Complaint")
        if to is None:
            return None
        letter = self._letter(key.region, to, "complaints", "Complaint about a message that you sent")
        report = complaint_report(
            letter, addresses, feedback_type=feedback_type, user_agent=user_agent, head=_head(content)
        )
        return self._queued(key.region, letter, report)

    def _addressee(self, key: MessageKey, kind: str) -> Address | None:
        stored = None if key.account_id == identities.SERVICE_ACCOUNT else queue.message(self.session, key)
        if stored is None or not self._is_wanted(stored, kind):
            return None
        try:
            return parse_mailbox(stored.return_path or stored.source).address
        except AddressError:
            return None

    def _is_wanted(self, stored: StoredMessage, kind: str) -> bool:
        key = stored.key
        arn = parse_arn(stored.identity_arn)
        # Another account's, where a sender was let in; whether bounces are told by mail is its owner's to say.
        owner = key.account_id if arn is None else arn.account_id
        name = stored.identity_arn.partition("identity/")[2]
        forwards = identities.forwards_feedback(self.session, owner, key.region, name)
        if forwards is not False:
            return bool(forwards)  # None: the identity is gone, and nobody's feedback is told.
        if identities.notice_route(self.session, owner, key.region, name, kind) is not None:
            return False
        if stored.configuration_set is None:
            return True
        found = configuration_sets.find(self.session, key.account_id, key.region, stored.configuration_set)
        return found is None or not found.publishes(kind.upper())

    def _host(self, region: str) -> str:
        service = self.settings.service
        return service.envelope_host(region)

    def _letter(self, region: str, to: Address, sender: str, subject: str) -> Letter:
        service = self.settings.service
        identifier = message_id(region, self.at, self.entropy.uuid())
        host = service.mail_host(region)
        return Letter(
            sender=parse_address(f"{sender}@{self._host(region)}"),
            to=to,
            subject=subject,
            boundary=f"----=_Part_{self.entropy.token_bytes(_BOUNDARY_BYTES).hex()}",
            message_id_header=f"<{identifier}@{host}>",
            date=format_date(self.at),
        )

    def _queued(self, region: str, letter: Letter, content: bytes) -> NewMessage:
        identifier = letter.message_id_header[1:].partition("@")[0]
        key = MessageKey(identities.SERVICE_ACCOUNT, region, identifier)
        return identities.service_message(
            self.settings, key, letter.sender, letter.to, content, reverse_path="", now=self.at
        )


def _head(content: bytes) -> bytes:
    return b"".join(field.raw for field in split_message(content).fields) if content else b""
