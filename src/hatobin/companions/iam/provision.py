"""What an operator gives out beside the API: the documented first key, and keys that come with their user.

A user that is made here may do what it is given at once: everything, unless
the operator says less. A user that is made by the API may do nothing until
somebody with the right to do so gives it a policy.
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.companions.iam import policy_store, store, user_store
from hatobin.companions.iam.holders import HolderKind, locked
from hatobin.companions.iam.managed import ADMINISTRATOR
from hatobin.companions.iam.model import (
    FIRST_ACCESS_KEY_ID,
    FIRST_ACCOUNT_ID,
    FIRST_SECRET,
    FIRST_USER_NAME,
    AccessKey,
    NewAccessKey,
    User,
    new_user_id,
)
from hatobin.companions.kms import Vault
from hatobin.ports import Entropy, Session


class NameTaken(Exception):
    """A name cannot be given to a user."""


class Grants(Struct, frozen=True):
    """What a user is given: ARNs of managed policies, and inline policies as pairs of name and JSON text."""

    attached: tuple[str, ...] = ()
    inline: tuple[tuple[str, str], ...] = ()


FULL = Grants(attached=(ADMINISTRATOR,))


def create_access_key(
    session: Session,
    vault: Vault,
    entropy: Entropy,
    *,
    account_id: str,
    user_name: str,
    now: float,
    grants: Grants | None = None,
) -> NewAccessKey:
    """Make an active key for a user, made as well where it is missing; the result alone shows the secret.

    The user gets `grants` in addition to what it has; without them a new user
    may do everything, and one that was there what it could before. How many
    keys a user has is the operator's to say.
    """
    user = user_store.find(session, account_id, user_name)
    if user is None:
        user = _made(session, entropy, account_id, user_name, now)
        grants = FULL if grants is None else grants
    if grants is not None:
        give(session, user, grants)
    return store.new_key(session, vault, entropy, user, now=now)


def give(session: Session, user: User, grants: Grants) -> None:
    """Add to what a user may do."""
    holder = locked(session, HolderKind.USER, user.account_id, user.name)
    for arn in grants.attached:
        policy_store.attach(session, holder, arn)
    for name, document in grants.inline:
        policy_store.put(session, holder, name, document)


def ensure_first_key(session: Session, vault: Vault, entropy: Entropy, *, now: float) -> AccessKey:
    """Give the documented first key `test`/`test`, made if the store never had it; its user may do everything.

    An existing row stays as it is, so a first key that was switched off stays off.
    Raises `SealBroken` when it was sealed under another master key: then no secret of this store opens.
    """
    found = store.find_with_secret(session, FIRST_ACCESS_KEY_ID)
    if found is None:
        user = user_store.find(session, FIRST_ACCOUNT_ID, FIRST_USER_NAME)
        if user is None:
            user = _made(session, entropy, FIRST_ACCOUNT_ID, FIRST_USER_NAME, now)
            give(session, user, FULL)
        store.insert(session, vault, store.key_of(user, FIRST_ACCESS_KEY_ID, now), FIRST_SECRET)
        found = store.find_with_secret(session, FIRST_ACCESS_KEY_ID)  # That of another node, where it was faster.
        assert found is not None, "it was there or has been inserted"
    vault.open(found[1], context=store.seal_context(FIRST_ACCESS_KEY_ID))
    key = store.find(session, FIRST_ACCESS_KEY_ID)
    assert key is not None, "it has just been read"
    return key


def _made(session: Session, entropy: Entropy, account_id: str, name: str, now: float) -> User:
    user_store.insert(session, User(account_id, name, new_user_id(entropy), "/", (), now, 1))
    user = user_store.find(session, account_id, name)  # That of another node, where it was faster.
    if user is None:
        raise NameTaken(f"a user whose name differs from {name} by case alone is there already")
    return user
