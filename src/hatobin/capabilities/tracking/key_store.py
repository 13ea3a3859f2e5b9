"""The key that tracked links are sealed with: one of the whole store, so that every node reads every link.

It is a row of its own and not derived from the master key, so that links in
mails of last year outlive a change of that key.
"""

from __future__ import annotations

from hatobin.companions.kms import SealedTable, SealedValue, Vault
from hatobin.ports import Session
from hatobin.ports.database import Value

KEY_BYTES = 64  # AES-256 in SIV mode (RFC 5297 §2.2): two keys.
FIRST_NUMBER = 1
_CONTEXT = "tracked links"
_WHOLE = {"account_id": "service", "region": "global"}


def find_keys(session: Session, vault: Vault) -> dict[int, bytes]:
    """Give the keys by their numbers. Raises `SealBroken` under another master key."""
    rows = session.execute(
        "SELECT number, sealed FROM tracking_keys WHERE account_id = :account_id AND region = :region ORDER BY number",
        {**_WHOLE},
    )
    return {number: vault.open(sealed, context=_CONTEXT) for number, sealed in rows}


def insert_key(session: Session, sealed: bytes, now: float) -> None:
    """Store the first key; where there is one already, that one stays."""
    session.execute(
        """
        INSERT INTO tracking_keys (account_id, region, number, sealed, created_at)
        VALUES (:account_id, :region, :number, :sealed, :now)
        ON CONFLICT (account_id, region, number) DO NOTHING
        """,
        {**_WHOLE, "number": FIRST_NUMBER, "sealed": sealed, "now": now},
    )


def seal_key(vault: Vault, key: bytes) -> bytes:
    """Seal a new key for its row."""
    return vault.seal(key, context=_CONTEXT)


def read_sealed(session: Session, after: tuple[str, ...] | None, limit: int) -> list[SealedValue]:
    """Walk over the sealed keys (see `kms.SealedTable`)."""
    rows = session.execute(
        """
        SELECT number, sealed FROM tracking_keys
        WHERE account_id = :account_id AND region = :region AND number > :after ORDER BY number LIMIT :limit
        """,
        {**_WHOLE, "after": 0 if after is None else int(after[0]), "limit": limit},
    )
    return [SealedValue((str(number),), _CONTEXT, bytes(sealed)) for number, sealed in rows]


def replace_sealed(session: Session, value: SealedValue, sealed: bytes) -> None:
    """Store a key under another seal, unless it has changed since it was read."""
    parameters: dict[str, Value] = {**_WHOLE, "number": int(value.place[0]), "former": value.sealed, "sealed": sealed}
    session.execute(
        """
        UPDATE tracking_keys SET sealed = :sealed
        WHERE account_id = :account_id AND region = :region AND number = :number AND sealed = :former
        """,
        parameters,
    )


SEALED = SealedTable("tracking keys", read_sealed, replace_sealed)
