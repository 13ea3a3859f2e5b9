"""The service's own DKIM key: the second signature on every message, as SES does with its own domain."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.identities.key_store import PublicKey, current_key, insert_key, seal_key
from hatobin.capabilities.identities.keys import key_record, make_key, make_token
from hatobin.capabilities.identities.records import DnsRecord, service_zone
from hatobin.companions.kms import Vault
from hatobin.ports import Ports, Session
from hatobin.words.settings import Settings

SERVICE_ACCOUNT = "service"
SERVICE_REGION = "global"
"""Where the service's key is kept: no account has these names."""


@dataclass(frozen=True, slots=True)
class ServiceDkim:
    """The key that signs for the service domain; `dkim_private_key` opens it by its id."""

    domain: str
    selector: str
    key_id: str
    public_key: str

    @property
    def record(self) -> DnsRecord:
        """The record to publish in our own zone."""
        return DnsRecord(
            f"{self.selector}._domainkey.{self.domain}", "TXT", key_record(self.public_key), "service-dkim"
        )


def service_dkim(session: Session, settings: Settings) -> ServiceDkim | None:
    """Give the service's key; None before `ensure_service_dkim` ran for this service domain."""
    domain = service_zone(settings)
    key = current_key(session, SERVICE_ACCOUNT, SERVICE_REGION, domain)
    return None if key is None else _service_dkim(domain, key)


def _service_dkim(domain: str, key: PublicKey) -> ServiceDkim:
    return ServiceDkim(domain, key.selector, key.key_id, key.public_key)


async def ensure_service_dkim(ports: Ports, vault: Vault, settings: Settings) -> ServiceDkim:
    """Give the service's key, and make it at the first start under this service domain."""
    known = await ports.database.read(lambda s: service_dkim(s, settings))
    if known is not None:
        return known
    domain = service_zone(settings)
    made = seal_key(
        vault,
        await ports.threads.run_long(make_key),
        account_id=SERVICE_ACCOUNT,
        region=SERVICE_REGION,
        identity_key=domain,
        selector=make_token(ports.entropy),
        uuid=f"first/{domain}",  # The same on every node, so that of two that start at once one key is kept.
    )
    now = ports.clock.now()

    def keep(session: Session) -> ServiceDkim:
        there = service_dkim(session, settings)  # Another worker may have been faster.
        if there is None:
            insert_key(session, made, now)
            there = service_dkim(session, settings)
        assert there is not None, "it was there or has been inserted"
        return there

    return await ports.database.write(keep)
