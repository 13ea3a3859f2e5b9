"""Suppressed recipients: who is not written to, and the events that say so.

Asked twice: at acceptance, and again when a deferred recipient is leased, so
that an address that was suppressed in between is not attempted any more.

Refs: SES developer guide, sending-email-suppression-list and
-suppression-list-tenant-level (which list, and what an event says of it);
probed: a recipient suppressed for a complaint gives a Complaint event, never a Delivery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from hatobin.capabilities import events, suppression, tenants
from hatobin.capabilities.account import AccountStanding
from hatobin.capabilities.configuration_sets import ConfigurationSet
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tenants import Tenant
from hatobin.ports import Entropy, Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import feedback_id
from hatobin.words.settings import Settings

_BOUNCE = "BOUNCE"


_TENANT = "TENANT"


class HeldAgainst(Struct, frozen=True):
    """The list that a message is held against, and for which reasons an address is not written to.

    `tenant_id` says whose list it is, empty for the account's own.
    """

    tenant_id: str
    reasons: tuple[str, ...]

    @property
    def sub_type(self) -> str:
        """What the events of suppressed recipients are called."""
        return "OnTenantSuppressionList" if self.tenant_id else "OnAccountSuppressionList"


def held_against(
    standing: AccountStanding, configuration_set: ConfigurationSet | None, tenant: Tenant | None
) -> HeldAgainst:
    """Choose the list and the reasons, each for itself: those of the configuration set, else the tenant's, else
    the account's.

    No reasons at all switch suppression off. Without a tenant there is one list only.
    """
    reasons, scope = standing.suppressed_reasons, None
    if tenant is not None and tenant.suppression is not None:
        reasons, scope = tenant.suppression.reasons, tenant.suppression.scope
    if configuration_set is not None:
        override = configuration_set.suppressed_reasons
        reasons = reasons if override is None else override
        scope = configuration_set.suppression_scope or scope
    return HeldAgainst(tenant.tenant_id if tenant is not None and scope == _TENANT else "", reasons)


def tenant_of(session: Session, key: MessageKey, name: str | None) -> Tenant | None:
    """Give the tenant that sent a message, as it is now; a message whose tenant is gone is the account's."""
    return None if name is None else tenants.find(session, key.account_id, key.region, name)


def suppressed_reasons(
    session: Session,
    key: MessageKey,
    addresses: Sequence[str],
    held: HeldAgainst,
) -> dict[str, str]:
    """Give the addresses that must not be written to, with the stored reason."""
    if not held.reasons:
        return {}
    found = suppression.lookup(session, key.account_id, key.region, addresses, tenant_id=held.tenant_id)
    return {address: reason for address, reason in found.items() if reason in held.reasons}


def suppressed_events(
    reasons: Mapping[str, str],
    unsubscribed: Sequence[str],
    *,
    sub_type: str,
    region: str,
    at: float,
    settings: Settings,
    entropy: Entropy,
) -> Iterator[tuple[EventKind, str, int]]:
    """Give the events for recipients that are not attempted, and of how many: one Bounce per cause, one Complaint."""
    # Observed: the service's own name stands there, not that of a host, as none was asked to send.
    mta = settings.service.envelope_host(region)
    bounced = [address for address, reason in reasons.items() if reason == _BOUNCE]
    complained = [address for address, reason in reasons.items() if reason != _BOUNCE]
    for addresses, cause in ((bounced, sub_type), (unsubscribed, "UnsubscribedRecipient")):
        if addresses:
            identifier = feedback_id(region, at, entropy.uuid())
            yield (
                EventKind.BOUNCE,
                events.suppressed_detail(addresses, at=at, feedback_id=identifier, reporting_mta=mta, sub_type=cause),
                len(addresses),
            )
    if complained:
        identifier = feedback_id(region, at, entropy.uuid())
        yield (
            EventKind.COMPLAINT,
            events.complaint_detail(complained, at=at, feedback_id=identifier, sub_type=sub_type),
            len(complained),
        )
