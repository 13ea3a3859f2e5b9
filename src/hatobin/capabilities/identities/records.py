"""The DNS records that an identity wants, ours and the owner's. Pure.

Every host name derives from the service domain (`service.domain`); with
`service.compat_names` they are Amazon's.

Refs: AWS developer guide "send-email-authentication-dkim-easy", "mail-from",
"send-email-authentication-spf", "-dmarc", "receiving-email-mx-record";
surface.md §4.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hatobin.capabilities.identities.keys import key_record
from hatobin.capabilities.identities.model import DkimOrigin, Identity
from hatobin.words.settings import Settings

_AMAZON = "amazonses.com"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record to publish. `value` of a TXT record is one string; names have no final dot.

    `purpose` says what it is for: "dkim", "dkim-key" and "service-dkim" (in
    our own zone), "verification", "spf", "mail-from", "dmarc", "inbound".
    """

    name: str
    type: str
    value: str
    purpose: str


def service_zone(settings: Settings) -> str:
    """Give the domain under which this service publishes its own records."""
    return _AMAZON if settings.service.compat_names else settings.service.domain.lower()


def dkim_zone(settings: Settings) -> str:
    """Give `SigningHostedZone`: the CNAMEs of Easy DKIM point into it."""
    return f"dkim.{service_zone(settings)}"


def feedback_host(settings: Settings, region: str) -> str:
    """Give the mail exchanger of a custom MAIL FROM domain."""
    return f"feedback-smtp.{region}.{service_zone(settings)}"


def inbound_host(settings: Settings, region: str) -> str:
    """Give the mail exchanger of a domain that receives here."""
    return f"inbound-smtp.{region}.{service_zone(settings)}"


def dns_records(identity: Identity, keys: Mapping[str, str], settings: Settings) -> list[DnsRecord]:
    """Give all records of a domain identity, and the key records in our own zone behind its CNAMEs.

    `keys` tells the public key, in base64, under each selector that ever had
    one; a token without one shows the key that signs.
    An address identity needs no record: the list is empty.
    """
    if "@" in identity.key:
        return []
    domain, zone = identity.key, service_zone(settings)
    records = _dkim_records(identity, keys, dkim_zone(settings))
    spf = f"v=spf1 include:{zone} ~all"
    if identity.mail_from is None:
        records.append(DnsRecord(domain, "TXT", spf, "spf"))
    else:
        mail_from = identity.mail_from.domain
        records += [
            DnsRecord(mail_from, "MX", f"10 {feedback_host(settings, identity.region)}", "mail-from"),
            DnsRecord(mail_from, "TXT", spf, "mail-from"),
        ]
    return [
        *records,
        DnsRecord(f"_dmarc.{domain}", "TXT", "v=DMARC1; p=none;", "dmarc"),
        DnsRecord(f"_amazonses.{domain}", "TXT", identity.verification_token, "verification"),
        DnsRecord(domain, "MX", f"10 {inbound_host(settings, identity.region)}", "inbound"),
    ]


def _dkim_records(identity: Identity, keys: Mapping[str, str], zone: str) -> list[DnsRecord]:
    current = keys.get(identity.dkim.selector or "")
    if current is None:
        return []
    if identity.dkim.origin is DkimOrigin.EXTERNAL:
        name = f"{identity.dkim.selector}._domainkey.{identity.key}"
        return [DnsRecord(name, "TXT", key_record(current), "dkim")]
    tokens = identity.dkim.tokens
    texts = {token: key_record(keys.get(token, current)) for token in tokens}
    return [
        *(DnsRecord(f"{token}._domainkey.{identity.key}", "CNAME", f"{token}.{zone}", "dkim") for token in tokens),
        *(DnsRecord(f"{token}.{zone}", "TXT", texts[token], "dkim-key") for token in tokens),
    ]
