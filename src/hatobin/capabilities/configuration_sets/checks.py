"""What the blocks of a set may say that depends on what else there is: domains, pools, archives."""

from __future__ import annotations

from hatobin.capabilities.configuration_sets.model import SHARED_POOL, DomainOwnership
from hatobin.capabilities.configuration_sets.names import InvalidSet
from hatobin.gateway import Call
from hatobin.gateway.models.sesv2 import ArchivingOptions, DeliveryOptions
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn


def check_redirect_domain(session: Session, call: Call, domain: str) -> None:
    """A redirect domain is a verified identity of the account in this region. Raises `InvalidSet`."""
    if not domain.strip():
        raise InvalidSet("CustomRedirectDomain must be specified.")
    if not owns_domain(session, call, domain):
        raise InvalidSet(f"Domain <{domain}> is not verified under this account.")


def owns_domain(session: Session, call: Call, domain: str) -> bool:
    """Say whether a domain is a verified identity of the account in this region."""
    return call.services.get(DomainOwnership).is_verified(session, call.account_id, call.region, domain)


def check_delivery(delivery: DeliveryOptions | None) -> None:
    """A pool must exist. Raises `InvalidSet`."""
    if delivery is None or delivery.sending_pool_name is None:
        return
    if not delivery.sending_pool_name.strip():
        raise InvalidSet("sendingPoolName can't be blank.")
    if delivery.sending_pool_name != SHARED_POOL:
        raise InvalidSet(f"SendingPool <{delivery.sending_pool_name}> doesn't exist")


def check_archiving(call: Call, archiving: ArchivingOptions | None) -> None:
    """An archive belongs to the account and the region; that it exists is not asked yet. Raises `InvalidSet`."""
    if archiving is None or archiving.archive_arn is None:
        return
    arn = parse_arn(archiving.archive_arn)
    if arn is None or (arn.account_id, arn.region) != (call.account_id, call.region):
        raise InvalidSet(f"Archive <{archiving.archive_arn}> does not belong to this account and Region.")
