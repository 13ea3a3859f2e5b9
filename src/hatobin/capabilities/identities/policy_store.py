"""The SQL of sending authorization policies."""

from __future__ import annotations

from enum import Enum

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.policies import MAX_POLICIES
from hatobin.ports import Session


class Put(Enum):
    """What became of a policy that was to be kept."""

    KEPT = "kept"
    NO_IDENTITY = "no identity"
    EXISTS = "exists"
    MISSING = "missing"
    TOO_MANY = "too many"


def policies(session: Session, account_id: str, region: str, key: str) -> dict[str, str]:
    """Give the policies of an identity by name, in the order of the names."""
    rows = session.execute(
        """
        SELECT name, policy FROM identity_policies
        WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key ORDER BY name
        """,
        {"account_id": account_id, "region": region, "identity_key": key},
    )
    return dict(rows)


def put(
    session: Session, account_id: str, region: str, key: str, name: str, text: str, *, new: bool | None = None
) -> Put:
    """Keep a policy: `new` True only if there is none of this name, False only if there is one, None in any case."""
    if store.find_to_change(session, account_id, region, key) is None:
        return Put.NO_IDENTITY
    known = policies(session, account_id, region, key)
    if new is True and name in known:
        return Put.EXISTS
    if new is False and name not in known:
        return Put.MISSING
    if name not in known and len(known) >= MAX_POLICIES:
        return Put.TOO_MANY
    session.execute(
        """
        INSERT INTO identity_policies (account_id, region, identity_key, name, policy)
        VALUES (:account_id, :region, :identity_key, :name, :policy)
        ON CONFLICT (account_id, region, identity_key, name) DO UPDATE SET policy = excluded.policy
        """,
        {"account_id": account_id, "region": region, "identity_key": key, "name": name, "policy": text},
    )
    return Put.KEPT


def drop(session: Session, account_id: str, region: str, key: str, name: str) -> bool:
    """Remove a policy; False when there is none of this name."""
    row = session.one(
        """
        DELETE FROM identity_policies
        WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key AND name = :name
        RETURNING name
        """,
        {"account_id": account_id, "region": region, "identity_key": key, "name": name},
    )
    return row is not None
