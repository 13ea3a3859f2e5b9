"""Whom an access key speaks for, read in one snapshot: the key, its user or role, and the policies of that.

Policies are read only when the revision of their holder is another than the
one that is known already.
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.companions.iam import policy_store, role_store, session_store, store, user_store
from hatobin.companions.iam.holders import Holder, HolderKind
from hatobin.companions.iam.model import TEMPORARY, KeyStatus, Role, User
from hatobin.companions.iam.session_store import Temporary
from hatobin.companions.iam.tags import joined
from hatobin.companions.kms import Vault
from hatobin.gateway import Credential, Principal
from hatobin.ports import Session


class Speaker(Struct, frozen=True):
    """An active key as the store has it. `policies` is None where the revision was known."""

    access_key_id: str
    holder: User | Role
    sealed: bytes
    policies: tuple[str, ...] | None
    temporary: Temporary | None = None

    @property
    def holder_id(self) -> str:
        """The unique id of the user or role."""
        return _holder(self.holder).holder_id


def read_speaker(session: Session, access_key_id: str, known: tuple[str, int] | None) -> Speaker | None:
    """Find an active key; None for one that is off, unknown, or whose user or role is gone.

    `known` is the holder and the revision whose policies the caller has.
    """
    if access_key_id.startswith(TEMPORARY):
        return _read_temporary(session, access_key_id, known)
    found = store.find_with_secret(session, access_key_id)
    if found is None or found[0] is not KeyStatus.ACTIVE:
        return None
    _, sealed, user = found
    return Speaker(access_key_id, user, sealed, _policies(session, user, known))


def _read_temporary(session: Session, access_key_id: str, known: tuple[str, int] | None) -> Speaker | None:
    found = session_store.find_with_secret(session, access_key_id)
    if found is None:
        return None
    temporary, sealed = found
    find = role_store.find_by_id if temporary.holder_id.startswith("AROA") else user_store.find_by_id
    holder: User | Role | None = find(session, temporary.account_id, temporary.holder_id)
    if holder is None:
        return None
    return Speaker(access_key_id, holder, sealed, _policies(session, holder, known), temporary)


def _policies(session: Session, holder: User | Role, known: tuple[str, int] | None) -> tuple[str, ...] | None:
    of = _holder(holder)
    return None if known == (of.holder_id, holder.revision) else policy_store.texts(session, of)


def _holder(holder: User | Role) -> Holder:
    if isinstance(holder, User):
        return Holder(HolderKind.USER, holder.account_id, holder.name, holder.user_id)
    return Holder(HolderKind.ROLE, holder.account_id, holder.name, holder.role_id)


def credential_of(speaker: Speaker, vault: Vault, policies: tuple[str, ...]) -> Credential:
    """Open the secret and say who it is. Raises `SealBroken` under another master key."""
    key_id, temporary = speaker.access_key_id, speaker.temporary
    if temporary is None:
        secret = vault.open(speaker.sealed, context=store.seal_context(key_id)).decode()
        return Credential(key_id, secret, _principal(speaker), policies=policies)
    secret, token = session_store.opened(vault, key_id, speaker.sealed)
    return Credential(
        key_id,
        secret,
        _principal(speaker),
        session_token=token,
        expires_at=temporary.expires_at,
        policies=policies,
        session_policies=temporary.policies,
    )


def _principal(speaker: Speaker) -> Principal:
    """Say who speaks: a user under its own name, also with temporary credentials, or a session of a role."""
    holder, temporary = speaker.holder, speaker.temporary
    if isinstance(holder, User):
        return Principal(
            holder.account_id, speaker.access_key_id, holder.arn, holder.name, holder.user_id, tags=holder.tags
        )
    assert temporary is not None, "a role has no keys of its own"
    return Principal(
        holder.account_id,
        speaker.access_key_id,
        f"arn:aws:sts::{holder.account_id}:assumed-role/{holder.name}/{temporary.name}",
        holder.name,
        f"{holder.role_id}:{temporary.name}",
        # Session tags go before those of the role (IAM user guide, "Passing session tags in AWS STS").
        tags=joined(holder.tags, temporary.tags),
        role_arn=holder.arn,
    )


def record_use(session: Session, access_key_id: str, role_id: str, *, service: str, region: str, now: float) -> None:
    """Note the use of a key, or of the role that temporary credentials speak for."""
    if not access_key_id.startswith(TEMPORARY):
        store.record_use(session, access_key_id, service=service, region=region, now=now)
    elif role_id:
        found = session_store.find_with_secret(session, access_key_id)
        if found is not None:
            role_store.record_use(session, found[0].account_id, role_id, region=region, now=now)
