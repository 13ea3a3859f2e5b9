"""The SQL of access keys."""

from __future__ import annotations

from hatobin.companions.iam import user_store
from hatobin.companions.iam.model import (
    AccessKey,
    KeyStatus,
    NewAccessKey,
    User,
    new_access_key_id,
    new_secret,
    user_arn,
)
from hatobin.companions.kms import Vault
from hatobin.ports import Entropy, Row, Session

_COLUMNS = (
    "k.access_key_id, k.account_id, u.user_name, k.user_id, u.path, k.status, k.created_at, k.last_used_at,"
    " k.last_used_service, k.last_used_region"
)
_KEYS = "iam_access_key k JOIN iam_user u ON u.account_id = k.account_id AND u.user_id = k.user_id"


def seal_context(access_key_id: str) -> str:
    """Name the place that a sealed secret is bound to."""
    return f"iam access key {access_key_id}"


def new_key(session: Session, vault: Vault, entropy: Entropy, user: User, *, now: float) -> NewAccessKey:
    """Make an active key for a user and keep its secret sealed; the result alone shows it."""
    key = key_of(user, new_access_key_id(entropy), now)
    secret = new_secret(entropy)
    insert(session, vault, key, secret)
    return NewAccessKey(key, secret)


def key_of(user: User, access_key_id: str, now: float) -> AccessKey:
    """Make the value of an active key that was never used."""
    return AccessKey(
        access_key_id=access_key_id,
        account_id=user.account_id,
        user_name=user.name,
        user_id=user.user_id,
        arn=user.arn,
        status=KeyStatus.ACTIVE,
        created_at=now,
        last_used_at=None,
    )


def list_access_keys(
    session: Session, *, account_id: str | None = None, user_id: str | None = None
) -> tuple[AccessKey, ...]:
    """Give the keys of one account, of one of its users, or of all, oldest first."""
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM {_KEYS} WHERE (:all = 1 OR k.account_id = :account_id)"
        " AND (:any = 1 OR k.user_id = :user_id) ORDER BY k.created_at, k.access_key_id",
        {
            "all": int(account_id is None),
            "account_id": account_id or "",
            "any": int(user_id is None),
            "user_id": user_id or "",
        },
    )
    return tuple(_key(row) for row in rows)


def find(session: Session, access_key_id: str) -> AccessKey | None:
    """Give a key, whosever it is."""
    row = session.one(f"SELECT {_COLUMNS} FROM {_KEYS} WHERE k.access_key_id = :id", {"id": access_key_id})
    return None if row is None else _key(row)


def find_with_secret(session: Session, access_key_id: str) -> tuple[KeyStatus, bytes, User] | None:
    """Give the status of a key, its sealed secret, and its user."""
    row = session.one(
        f"SELECT {user_store.COLUMNS}, k.status, k.secret_sealed FROM {_KEYS} WHERE k.access_key_id = :id",
        {"id": access_key_id},
    )
    return None if row is None else (KeyStatus(row[7]), row[8], user_store.read_user(row))


def set_status(session: Session, *, access_key_id: str, status: KeyStatus) -> bool:
    """Switch a key on or off; false when there is none.

    A running server goes through `AccessKeys.change_status`, which also forgets the cached key.
    """
    return bool(
        session.execute(
            "UPDATE iam_access_key SET status = :status WHERE access_key_id = :id RETURNING access_key_id",
            {"status": status.value, "id": access_key_id},
        )
    )


def delete(session: Session, account_id: str, user_id: str, access_key_id: str) -> bool:
    """Remove a key of a user; false when it has no such key."""
    row = session.one(
        "DELETE FROM iam_access_key WHERE account_id = :account_id AND access_key_id = :id AND user_id = :user_id"
        " RETURNING access_key_id",
        {"account_id": account_id, "id": access_key_id, "user_id": user_id},
    )
    return row is not None


def record_use(session: Session, access_key_id: str, *, service: str, region: str, now: float) -> None:
    """Note when and for what a key was last used; an older time never replaces a newer one."""
    session.execute(
        "UPDATE iam_access_key SET last_used_at = :now, last_used_service = :service, last_used_region = :region"
        " WHERE access_key_id = :id AND (last_used_at IS NULL OR last_used_at < :now)",
        {"id": access_key_id, "now": now, "service": service, "region": region},
    )


def insert(session: Session, vault: Vault, key: AccessKey, secret: str) -> None:
    """Store a key, unless there is one of this id."""
    session.execute(
        "INSERT INTO iam_access_key (account_id, access_key_id, user_id, secret_sealed, status, created_at)"
        " VALUES (:account_id, :id, :user_id, :secret, :status, :created_at)"
        " ON CONFLICT (account_id, access_key_id) DO NOTHING",
        {
            "account_id": key.account_id,
            "id": key.access_key_id,
            "user_id": key.user_id,
            "secret": vault.seal(secret.encode(), context=seal_context(key.access_key_id)),
            "status": key.status.value,
            "created_at": key.created_at,
        },
    )


def _key(row: Row) -> AccessKey:
    return AccessKey(
        access_key_id=row[0],
        account_id=row[1],
        user_name=row[2],
        user_id=row[3],
        arn=user_arn(row[1], row[2], row[4]),
        status=KeyStatus(row[5]),
        created_at=row[6],
        last_used_at=row[7],
        last_used_service=row[8],
        last_used_region=row[9],
    )
