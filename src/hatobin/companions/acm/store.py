"""The SQL of certificates."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hatobin.companions.acm.model import Certificate, NewCertificate
from hatobin.companions.kms import SealedTable, SealedValue, Vault
from hatobin.ports import Entropy, Row, Session, Value

_COLUMNS = "account_id, region, certificate_id, subject, addresses, not_before, not_after"
_ONE = "account_id = :account_id AND region = :region AND certificate_id = :certificate_id"
_texts = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Opened:
    """What signs: the certificate with its issuers as PEM, and the private key as PKCS#8 DER."""

    chain_pem: str
    private_der: bytes


def _context(account_id: str, region: str, identifier: str) -> str:
    """Name the place that a sealed key is bound to."""
    return f"acm:{account_id}/{region}/{identifier}"


def insert(
    session: Session,
    vault: Vault,
    entropy: Entropy,
    new: NewCertificate,
    *,
    account_id: str,
    region: str,
    now: float,
) -> Certificate:
    """Store a certificate under a new id, its key sealed."""
    certificate = Certificate(
        account_id, region, entropy.uuid(), new.subject, new.addresses, new.not_before, new.not_after
    )
    session.execute(
        f"""
        INSERT INTO acm_certificate ({_COLUMNS}, chain, sealed, created_at)
        VALUES (:account_id, :region, :certificate_id, :subject, :addresses, :not_before, :not_after,
          :chain, :sealed, :now)
        """,
        {
            "account_id": account_id,
            "region": region,
            "certificate_id": certificate.certificate_id,
            "subject": new.subject,
            "addresses": msgspec.json.encode(new.addresses).decode(),
            "not_before": new.not_before,
            "not_after": new.not_after,
            "chain": new.chain_pem,
            "sealed": vault.seal(new.private_der, context=_context(account_id, region, certificate.certificate_id)),
            "now": now,
        },
    )
    return certificate


def find(session: Session, account_id: str, region: str, identifier: str) -> Certificate | None:
    """Give a certificate of an account in a region."""
    row = session.one(f"SELECT {_COLUMNS} FROM acm_certificate WHERE {_ONE}", _named(account_id, region, identifier))
    return None if row is None else _certificate(row)


def list_certificates(session: Session) -> list[Certificate]:
    """Give the certificates of all accounts and regions, for the operator."""
    rows = session.execute(f"SELECT {_COLUMNS} FROM acm_certificate ORDER BY account_id, region, created_at")
    return [_certificate(row) for row in rows]


def open_certificate(session: Session, vault: Vault, account_id: str, region: str, identifier: str) -> Opened | None:
    """Give what signs; None when there is no such certificate any more. Nothing changes under an id, so it may be kept.

    Raises `SealBroken` under another master key.
    """
    row = session.one(f"SELECT chain, sealed FROM acm_certificate WHERE {_ONE}", _named(account_id, region, identifier))
    if row is None:
        return None
    return Opened(row[0], vault.open(row[1], context=_context(account_id, region, identifier)))


def delete(session: Session, account_id: str, region: str, identifier: str) -> bool:
    """Remove a certificate and its key; False when there is none."""
    found = session.one(
        f"DELETE FROM acm_certificate WHERE {_ONE} RETURNING certificate_id", _named(account_id, region, identifier)
    )
    return found is not None


def _named(account_id: str, region: str, identifier: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "certificate_id": identifier}


def _certificate(row: Row) -> Certificate:
    account_id, region, identifier, subject, addresses, not_before, not_after = row
    return Certificate(account_id, region, identifier, subject, _texts.decode(addresses), not_before, not_after)


def read_sealed(session: Session, after: tuple[str, ...] | None, limit: int) -> list[SealedValue]:
    """Give sealed keys in the order of their certificates, for the change of the master key."""
    account_id, region, identifier = after or ("", "", "")
    rows = session.execute(
        "SELECT account_id, region, certificate_id, sealed FROM acm_certificate"
        " WHERE (account_id, region, certificate_id) > (:account_id, :region, :certificate_id)"
        " ORDER BY account_id, region, certificate_id LIMIT :limit",
        {**_named(account_id, region, identifier), "limit": limit},
    )
    return [SealedValue((row[0], row[1], row[2]), _context(row[0], row[1], row[2]), row[3]) for row in rows]


def replace_sealed(session: Session, value: SealedValue, sealed: bytes) -> None:
    """Put a key in that is sealed anew."""
    session.execute(
        f"UPDATE acm_certificate SET sealed = :new WHERE {_ONE} AND sealed = :old",
        {**_named(*value.place), "old": value.sealed, "new": sealed},
    )


SEALED = SealedTable("certificates", read_sealed, replace_sealed)
