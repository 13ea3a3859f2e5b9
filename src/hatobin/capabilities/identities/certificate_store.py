"""The SQL of the S/MIME certificates of identities."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.identities.model import Sender, lookup_key
from hatobin.companions.acm import Certificate
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_COLUMNS = "address, certificate_id, not_before, not_after"


@dataclass(frozen=True, slots=True)
class SenderCertificate:
    """The certificate that signs for one sender. The address is in lower case, as SES keeps it."""

    address: str
    certificate_id: str
    not_before: float
    not_after: float

    def in_force(self, now: float) -> bool:
        """Whether it may sign: outside its validity it does not (RFC 5280 §4.1.2.5)."""
        return self.not_before <= now < self.not_after


def associate(session: Session, identity_key: str, address: str, certificate: Certificate) -> bool:
    """Let a certificate sign for an address; False where another or the same does already, of whatever identity."""
    row = session.one(
        f"""
        INSERT INTO identity_certificates (account_id, region, identity_key, {_COLUMNS})
        VALUES (:account_id, :region, :identity_key, :address, :certificate_id, :not_before, :not_after)
        ON CONFLICT (account_id, region, address) DO NOTHING RETURNING address
        """,
        {
            "account_id": certificate.account_id,
            "region": certificate.region,
            "identity_key": identity_key,
            "address": address.lower(),
            "certificate_id": certificate.certificate_id,
            "not_before": certificate.not_before,
            "not_after": certificate.not_after,
        },
    )
    return row is not None


def disassociate(session: Session, account_id: str, region: str, identity_key: str, address: str) -> None:
    """Let no certificate sign for an address of an identity any more; nothing happens where none does."""
    session.execute(
        """
        DELETE FROM identity_certificates WHERE account_id = :account_id AND region = :region
          AND identity_key = :identity_key AND address = :address
        """,
        {"account_id": account_id, "region": region, "identity_key": identity_key, "address": address.lower()},
    )


def page(
    session: Session, account_id: str, region: str, identity_key: str, request: PageRequest
) -> list[SenderCertificate]:
    """Give the certificates of an identity, by address."""
    parameters: dict[str, Value] = {
        "account_id": account_id,
        "region": region,
        "identity_key": identity_key,
        "after": "" if request.after is None else request.after[0],
        "fetch": request.fetch,
    }
    rows = session.execute(
        f"""
        SELECT {_COLUMNS} FROM identity_certificates WHERE account_id = :account_id AND region = :region
          AND identity_key = :identity_key AND address > :after ORDER BY address LIMIT :fetch
        """,
        parameters,
    )
    return [SenderCertificate(*row) for row in rows]


def signing_certificate(
    session: Session, account_id: str, region: str, identity: str, sender: Sender, now: float
) -> str | None:
    """Give the id of the certificate that signs a sender's mail now, if the identity that answers for it has one."""
    row = session.one(
        f"""
        SELECT {_COLUMNS} FROM identity_certificates WHERE account_id = :account_id AND region = :region
          AND address = :address AND identity_key = :identity_key
        """,
        {
            "account_id": account_id,
            "region": region,
            "identity_key": lookup_key(identity),
            "address": f"{sender.local}@{sender.domain}".lower(),
        },
    )
    found = None if row is None else SenderCertificate(*row)
    return found.certificate_id if found is not None and found.in_force(now) else None


def certified_addresses(session: Session, account_id: str, region: str, certificate_id: str) -> list[str]:
    """Give the addresses that a certificate signs for."""
    rows = session.execute(
        """
        SELECT address FROM identity_certificates WHERE account_id = :account_id AND region = :region
          AND certificate_id = :certificate_id ORDER BY address
        """,
        {"account_id": account_id, "region": region, "certificate_id": certificate_id},
    )
    return [row[0] for row in rows]
