"""The SQL of sealed DKIM keys, those of identities and the service's own.

A key's id begins with its account and region, so that one text finds the row
by its primary key. The seal is bound to the account, the region and the
identity: a row moved elsewhere does not open.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.identities.keys import KeyPair
from hatobin.companions.kms import SealedTable, SealedValue, Vault
from hatobin.ports import Session

KEPT_AFTER_RETIREMENT_S = 14 * 24 * 60 * 60
"""A retired key stays for messages that are still queued (at most 14 hours) and for late questions."""


class DkimKeyMissing(Exception):
    """There is no such key, or none any more."""


@dataclass(frozen=True, slots=True)
class KeyToStore:
    """A new key with its private part sealed already."""

    account_id: str
    region: str
    key_id: str
    identity_key: str
    selector: str
    public_key: str
    bits: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What may be shown of a stored key."""

    key_id: str
    selector: str
    public_key: str
    bits: int


def seal_key(
    vault: Vault, pair: KeyPair, *, account_id: str, region: str, identity_key: str, selector: str, uuid: str
) -> KeyToStore:
    """Seal a new key for its identity; `uuid` makes its id unique."""
    return KeyToStore(
        account_id,
        region,
        f"{account_id}/{region}/{uuid}",
        identity_key,
        selector,
        pair.public_key,
        pair.bits,
        vault.seal(pair.private_der, context=_context(account_id, region, identity_key)),
    )


def _context(account_id: str, region: str, identity_key: str) -> str:
    return f"dkim:{account_id}/{region}/{identity_key}"


def insert_key(session: Session, key: KeyToStore, now: float) -> None:
    """Store a sealed key; where there is one of this id already, that one stays."""
    session.execute(
        """
        INSERT INTO dkim_keys (account_id, region, key_id, identity_key, selector, public_key, bits, sealed, created_at)
        VALUES (:account_id, :region, :key_id, :identity_key, :selector, :public_key, :bits, :sealed, :now)
        ON CONFLICT (account_id, region, key_id) DO NOTHING
        """,
        {
            "account_id": key.account_id,
            "region": key.region,
            "key_id": key.key_id,
            "identity_key": key.identity_key,
            "selector": key.selector,
            "public_key": key.public_key,
            "bits": key.bits,
            "sealed": key.sealed,
            "now": now,
        },
    )


def dkim_private_key(session: Session, vault: Vault, key_id: str) -> bytes:
    """Give a private key as PKCS#8 DER. A key never changes under its id, so callers may keep it.

    Raises `DkimKeyMissing`, and `SealBroken` under another master key.
    """
    account_id, region = _owner(key_id)
    row = session.one(
        """
        SELECT identity_key, sealed FROM dkim_keys
        WHERE account_id = :account_id AND region = :region AND key_id = :key_id
        """,
        {"account_id": account_id, "region": region, "key_id": key_id},
    )
    if row is None:
        raise DkimKeyMissing(key_id)
    identity_key, sealed = row
    return vault.open(sealed, context=_context(account_id, region, identity_key))


def public_key(session: Session, key_id: str) -> PublicKey | None:
    """Give what may be shown of a key."""
    account_id, region = _owner(key_id)
    row = session.one(
        """
        SELECT key_id, selector, public_key, bits FROM dkim_keys
        WHERE account_id = :account_id AND region = :region AND key_id = :key_id
        """,
        {"account_id": account_id, "region": region, "key_id": key_id},
    )
    return None if row is None else PublicKey(*row)


def current_key(session: Session, account_id: str, region: str, identity_key: str) -> PublicKey | None:
    """Give the key of an identity that is not retired, the latest where there are several."""
    row = session.one(
        """
        SELECT key_id, selector, public_key, bits FROM dkim_keys
        WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key AND retired_at IS NULL
        ORDER BY created_at DESC LIMIT 1
        """,
        {"account_id": account_id, "region": region, "identity_key": identity_key},
    )
    return None if row is None else PublicKey(*row)


def selector_keys(session: Session, account_id: str, region: str, identity_key: str) -> dict[str, str]:
    """Give the latest public key under each selector of an identity, retired ones too while they are kept.

    Mail signed before a rotation is still on its way, so its key stays in the zone.
    """
    rows = session.execute(
        """
        SELECT selector, public_key FROM dkim_keys
        WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key ORDER BY created_at
        """,
        {"account_id": account_id, "region": region, "identity_key": identity_key},
    )
    return dict(rows)


def retire_key(session: Session, key_id: str, now: float) -> None:
    """Say that a key signs nothing new; it is forgotten after two weeks."""
    account_id, region = _owner(key_id)
    session.execute(
        """
        UPDATE dkim_keys SET retired_at = :now
        WHERE account_id = :account_id AND region = :region AND key_id = :key_id AND retired_at IS NULL
        """,
        {"account_id": account_id, "region": region, "key_id": key_id, "now": now},
    )


def drop_retired_keys(session: Session, now: float) -> None:
    """Forget keys that have been retired for two weeks."""
    session.execute(
        "DELETE FROM dkim_keys WHERE retired_at IS NOT NULL AND retired_at < :oldest",
        {"oldest": now - KEPT_AFTER_RETIREMENT_S},
    )


def _owner(key_id: str) -> tuple[str, str]:
    account_id, region, _ = key_id.split("/", 2)
    return account_id, region


def read_sealed(session: Session, after: tuple[str, ...] | None, limit: int) -> list[SealedValue]:
    """Give sealed keys, the service's own too, in the order of their ids, for the change of the master key."""
    account_id, region, key_id = after or ("", "", "")
    rows = session.execute(
        """
        SELECT account_id, region, key_id, identity_key, sealed FROM dkim_keys
        WHERE (account_id, region, key_id) > (:account_id, :region, :key_id)
        ORDER BY account_id, region, key_id LIMIT :limit
        """,
        {"account_id": account_id, "region": region, "key_id": key_id, "limit": limit},
    )
    return [SealedValue((row[0], row[1], row[2]), _context(row[0], row[1], row[3]), row[4]) for row in rows]


def replace_sealed(session: Session, value: SealedValue, sealed: bytes) -> None:
    """Put a key in that is sealed anew."""
    account_id, region, key_id = value.place
    session.execute(
        """
        UPDATE dkim_keys SET sealed = :new
        WHERE account_id = :account_id AND region = :region AND key_id = :key_id AND sealed = :old
        """,
        {"account_id": account_id, "region": region, "key_id": key_id, "old": value.sealed, "new": sealed},
    )


SEALED = SealedTable("DKIM keys", read_sealed, replace_sealed)
