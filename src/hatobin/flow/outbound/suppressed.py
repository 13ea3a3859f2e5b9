"""Suppressed recipients: who is not written to, and the events that say so.

Asked twice: at acceptance, and again when a deferred recipient is leased, so
that an address that was suppressed in between is not attempted any more.

Refs: SES developer guide, sending-email-suppression-list; probed: a recipient
suppressed for a complaint gives a Complaint event, never a Delivery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hatobin.capabilities import events, suppression
from hatobin.capabilities.account import AccountStanding
from hatobin.capabilities.configuration_sets import ConfigurationSet
from hatobin.capabilities.queue import MessageKey
from hatobin.ports import Entropy, Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import feedback_id, mail_host
from hatobin.words.settings import Settings

_BOUNCE = "BOUNCE"


def enforced_reasons(standing: AccountStanding, configuration_set: ConfigurationSet | None) -> tuple[str, ...]:
    """Say for which reasons an address is not written to.

    The configuration set overrides the account; an empty override switches
    suppression off for its messages.
    """
    override = None if configuration_set is None else configuration_set.suppressed_reasons
    return standing.suppressed_reasons if override is None else override


def suppressed_reasons(
    session: Session,
    key: MessageKey,
    addresses: Sequence[str],
    standing: AccountStanding,
    configuration_set: ConfigurationSet | None,
) -> dict[str, str]:
    """Give the addresses that must not be written to, with the stored reason."""
    enforced = enforced_reasons(standing, configuration_set)
    if not enforced:
        return {}
    found = suppression.lookup(session, key.account_id, key.region, addresses)
    return {address: reason for address, reason in found.items() if reason in enforced}


def suppressed_events(
    reasons: Mapping[str, str],
    unsubscribed: Sequence[str],
    *,
    region: str,
    at: float,
    settings: Settings,
    entropy: Entropy,
) -> Iterator[tuple[EventKind, str]]:
    """Give the events for recipients that are not attempted: one Bounce per cause, one Complaint."""
    service = settings.service
    mta = mail_host(region, service.domain, compat_names=service.compat_names)
    bounced = [address for address, reason in reasons.items() if reason == _BOUNCE]
    complained = [address for address, reason in reasons.items() if reason != _BOUNCE]
    for addresses, sub_type in ((bounced, "OnAccountSuppressionList"), (unsubscribed, "UnsubscribedRecipient")):
        if addresses:
            identifier = feedback_id(region, at, entropy.uuid())
            yield (
                EventKind.BOUNCE,
                events.suppressed_detail(
                    addresses, at=at, feedback_id=identifier, reporting_mta=mta, sub_type=sub_type
                ),
            )
    if complained:
        identifier = feedback_id(region, at, entropy.uuid())
        yield (
            EventKind.COMPLAINT,
            events.complaint_detail(complained, at=at, feedback_id=identifier, sub_type="OnAccountSuppressionList"),
        )
