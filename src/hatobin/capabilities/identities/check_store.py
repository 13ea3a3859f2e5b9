"""The SQL of looking at the DNS for identities: who is due, and what was seen."""

from __future__ import annotations

from hatobin.capabilities.identities.model import Check, Dkim, Identity, Status, lookup_key
from hatobin.capabilities.identities.rows import (
    CHECK_SET,
    DKIM_SET,
    ONE,
    SELECT,
    check_values,
    dkim_values,
    encode_key,
    read_row,
)
from hatobin.ports import Session


def due_checks(session: Session, now: float, limit: int) -> list[Identity]:
    """Give identities whose DNS is to be looked at now, the longest overdue first."""
    rows = session.execute(
        f"{SELECT} WHERE check_at IS NOT NULL AND check_at <= :now ORDER BY check_at LIMIT :limit",
        {"now": now, "limit": limit},
    )
    return [read_row(row) for row in rows]


def due_mail_froms(session: Session, now: float, limit: int) -> list[Identity]:
    """Give identities whose MAIL FROM domain is to be looked at now, the longest overdue first."""
    rows = session.execute(
        f"{SELECT} WHERE mail_from_check_at IS NOT NULL AND mail_from_check_at <= :now"
        " ORDER BY mail_from_check_at LIMIT :limit",
        {"now": now, "limit": limit},
    )
    return [read_row(row) for row in rows]


def put_check(session: Session, identity: Identity, status: Status, dkim: Dkim, check: Check) -> bool:
    """Record a look at the DNS, and give whether it counted.

    Nothing happens where the identity was deleted, got another key since it
    was read, or was verified by hand.
    """
    row = session.one(
        f"""
        UPDATE identities SET status = :status, {DKIM_SET}, {CHECK_SET}
        {ONE} AND dkim_key_id = :old_key_id AND dkim_upcoming = :old_upcoming AND check_at IS NOT NULL
        RETURNING name
        """,
        {
            "account_id": identity.account_id,
            "region": identity.region,
            "identity_key": identity.key,
            "old_key_id": identity.dkim.key_id,
            "old_upcoming": encode_key(identity.dkim.upcoming),
            "status": status.value,
            **dkim_values(dkim),
            **check_values(check),
        },
    )
    return row is not None


def restart_check(session: Session, account_id: str, region: str, key: str, now: float) -> None:
    """Search again for the records of a domain whose search was given up; nothing happens to any other."""
    session.execute(
        f"""
        UPDATE identities SET check_at = :now, check_started_at = :now,
          status = CASE WHEN status = 'FAILED' THEN 'PENDING' ELSE status END,
          dkim_status = CASE WHEN dkim_status = 'FAILED' THEN 'PENDING' ELSE dkim_status END
        {ONE} AND (status = 'FAILED' OR dkim_status = 'FAILED') AND kind = 'DOMAIN'
        """,
        {"account_id": account_id, "region": region, "identity_key": key, "now": now},
    )


def wait_again(session: Session, account_id: str, region: str, key: str) -> None:
    """Let an address whose verification came to nothing wait for its owner once more."""
    session.execute(
        f"UPDATE identities SET status = 'PENDING'{ONE} AND status <> 'SUCCESS'",
        {"account_id": account_id, "region": region, "identity_key": key},
    )


def mark_verified(session: Session, account_id: str, region: str, name: str, now: float) -> bool:
    """Declare an identity and its DKIM verified, without looking; False when there is none.

    For the operator, and for an address whose owner confirmed it.
    """
    row = session.one(
        f"""
        UPDATE identities SET status = 'SUCCESS', succeeded_at = :now, check_at = NULL, check_error = NULL,
          dkim_previous = '', dkim_status = CASE WHEN dkim_key_id IS NULL THEN dkim_status ELSE 'SUCCESS' END
        {ONE} RETURNING name
        """,
        {
            "account_id": account_id,
            "region": region,
            "identity_key": lookup_key(name),
            "now": now,
        },
    )
    return row is not None
