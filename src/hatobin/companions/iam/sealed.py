"""What IAM keeps sealed, for the change of the master key."""

from __future__ import annotations

from collections.abc import Callable

from hatobin.companions.iam import session_store, store
from hatobin.companions.kms import SealedTable, SealedValue
from hatobin.ports import Session

_KEYS = (
    "SELECT account_id, access_key_id, secret_sealed FROM iam_access_key"
    " WHERE (account_id, access_key_id) > (:account_id, :id) ORDER BY account_id, access_key_id LIMIT :limit"
)
_SESSIONS = (
    "SELECT account_id, access_key_id, secret_sealed FROM iam_session"
    " WHERE (account_id, access_key_id) > (:account_id, :id) ORDER BY account_id, access_key_id LIMIT :limit"
)
_PUT_KEY = (
    "UPDATE iam_access_key SET secret_sealed = :new"
    " WHERE account_id = :account_id AND access_key_id = :id AND secret_sealed = :old"
)
_PUT_SESSION = (
    "UPDATE iam_session SET secret_sealed = :new"
    " WHERE account_id = :account_id AND access_key_id = :id AND secret_sealed = :old"
)


def _table(name: str, select: str, update: str, context: Callable[[str], str]) -> SealedTable:
    def read(session: Session, after: tuple[str, ...] | None, limit: int) -> list[SealedValue]:
        account_id, key_id = after or ("", "")
        rows = session.execute(select, {"account_id": account_id, "id": key_id, "limit": limit})
        return [SealedValue((account, key), context(key), sealed) for account, key, sealed in rows]

    def replace(session: Session, value: SealedValue, sealed: bytes) -> None:
        account_id, key_id = value.place
        session.execute(update, {"account_id": account_id, "id": key_id, "old": value.sealed, "new": sealed})

    return SealedTable(name, read, replace)


SEALED = (
    _table("access keys", _KEYS, _PUT_KEY, store.seal_context),
    _table("sessions", _SESSIONS, _PUT_SESSION, session_store.seal_context),
)
