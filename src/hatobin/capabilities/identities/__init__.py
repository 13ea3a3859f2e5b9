"""Identities: the addresses and domains that an account may send from, and their DKIM keys.

An identity belongs to an account and a region. `find_sending_identity` says
which one answers for a sender: the address itself, its domain, or a parent
domain. A domain has a DKIM key, kept sealed, and is verified when its records
are seen in the DNS (`VerificationChecks`), or at once where the settings say
so; an address when its owner opens the link of a verification mail
(`open_link`). `dns_records` is what an operator publishes; `ensure_service_dkim` is the
key of the second signature. `signing_certificate` says which S/MIME certificate signs for a sender.
"""

from __future__ import annotations

from hatobin.capabilities.identities import (
    api_v1,
    api_v1_attributes,
    api_v1_notifications,
    api_v1_policies,
    api_v2,
    api_v2_attributes,
    api_v2_certificates,
    api_v2_policies,
)
from hatobin.capabilities.identities.authorization import covers, sending_policies
from hatobin.capabilities.identities.certificate_store import certified_addresses, signing_certificate
from hatobin.capabilities.identities.changes import NoSuchIdentity, NotChangeable, rotate_key
from hatobin.capabilities.identities.check_store import mark_verified
from hatobin.capabilities.identities.key_store import SEALED, DkimKeyMissing, dkim_private_key
from hatobin.capabilities.identities.links import (
    LINK_LIFE_S,
    LINK_PATH,
    Opened,
    VerificationLink,
    await_owner,
    forget_links,
    links_over,
    new_token,
    open_link,
)
from hatobin.capabilities.identities.model import (
    MAX_IDENTITIES,
    Identity,
    IdentityKind,
    InvalidIdentity,
    MailFrom,
    Sender,
    SendingDkim,
    SendingIdentity,
    Status,
    address_key,
)
from hatobin.capabilities.identities.notices import NoticeRoute, any_notices, forwards_feedback, notice_route
from hatobin.capabilities.identities.records import (
    DnsRecord,
    dkim_zone,
    dns_records,
    feedback_host,
    inbound_host,
    service_zone,
)
from hatobin.capabilities.identities.sending import (
    domain_records,
    failing_identities,
    find_sending_identity,
    identity_regions,
    is_verified_domain,
    zone_records,
)
from hatobin.capabilities.identities.service_key import SERVICE_ACCOUNT, ServiceDkim, ensure_service_dkim, service_dkim
from hatobin.capabilities.identities.service_mail import service_mail, service_message, topic_sender
from hatobin.capabilities.identities.store import number, verified_domains
from hatobin.capabilities.identities.tagging import TAGGED
from hatobin.capabilities.identities.verification import VerificationChecks
from hatobin.words.errors import CallerError

__all__ = [
    "LINK_LIFE_S",
    "LINK_PATH",
    "MAX_IDENTITIES",
    "SEALED",
    "SERVICE_ACCOUNT",
    "TAGGED",
    "DkimKeyMissing",
    "DnsRecord",
    "Identity",
    "IdentityKind",
    "InvalidIdentity",
    "MailFrom",
    "NoSuchIdentity",
    "NotChangeable",
    "NoticeRoute",
    "Opened",
    "Sender",
    "SendingDkim",
    "SendingIdentity",
    "ServiceDkim",
    "Status",
    "VerificationChecks",
    "VerificationLink",
    "address_key",
    "any_notices",
    "api_v1",
    "api_v1_attributes",
    "api_v1_notifications",
    "api_v1_policies",
    "api_v2",
    "api_v2_attributes",
    "api_v2_certificates",
    "api_v2_policies",
    "await_owner",
    "certified_addresses",
    "covers",
    "dkim_private_key",
    "dkim_zone",
    "dns_records",
    "domain_records",
    "ensure_service_dkim",
    "failing_identities",
    "feedback_host",
    "find_sending_identity",
    "forget_links",
    "forwards_feedback",
    "identity_regions",
    "inbound_host",
    "is_verified_domain",
    "links_over",
    "mark_verified",
    "new_token",
    "not_verified",
    "not_verified_text",
    "notice_route",
    "number",
    "open_link",
    "rotate_key",
    "sending_policies",
    "service_dkim",
    "service_mail",
    "service_message",
    "service_zone",
    "signing_certificate",
    "topic_sender",
    "verified_domains",
    "zone_records",
]


def not_verified_text(region: str, failing: list[str]) -> str:
    """Name who failed the check, as every door of SES does: the region in capitals (DEV-IS-32).

    >>> not_verified_text("eu-west-1", ["a@x.org", "b@x.org"]).partition("failed ")[2]
    'the check in region EU-WEST-1: a@x.org, b@x.org'
    """
    return (
        "Email address is not verified. The following identities failed the check in region "
        f"{region.upper()}: {', '.join(failing)}"
    )


def not_verified(region: str, failing: list[str], *, hint: str | None = None) -> CallerError:
    """Refuse a message for its identities; v1 and v2 share code and text."""
    return CallerError("MessageRejected", not_verified_text(region, failing), hint=hint)
