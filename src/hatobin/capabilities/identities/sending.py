"""What a send asks of the identities: who answers for a sender, and who does not.

Each question is one statement over primary keys. Refs: surface.md §4.7;
DEV-IS-32; AWS developer guide "creating-identities".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hatobin.capabilities.identities import key_store, records, store
from hatobin.capabilities.identities.model import (
    NO_DKIM,
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    MailFrom,
    Sender,
    SendingIdentity,
    Status,
    covering_domains,
    domain_key,
    first_verified,
    lookup_key,
    responsible_keys,
    sending_dkim,
)
from hatobin.capabilities.identities.records import DnsRecord
from hatobin.capabilities.identities.rows import decode_key
from hatobin.ports import Session, Value
from hatobin.words.identifiers import identity_arn
from hatobin.words.settings import Settings

MAX_KEYS_PER_STATEMENT = 512

_SENDING_COLUMNS = (
    "identity_key, name, kind, status, configuration_set, mail_from_domain, mail_from_status, mail_from_reject, "
    "feedback_forwarding, dkim_enabled, dkim_status, dkim_selector, dkim_key_id, dkim_previous, notifications, "
    "EXISTS (SELECT 1 FROM identity_policies p WHERE p.account_id = identities.account_id"
    " AND p.region = identities.region AND p.identity_key = identities.identity_key)"
)


@lru_cache(maxsize=64)
def _in_keys(columns: str, condition: str, size: int) -> str:
    """Give a SELECT over `size` identity keys; few sizes occur, so the engine keeps them prepared."""
    names = ", ".join(f":k{number}" for number in range(size))
    return f"SELECT {columns} FROM identities WHERE account_id = :account_id {condition} AND identity_key IN ({names})"  # noqa: S608


def find_sending_identity(session: Session, account_id: str, region: str, sender: Sender) -> SendingIdentity | None:
    """Give the identity that answers for a sender, or None when none is known.

    The address's own identity goes first (local part case-sensitive), then its
    domain's, then the nearest parent domain's; a verified one before any
    that is not. One that is not verified is given too: look at `.verified`.
    An address identity signs with the key of exactly its domain, if that is
    an identity.
    """
    keys = responsible_keys(sender)
    parameters: dict[str, Value] = {f"k{number}": key for number, key in enumerate(keys)}
    parameters["account_id"] = account_id
    parameters["region"] = region
    rows = session.execute(_in_keys(_SENDING_COLUMNS, "AND region = :region", len(keys)), parameters)
    if not rows:
        return None
    found = {row[0]: row for row in rows}
    chosen = first_verified(keys, {key: Status(row[3]).holds for key, row in found.items()})
    if chosen is None:
        return None
    parent = found.get(sender.domain) if chosen == keys[0] else None
    return _sending_identity(account_id, region, found[chosen], parent)


def _sending_identity(
    account_id: str, region: str, row: tuple[Any, ...], parent: tuple[Any, ...] | None
) -> SendingIdentity:
    """Put together what answers; `parent` is the domain of an address, which gives what the address has not itself."""
    name, kind = row[1], IdentityKind(row[2])
    signer = parent if kind is IdentityKind.EMAIL_ADDRESS else row
    return SendingIdentity(
        name=name,
        arn=identity_arn(account_id, region, name),
        kind=kind,
        verified=Status(row[3]).holds,
        configuration_set=row[4],
        mail_from=_mail_from(row) or (None if parent is None else _mail_from(parent)),
        feedback_forwarding=bool(row[8]),
        dkim=None if signer is None or not row[9] else sending_dkim(signer[0], _signing(signer)),
        notifies=bool(row[14] or (parent is not None and parent[14])),
        has_policies=bool(row[15]),
    )


def _mail_from(row: tuple[Any, ...]) -> MailFrom | None:
    domain, status, reject = row[5:8]
    return None if domain is None else MailFrom(domain, Status(status), bool(reject))


def _signing(row: tuple[Any, ...]) -> Dkim:
    enabled, status, selector, key_id, previous = row[9:14]
    return Dkim(
        bool(enabled),
        Status(status),
        DkimOrigin.AWS_SES,
        selector,
        (),
        key_id,
        0,
        None,
        previous=decode_key(previous),
    )


def failing_identities(session: Session, account_id: str, region: str, senders: Sequence[Sender]) -> list[str]:
    """Give those addresses, as written and each once, for which no verified identity answers.

    For the text "The following identities failed the check in region …",
    which names senders, and in the sandbox recipients too.
    """
    wanted = {str(sender): responsible_keys(sender) for sender in senders}
    keys = list(dict.fromkeys(key for several in wanted.values() for key in several))
    verified: set[str] = set()
    for start in range(0, len(keys), MAX_KEYS_PER_STATEMENT):
        part = keys[start : start + MAX_KEYS_PER_STATEMENT]
        verified.update(_verified_keys(session, account_id, region, part))
    return [name for name, several in wanted.items() if verified.isdisjoint(several)]


def _verified_keys(session: Session, account_id: str, region: str, keys: Sequence[str]) -> Iterable[str]:
    # The last key is repeated up to a power of two, so that few different texts are prepared.
    size = 1 << (len(keys) - 1).bit_length()
    parameters: dict[str, Value] = {f"k{number}": keys[min(number, len(keys) - 1)] for number in range(size)}
    rows = session.execute(
        _in_keys("identity_key", "AND region = :region AND status IN ('SUCCESS', 'TEMPORARY_FAILURE')", size),
        {**parameters, "account_id": account_id, "region": region},
    )
    return (row[0] for row in rows)


def is_verified_domain(session: Session, account_id: str, region: str, domain: str) -> bool:
    """Say whether exactly this domain is a verified identity of the account in the region."""
    found = store.find(session, account_id, region, lookup_key(domain))
    return found is not None and found.kind is IdentityKind.DOMAIN and found.verified


def identity_regions(session: Session, account_id: str, name: str) -> list[str]:
    """Give the regions in which a verified identity answers for an address or a domain.

    For the hint "verified in us-east-1; this call used ap-northeast-1".
    """
    key = lookup_key(name)
    keys = covering_domains(key.rpartition("@")[2])
    if "@" in key:
        keys.insert(0, key)
    parameters: dict[str, Value] = {f"k{number}": known for number, known in enumerate(keys)}
    rows = session.execute(
        _in_keys("DISTINCT region", "AND status IN ('SUCCESS', 'TEMPORARY_FAILURE')", len(keys)),
        {**parameters, "account_id": account_id},
    )
    return sorted(row[0] for row in rows)


def inherited_dkim(session: Session, identity: Identity) -> Dkim:
    """Give the DKIM that is shown for an identity: an address has that of exactly its domain (probed)."""
    if identity.kind is IdentityKind.DOMAIN:
        return identity.dkim
    domain = identity.key.rpartition("@")[2]
    parent = store.find(session, identity.account_id, identity.region, domain)
    if parent is None:
        return NO_DKIM
    return replace(parent.dkim, signing_enabled=parent.dkim.signing_enabled and identity.dkim.signing_enabled)


def domain_records(
    session: Session, account_id: str, region: str, domain: str, settings: Settings
) -> list[DnsRecord] | None:
    """Give the DNS records that a domain identity wants; None when there is no such identity.

    Raises `InvalidIdentity` for what is no domain.
    """
    identity = store.find(session, account_id, region, domain_key(domain))
    if identity is None:
        return None
    keys = key_store.selector_keys(session, account_id, region, identity.key)
    return records.dns_records(identity, keys, settings)


def zone_records(session: Session, settings: Settings) -> list[DnsRecord]:
    """Give the key records of our own zone, those of every domain of every account."""
    found: list[DnsRecord] = []
    for identity in store.every_domain(session):
        keys = key_store.selector_keys(session, identity.account_id, identity.region, identity.key)
        found += (one for one in records.dns_records(identity, keys, settings) if one.purpose == "dkim-key")
    return found
