"""Who holds policies: a user or a role, found by its name or by its id.

A change locks its holder first, by counting up its revision, so that two
changes of one holder wait for each other on every engine, and caches see that
something changed.

Names are unique whatever their case, but a name is found only as it is
written: resources in policies are compared by case, and a Deny on `user/ann`
must not be passed by as `user/ANN`.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from hatobin.companions.iam.errors import no_role, no_user
from hatobin.ports import Session


class HolderKind(Enum):
    """What kind of holder it is."""

    USER = "user"
    ROLE = "role"


class Holder(Struct, frozen=True):
    """A user or a role, as far as policies and credentials know it."""

    kind: HolderKind
    account_id: str
    name: str
    holder_id: str


_FOUND = {
    HolderKind.USER: "SELECT user_id FROM iam_user"
    " WHERE account_id = :account_id AND name_key = :key AND user_name = :name",
    HolderKind.ROLE: "SELECT role_id FROM iam_role"
    " WHERE account_id = :account_id AND name_key = :key AND role_name = :name",
}
_LOCKED = {
    HolderKind.USER: "UPDATE iam_user SET revision = revision + 1"
    " WHERE account_id = :account_id AND name_key = :key AND user_name = :name RETURNING user_id",
    HolderKind.ROLE: "UPDATE iam_role SET revision = revision + 1"
    " WHERE account_id = :account_id AND name_key = :key AND role_name = :name RETURNING role_id",
}


def found(session: Session, kind: HolderKind, account_id: str, name: str) -> Holder:
    """Find a holder to read. Raises `CallerError` (NoSuchEntity)."""
    return _asked(session, _FOUND, kind, account_id, name)


def locked(session: Session, kind: HolderKind, account_id: str, name: str) -> Holder:
    """Find a holder to change. Raises `CallerError` (NoSuchEntity)."""
    return _asked(session, _LOCKED, kind, account_id, name)


def _asked(session: Session, statements: dict[HolderKind, str], kind: HolderKind, account_id: str, name: str) -> Holder:
    row = session.one(statements[kind], {"account_id": account_id, "key": name.lower(), "name": name})
    if row is None:
        raise no_user(name) if kind is HolderKind.USER else no_role(name)
    return Holder(kind, account_id, name, row[0])
