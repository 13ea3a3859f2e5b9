"""The SQL of access keys."""

from __future__ import annotations

from hatobin.companions.iam.model import (
    FIRST_ACCESS_KEY_ID,
    FIRST_ACCOUNT_ID,
    FIRST_SECRET,
    FIRST_USER_NAME,
    AccessKey,
    KeyStatus,
    NewAccessKey,
    new_access_key_id,
    new_secret,
    new_user_id,
    user_arn,
)
from hatobin.companions.kms import Vault
from hatobin.ports import Entropy, Row, Session

_COLUMNS = "access_key_id, account_id, user_name, user_id, arn, status, created_at, last_used_at"


def seal_context(access_key_id: str) -> str:
    """Name the place that a sealed secret is bound to."""
    return f"iam access key {access_key_id}"


def create_access_key(
    session: Session, vault: Vault, entropy: Entropy, *, account_id: str, user_name: str, now: float
) -> NewAccessKey:
    """Make an active key for a user and keep its secret sealed; the result alone shows it.

    A user exists as long as it has a key; its further keys share its user id.
    """
    row = session.one(
        "SELECT user_id FROM iam_access_key WHERE account_id = :account_id AND user_name = :user_name LIMIT 1",
        {"account_id": account_id, "user_name": user_name},
    )
    key = AccessKey(
        access_key_id=new_access_key_id(entropy),
        account_id=account_id,
        user_name=user_name,
        user_id=row[0] if row else new_user_id(entropy),
        arn=user_arn(account_id, user_name),
        status=KeyStatus.ACTIVE,
        created_at=now,
        last_used_at=None,
    )
    secret = new_secret(entropy)
    _insert(session, vault, key, secret)
    return NewAccessKey(key, secret)


def ensure_first_key(session: Session, vault: Vault, entropy: Entropy, *, now: float) -> AccessKey:
    """Give the documented first key `test`/`test`, made if the store never had it.

    An existing row stays as it is, so a first key that was switched off stays off.
    Raises `SealBroken` when it was sealed under another master key: then no secret of this store opens.
    """
    found = find_with_secret(session, FIRST_ACCESS_KEY_ID)
    if found is None:
        _insert(session, vault, _first_key(entropy, now), FIRST_SECRET)
        found = find_with_secret(session, FIRST_ACCESS_KEY_ID)  # That of another node, where it was faster.
        assert found is not None, "it was there or has been inserted"
    key, sealed = found
    vault.open(sealed, context=seal_context(FIRST_ACCESS_KEY_ID))
    return key


def _first_key(entropy: Entropy, now: float) -> AccessKey:
    return AccessKey(
        access_key_id=FIRST_ACCESS_KEY_ID,
        account_id=FIRST_ACCOUNT_ID,
        user_name=FIRST_USER_NAME,
        user_id=new_user_id(entropy),
        arn=user_arn(FIRST_ACCOUNT_ID, FIRST_USER_NAME),
        status=KeyStatus.ACTIVE,
        created_at=now,
        last_used_at=None,
    )


def list_access_keys(session: Session, *, account_id: str | None = None) -> tuple[AccessKey, ...]:
    """Give the keys of one account, or of all, oldest first."""
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM iam_access_key WHERE :all = 1 OR account_id = :account_id"
        " ORDER BY created_at, access_key_id",
        {"all": 1 if account_id is None else 0, "account_id": account_id or ""},
    )
    return tuple(_key(row) for row in rows)


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


def find_with_secret(session: Session, access_key_id: str) -> tuple[AccessKey, bytes] | None:
    """Give a key and its sealed secret."""
    row = session.one(
        f"SELECT {_COLUMNS}, secret_sealed FROM iam_access_key WHERE access_key_id = :id",
        {"id": access_key_id},
    )
    return None if row is None else (_key(row), row[8])


def record_use(session: Session, *, access_key_id: str, now: float) -> None:
    """Note when a key was last used; an older time never replaces a newer one."""
    session.execute(
        "UPDATE iam_access_key SET last_used_at = :now"
        " WHERE access_key_id = :id AND (last_used_at IS NULL OR last_used_at < :now)",
        {"id": access_key_id, "now": now},
    )


def _insert(session: Session, vault: Vault, key: AccessKey, secret: str) -> None:
    session.execute(
        "INSERT INTO iam_access_key"
        " (account_id, access_key_id, user_name, user_id, arn, secret_sealed, status, created_at)"
        " VALUES (:account_id, :id, :user_name, :user_id, :arn, :secret, :status, :created_at)"
        " ON CONFLICT (account_id, access_key_id) DO NOTHING",
        {
            "account_id": key.account_id,
            "id": key.access_key_id,
            "user_name": key.user_name,
            "user_id": key.user_id,
            "arn": key.arn,
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
        arn=row[4],
        status=KeyStatus(row[5]),
        created_at=row[6],
        last_used_at=row[7],
    )
