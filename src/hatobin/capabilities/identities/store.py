"""The SQL of identities; `check_store` holds that of the looks at the DNS, `sending` what a send asks."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities.identities.model import Identity, IdentityKind, Status
from hatobin.capabilities.identities.rows import (
    CHECK_SET,
    COLUMNS,
    DKIM_SET,
    ONE,
    PLACES,
    SELECT,
    check_values,
    dkim_values,
    encode_notifications,
    mail_from_values,
    read_row,
    row_values,
)
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value


def find(session: Session, account_id: str, region: str, key: str) -> Identity | None:
    """Give an identity by its key (`domain_key`, `address_key`)."""
    row = session.one(SELECT + ONE, {"account_id": account_id, "region": region, "identity_key": key})
    return None if row is None else read_row(row)


def find_to_change(session: Session, account_id: str, region: str, key: str) -> Identity | None:
    """Give an identity and hold its row until the end of the transaction, against a writer on another node."""
    row = session.one(
        f"UPDATE identities SET name = name{ONE} RETURNING {COLUMNS}",
        {"account_id": account_id, "region": region, "identity_key": key},
    )
    return None if row is None else read_row(row)


def find_several(session: Session, account_id: str, region: str, keys: Sequence[str]) -> dict[str, Identity]:
    """Give those identities that exist, by key."""
    found = (find(session, account_id, region, key) for key in dict.fromkeys(keys))
    return {identity.key: identity for identity in found if identity is not None}


def insert(session: Session, identity: Identity) -> bool:
    """Store a new identity; False when there is one under its key, and nothing is changed then."""
    row = session.one(
        f"""
        INSERT INTO identities ({COLUMNS}) VALUES ({PLACES})
        ON CONFLICT (account_id, region, identity_key) DO NOTHING RETURNING name
        """,
        row_values(identity),
    )
    return row is not None


def number(session: Session, account_id: str, region: str) -> int:
    """Count the identities of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM identities WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def delete(session: Session, account_id: str, region: str, key: str, now: float) -> bool:
    """Remove an identity with its policies and certificates, end its links and retire its keys; False without one."""
    where: dict[str, Value] = {"account_id": account_id, "region": region, "identity_key": key}
    row = session.one(f"DELETE FROM identities{ONE} RETURNING name", where)
    if row is None:
        return False
    session.execute(f"UPDATE dkim_keys SET retired_at = :now{ONE} AND retired_at IS NULL", {**where, "now": now})
    session.execute(f"DELETE FROM identity_policies{ONE}", where)
    session.execute(f"DELETE FROM identity_certificates{ONE}", where)
    # Over, and not gone: whoever opens such a link is still told where its mail says.
    session.execute(
        f"UPDATE verification_links SET expires_at = :over{ONE} AND expires_at > :over", {**where, "over": now - 1}
    )
    return True


def page(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    kind: IdentityKind | None = None,
    status: Status | None = None,
    name_contains: str | None = None,
) -> list[Identity]:
    """Give identities by key, those that match every filter given."""
    conditions = ["account_id = :account_id", "region = :region"]
    parameters: dict[str, Value] = {"account_id": account_id, "region": region, "fetch": request.fetch}
    if request.after is not None:
        conditions.append("identity_key > :after")
        parameters["after"] = request.after[0]
    if kind is not None:
        conditions.append("kind = :kind")
        parameters["kind"] = kind.value
    if status is not None:
        conditions.append("status = :status")
        parameters["status"] = status.value
    if name_contains is not None:
        escaped = name_contains.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        conditions.append("lower(name) LIKE :name ESCAPE '!'")
        parameters["name"] = f"%{escaped}%"
    rows = session.execute(f"{SELECT} WHERE {' AND '.join(conditions)} ORDER BY identity_key LIMIT :fetch", parameters)
    return [read_row(row) for row in rows]


def verified_addresses(session: Session, account_id: str, region: str, limit: int) -> list[str]:
    """Give the names of verified address identities, for the list that v1 does not page."""
    rows = session.execute(
        """
        SELECT name FROM identities WHERE account_id = :account_id AND region = :region
          AND kind = 'EMAIL_ADDRESS' AND status = 'SUCCESS' ORDER BY identity_key LIMIT :limit
        """,
        {"account_id": account_id, "region": region, "limit": limit},
    )
    return [row[0] for row in rows]


def every_domain(session: Session) -> list[Identity]:
    """Give the domain identities of all accounts, for what the operator publishes."""
    rows = session.execute(f"{SELECT} WHERE kind = 'DOMAIN' ORDER BY account_id, region, identity_key")
    return [read_row(row) for row in rows]


def verified_domains(session: Session, account_id: str, region: str, after: str, limit: int) -> list[Identity]:
    """Give the domains of an account that it may send from, by key, those after one of them."""
    rows = session.execute(
        f"""{SELECT} WHERE account_id = :account_id AND region = :region AND kind = 'DOMAIN'
        AND status IN ('SUCCESS', 'TEMPORARY_FAILURE') AND identity_key > :after ORDER BY identity_key LIMIT :limit""",
        {"account_id": account_id, "region": region, "after": after, "limit": limit},
    )
    return [read_row(row) for row in rows]


def put_dkim(session: Session, identity: Identity) -> None:
    """Write an identity's DKIM and when it is looked at next."""
    session.execute(
        f"UPDATE identities SET {DKIM_SET}, {CHECK_SET}{ONE}",
        {**_named(identity), **dkim_values(identity.dkim), **check_values(identity.check)},
    )


def put_mail_from(session: Session, identity: Identity) -> None:
    """Write an identity's custom MAIL FROM domain, or that it has none."""
    session.execute(
        f"""
        UPDATE identities SET mail_from_domain = :mail_from_domain, mail_from_status = :mail_from_status,
          mail_from_reject = :mail_from_reject, mail_from_check_at = :mail_from_check_at,
          mail_from_started_at = :mail_from_started_at
        {ONE}
        """,
        {**_named(identity), **mail_from_values(identity.mail_from)},
    )


def put_switches(session: Session, identity: Identity) -> None:
    """Write what is simply kept: the default configuration set, the forwarding of feedback, the notifications."""
    session.execute(
        f"""
        UPDATE identities SET configuration_set = :configuration_set, feedback_forwarding = :feedback_forwarding,
          notifications = :notifications
        {ONE}
        """,
        {
            **_named(identity),
            "configuration_set": identity.configuration_set,
            "feedback_forwarding": int(identity.feedback_forwarding),
            "notifications": encode_notifications(identity.notifications),
        },
    )


def _named(identity: Identity) -> dict[str, Value]:
    return {"account_id": identity.account_id, "region": identity.region, "identity_key": identity.key}
