"""The SQL of temporary credentials, and how many there may be."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hatobin.companions.iam import tags as tagging
from hatobin.companions.iam.model import TagPair, new_secret, new_session_key_id, new_session_token
from hatobin.companions.kms import Vault
from hatobin.ports import Entropy, Session
from hatobin.words.errors import CallerError

MAX_SESSIONS = 50_000
"""Temporary credentials of one account at a time."""
KEPT_AFTER_END_S = 86_400.0
"""So long is a caller with expired credentials told that they have expired, and not that nobody knows them."""

_encoder = msgspec.json.Encoder()
_texts = msgspec.json.Decoder(tuple[str, ...])
_pair = msgspec.json.Decoder(tuple[str, str])


class Temporary(Struct, frozen=True):
    """Temporary credentials without their secret. `policies` narrows what their holder may do; None leaves it as it is.

    `holder_id` is a role, or the user that asked. Times are seconds since the epoch.
    """

    account_id: str
    access_key_id: str
    holder_id: str
    name: str
    policies: tuple[str, ...] | None
    tags: tuple[TagPair, ...]
    created_at: float
    expires_at: float


class NewTemporary(Struct, frozen=True):
    """Credentials that have just been made, with what is shown only now."""

    session: Temporary
    secret: str
    token: str


def seal_context(access_key_id: str) -> str:
    """Name the place that a sealed secret is bound to."""
    return f"iam session {access_key_id}"


def create(
    session: Session,
    vault: Vault,
    entropy: Entropy,
    *,
    account_id: str,
    holder_id: str,
    name: str,
    policies: tuple[str, ...] | None,
    tags: tuple[TagPair, ...],
    now: float,
    duration_s: int,
    least_token: int = 0,
) -> NewTemporary:
    """Make credentials that end after `duration_s`. Raises `CallerError` (Throttling) when there are too many."""
    _make_room(session, account_id, now)
    made = Temporary(
        account_id, new_session_key_id(entropy), holder_id, name, policies, tags, now, float(int(now) + duration_s)
    )
    secret, token = new_secret(entropy), new_session_token(entropy, least_token)
    session.execute(
        """
        INSERT INTO iam_session
          (account_id, access_key_id, holder_id, session_name, secret_sealed, policies, tags, created_at, expires_at)
        VALUES (:account_id, :id, :holder_id, :name, :sealed, :policies, :tags, :created_at, :expires_at)
        """,
        {
            "account_id": account_id,
            "id": made.access_key_id,
            "holder_id": holder_id,
            "name": name,
            "sealed": vault.seal(_encoder.encode((secret, token)), context=seal_context(made.access_key_id)),
            "policies": None if policies is None else _encoder.encode(policies).decode(),
            "tags": tagging.stored(tags),
            "created_at": now,
            "expires_at": made.expires_at,
        },
    )
    return NewTemporary(made, secret, token)


def find_with_secret(session: Session, access_key_id: str) -> tuple[Temporary, bytes] | None:
    """Give temporary credentials, expired ones too while they are kept, and their sealed secret."""
    row = session.one(
        "SELECT account_id, access_key_id, holder_id, session_name, policies, tags, created_at, expires_at,"
        " secret_sealed FROM iam_session WHERE access_key_id = :id",
        {"id": access_key_id},
    )
    if row is None:
        return None
    policies = None if row[4] is None else _texts.decode(row[4])
    temporary = Temporary(row[0], row[1], row[2], row[3], policies, tagging.loaded(row[5]), row[6], row[7])
    return temporary, row[8]


def opened(vault: Vault, access_key_id: str, sealed: bytes) -> tuple[str, str]:
    """Give the secret and the token. Raises `SealBroken`."""
    return _pair.decode(vault.open(sealed, context=seal_context(access_key_id)))


def sessions_over(session: Session, now: float, limit: int) -> list[tuple[str, str]]:
    """Give at most `limit` credentials that ended long ago, as `forget_sessions` takes them."""
    rows = session.execute(
        "SELECT account_id, access_key_id FROM iam_session WHERE expires_at < :before ORDER BY expires_at LIMIT :limit",
        {"before": now - KEPT_AFTER_END_S, "limit": limit},
    )
    return [(account_id, access_key_id) for account_id, access_key_id in rows]


def forget_sessions(session: Session, ended: Sequence[tuple[str, str]]) -> None:
    """Remove credentials."""
    session.many(
        "DELETE FROM iam_session WHERE account_id = :account_id AND access_key_id = :id",
        [{"account_id": account_id, "id": access_key_id} for account_id, access_key_id in ended],
    )


def forget_holder(session: Session, account_id: str, holder_id: str) -> None:
    """Remove what speaks for a role or user that is no more."""
    session.execute(
        "DELETE FROM iam_session WHERE account_id = :account_id AND holder_id = :holder_id",
        {"account_id": account_id, "holder_id": holder_id},
    )


def _make_room(session: Session, account_id: str, now: float) -> None:
    """Let an account have no more than it may: expired ones go first, then newcomers wait."""
    if _count(session, account_id) < MAX_SESSIONS:
        return
    session.execute(
        "DELETE FROM iam_session WHERE account_id = :account_id AND expires_at < :now",
        {"account_id": account_id, "now": now},
    )
    if _count(session, account_id) >= MAX_SESSIONS:
        raise CallerError("Throttling", "Rate exceeded")


def _count(session: Session, account_id: str) -> int:
    row = session.one("SELECT count(*) FROM iam_session WHERE account_id = :account_id", {"account_id": account_id})
    return row[0] if row else 0
