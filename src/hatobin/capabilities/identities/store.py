"""The SQL of identities and their keys; `sending` holds what a send asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.identities.model import (
    Check,
    CheckError,
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    MailFrom,
    Status,
    lookup_key,
)
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_texts = msgspec.json.Decoder(tuple[str, ...])

_COLUMNS = (
    "account_id, region, identity_key, name, kind, status, created_at, verification_token, feedback_forwarding, "
    "configuration_set, mail_from_domain, mail_from_status, mail_from_reject, tags, dkim_enabled, dkim_status, "
    "dkim_origin, dkim_selector, dkim_tokens, dkim_key_id, dkim_bits, dkim_made_at, check_at, check_started_at, "
    "checked_at, succeeded_at, check_error"
)
_PLACES = ", ".join(f":{column}" for column in _COLUMNS.split(", "))
_SELECT = f"SELECT {_COLUMNS} FROM identities"
_ONE = " WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key"


def find(session: Session, account_id: str, region: str, key: str) -> Identity | None:
    """Give an identity by its key (`domain_key`, `address_key`)."""
    row = session.one(_SELECT + _ONE, {"account_id": account_id, "region": region, "identity_key": key})
    return None if row is None else _identity(row)


def find_several(session: Session, account_id: str, region: str, keys: Sequence[str]) -> dict[str, Identity]:
    """Give those identities that exist, by key."""
    found = (find(session, account_id, region, key) for key in dict.fromkeys(keys))
    return {identity.key: identity for identity in found if identity is not None}


def insert(session: Session, identity: Identity) -> bool:
    """Store a new identity; False when there is one under its key, and nothing is changed then."""
    row = session.one(
        f"""
        INSERT INTO identities ({_COLUMNS}) VALUES ({_PLACES})
        ON CONFLICT (account_id, region, identity_key) DO NOTHING RETURNING name
        """,
        _values(identity),
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
    """Remove an identity and retire its keys; False when there was none."""
    where: dict[str, Value] = {"account_id": account_id, "region": region, "identity_key": key}
    row = session.one(f"DELETE FROM identities{_ONE} RETURNING name", where)
    if row is None:
        return False
    session.execute(f"UPDATE dkim_keys SET retired_at = :now{_ONE} AND retired_at IS NULL", {**where, "now": now})
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
    rows = session.execute(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY identity_key LIMIT :fetch", parameters)
    return [_identity(row) for row in rows]


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


def due_checks(session: Session, now: float, limit: int) -> list[Identity]:
    """Give identities whose DNS is to be looked at now, the longest overdue first."""
    rows = session.execute(
        f"{_SELECT} WHERE check_at IS NOT NULL AND check_at <= :now ORDER BY check_at LIMIT :limit",
        {"now": now, "limit": limit},
    )
    return [_identity(row) for row in rows]


def put_check(session: Session, identity: Identity, status: Status, dkim_status: Status, check: Check) -> None:
    """Record a look at the DNS.

    Nothing happens where the identity was deleted, made anew with another key,
    or verified by hand since it was read.
    """
    session.execute(
        f"""
        UPDATE identities SET status = :status, dkim_status = :dkim_status, check_at = :check_at,
          check_started_at = :check_started_at, checked_at = :checked_at, succeeded_at = :succeeded_at,
          check_error = :check_error
        {_ONE} AND dkim_key_id = :dkim_key_id AND check_at IS NOT NULL
        """,
        {
            "account_id": identity.account_id,
            "region": identity.region,
            "identity_key": identity.key,
            "dkim_key_id": identity.dkim.key_id,
            "status": status.value,
            "dkim_status": dkim_status.value,
            **_check_values(check),
        },
    )


def restart_check(session: Session, account_id: str, region: str, key: str, now: float) -> None:
    """Search again for the records of a domain whose search was given up; nothing happens to any other."""
    session.execute(
        f"""
        UPDATE identities SET status = 'PENDING', check_at = :now, check_started_at = :now,
          dkim_status = CASE WHEN dkim_status = 'FAILED' THEN 'PENDING' ELSE dkim_status END
        {_ONE} AND status = 'FAILED' AND kind = 'DOMAIN'
        """,
        {"account_id": account_id, "region": region, "identity_key": key, "now": now},
    )


def wait_again(session: Session, account_id: str, region: str, key: str) -> None:
    """Let an address whose verification came to nothing wait for its owner once more."""
    session.execute(
        f"UPDATE identities SET status = 'PENDING'{_ONE} AND status <> 'SUCCESS'",
        {"account_id": account_id, "region": region, "identity_key": key},
    )


def mark_verified(session: Session, account_id: str, region: str, name: str, now: float) -> bool:
    """Declare an identity and its DKIM verified, without looking; False when there is none.

    For the operator, and for an address whose owner confirmed it.
    """
    row = session.one(
        f"""
        UPDATE identities SET status = 'SUCCESS', succeeded_at = :now, check_at = NULL, check_error = NULL,
          dkim_status = CASE WHEN dkim_key_id IS NULL THEN dkim_status ELSE 'SUCCESS' END
        {_ONE} RETURNING name
        """,
        {
            "account_id": account_id,
            "region": region,
            "identity_key": lookup_key(name),
            "now": now,
        },
    )
    return row is not None


def _identity(row: tuple[Any, ...]) -> Identity:
    mail_from_domain, mail_from_status, mail_from_reject = row[10:13]
    return Identity(
        account_id=row[0],
        region=row[1],
        key=row[2],
        name=row[3],
        kind=IdentityKind(row[4]),
        status=Status(row[5]),
        created_at=row[6],
        verification_token=row[7],
        feedback_forwarding=bool(row[8]),
        configuration_set=row[9],
        mail_from=None
        if mail_from_domain is None
        else MailFrom(mail_from_domain, Status(mail_from_status), bool(mail_from_reject)),
        tags=tags.decode(row[13]),
        dkim=Dkim(
            signing_enabled=bool(row[14]),
            status=Status(row[15]),
            origin=DkimOrigin(row[16]),
            selector=row[17],
            tokens=_texts.decode(row[18]),
            key_id=row[19],
            bits=row[20],
            made_at=row[21],
        ),
        check=Check(row[22], row[23], row[24], row[25], None if row[26] is None else CheckError(row[26])),
    )


def _values(identity: Identity) -> dict[str, Value]:
    dkim, mail_from = identity.dkim, identity.mail_from
    return {
        "account_id": identity.account_id,
        "region": identity.region,
        "identity_key": identity.key,
        "name": identity.name,
        "kind": identity.kind.value,
        "status": identity.status.value,
        "created_at": identity.created_at,
        "verification_token": identity.verification_token,
        "feedback_forwarding": int(identity.feedback_forwarding),
        "configuration_set": identity.configuration_set,
        "mail_from_domain": None if mail_from is None else mail_from.domain,
        "mail_from_status": None if mail_from is None else mail_from.status.value,
        "mail_from_reject": int(mail_from is not None and mail_from.reject_on_mx_failure),
        "tags": tags.encode(identity.tags),
        "dkim_enabled": int(dkim.signing_enabled),
        "dkim_status": dkim.status.value,
        "dkim_origin": dkim.origin.value,
        "dkim_selector": dkim.selector,
        "dkim_tokens": msgspec.json.encode(dkim.tokens).decode(),
        "dkim_key_id": dkim.key_id,
        "dkim_bits": dkim.bits,
        "dkim_made_at": dkim.made_at,
        **_check_values(identity.check),
    }


def _check_values(check: Check) -> dict[str, Value]:
    return {
        "check_at": check.due_at,
        "check_started_at": check.started_at,
        "checked_at": check.checked_at,
        "succeeded_at": check.succeeded_at,
        "check_error": None if check.error is None else check.error.value,
    }
