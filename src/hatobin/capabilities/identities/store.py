"""The SQL of identities and their keys; `sending` holds what a send asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.identities.model import (
    NO_NOTIFICATIONS,
    Check,
    CheckError,
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    KeyChoice,
    MailFrom,
    Notifications,
    Status,
    lookup_key,
)
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_texts = msgspec.json.Decoder(tuple[str, ...])
_notifications = msgspec.json.Decoder(Notifications)

_COLUMNS = (
    "account_id, region, identity_key, name, kind, status, created_at, verification_token, feedback_forwarding, "
    "configuration_set, mail_from_domain, mail_from_status, mail_from_reject, tags, dkim_enabled, dkim_status, "
    "dkim_origin, dkim_selector, dkim_tokens, dkim_key_id, dkim_bits, dkim_made_at, check_at, check_started_at, "
    "checked_at, succeeded_at, check_error, mail_from_check_at, mail_from_started_at, notifications, "
    "dkim_upcoming, dkim_previous"
)
_PLACES = ", ".join(f":{column}" for column in _COLUMNS.split(", "))
_SELECT = f"SELECT {_COLUMNS} FROM identities"
_DKIM_SET = (
    "dkim_enabled = :dkim_enabled, dkim_status = :dkim_status, dkim_origin = :dkim_origin, "
    "dkim_selector = :dkim_selector, dkim_tokens = :dkim_tokens, dkim_key_id = :dkim_key_id, dkim_bits = :dkim_bits, "
    "dkim_made_at = :dkim_made_at, dkim_upcoming = :dkim_upcoming, dkim_previous = :dkim_previous"
)
_CHECK_SET = (
    "check_at = :check_at, check_started_at = :check_started_at, checked_at = :checked_at, "
    "succeeded_at = :succeeded_at, check_error = :check_error"
)
_ONE = " WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key"


def find(session: Session, account_id: str, region: str, key: str) -> Identity | None:
    """Give an identity by its key (`domain_key`, `address_key`)."""
    row = session.one(_SELECT + _ONE, {"account_id": account_id, "region": region, "identity_key": key})
    return None if row is None else _identity(row)


def find_to_change(session: Session, account_id: str, region: str, key: str) -> Identity | None:
    """Give an identity and hold its row until the end of the transaction, against a writer on another node."""
    row = session.one(
        f"UPDATE identities SET name = name{_ONE} RETURNING {_COLUMNS}",
        {"account_id": account_id, "region": region, "identity_key": key},
    )
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
    """Remove an identity with its policies, end its links and retire its keys; False when there was none."""
    where: dict[str, Value] = {"account_id": account_id, "region": region, "identity_key": key}
    row = session.one(f"DELETE FROM identities{_ONE} RETURNING name", where)
    if row is None:
        return False
    session.execute(f"UPDATE dkim_keys SET retired_at = :now{_ONE} AND retired_at IS NULL", {**where, "now": now})
    session.execute(f"DELETE FROM identity_policies{_ONE}", where)
    # Over, and not gone: whoever opens such a link is still told where its mail says.
    session.execute(
        f"UPDATE verification_links SET expires_at = :over{_ONE} AND expires_at > :over", {**where, "over": now - 1}
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


def every_domain(session: Session) -> list[Identity]:
    """Give the domain identities of all accounts, for what the operator publishes."""
    rows = session.execute(f"{_SELECT} WHERE kind = 'DOMAIN' ORDER BY account_id, region, identity_key")
    return [_identity(row) for row in rows]


def due_checks(session: Session, now: float, limit: int) -> list[Identity]:
    """Give identities whose DNS is to be looked at now, the longest overdue first."""
    rows = session.execute(
        f"{_SELECT} WHERE check_at IS NOT NULL AND check_at <= :now ORDER BY check_at LIMIT :limit",
        {"now": now, "limit": limit},
    )
    return [_identity(row) for row in rows]


def due_mail_froms(session: Session, now: float, limit: int) -> list[Identity]:
    """Give identities whose MAIL FROM domain is to be looked at now, the longest overdue first."""
    rows = session.execute(
        f"{_SELECT} WHERE mail_from_check_at IS NOT NULL AND mail_from_check_at <= :now"
        " ORDER BY mail_from_check_at LIMIT :limit",
        {"now": now, "limit": limit},
    )
    return [_identity(row) for row in rows]


def put_check(session: Session, identity: Identity, status: Status, dkim: Dkim, check: Check) -> bool:
    """Record a look at the DNS, and give whether it counted.

    Nothing happens where the identity was deleted, got another key since it
    was read, or was verified by hand.
    """
    row = session.one(
        f"""
        UPDATE identities SET status = :status, {_DKIM_SET}, {_CHECK_SET}
        {_ONE} AND dkim_key_id = :old_key_id AND dkim_upcoming = :old_upcoming AND check_at IS NOT NULL
        RETURNING name
        """,
        {
            "account_id": identity.account_id,
            "region": identity.region,
            "identity_key": identity.key,
            "old_key_id": identity.dkim.key_id,
            "old_upcoming": _encode_key(identity.dkim.upcoming),
            "status": status.value,
            **_dkim_values(dkim),
            **_check_values(check),
        },
    )
    return row is not None


def put_dkim(session: Session, identity: Identity) -> None:
    """Write an identity's DKIM and when it is looked at next."""
    session.execute(
        f"UPDATE identities SET {_DKIM_SET}, {_CHECK_SET}{_ONE}",
        {**_named(identity), **_dkim_values(identity.dkim), **_check_values(identity.check)},
    )


def put_mail_from(session: Session, identity: Identity) -> None:
    """Write an identity's custom MAIL FROM domain, or that it has none."""
    session.execute(
        f"""
        UPDATE identities SET mail_from_domain = :mail_from_domain, mail_from_status = :mail_from_status,
          mail_from_reject = :mail_from_reject, mail_from_check_at = :mail_from_check_at,
          mail_from_started_at = :mail_from_started_at
        {_ONE}
        """,
        {**_named(identity), **_mail_from_values(identity.mail_from)},
    )


def put_switches(session: Session, identity: Identity) -> None:
    """Write what is simply kept: the default configuration set, the forwarding of feedback, the notifications."""
    session.execute(
        f"""
        UPDATE identities SET configuration_set = :configuration_set, feedback_forwarding = :feedback_forwarding,
          notifications = :notifications
        {_ONE}
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


def restart_check(session: Session, account_id: str, region: str, key: str, now: float) -> None:
    """Search again for the records of a domain whose search was given up; nothing happens to any other."""
    session.execute(
        f"""
        UPDATE identities SET check_at = :now, check_started_at = :now,
          status = CASE WHEN status = 'FAILED' THEN 'PENDING' ELSE status END,
          dkim_status = CASE WHEN dkim_status = 'FAILED' THEN 'PENDING' ELSE dkim_status END
        {_ONE} AND (status = 'FAILED' OR dkim_status = 'FAILED') AND kind = 'DOMAIN'
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
          dkim_previous = '', dkim_status = CASE WHEN dkim_key_id IS NULL THEN dkim_status ELSE 'SUCCESS' END
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
        else MailFrom(mail_from_domain, Status(mail_from_status), bool(mail_from_reject), row[27], row[28]),
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
            upcoming=decode_key(row[30]),
            previous=decode_key(row[31]),
        ),
        check=Check(row[22], row[23], row[24], row[25], None if row[26] is None else CheckError(row[26])),
        notifications=decode_notifications(row[29]),
    )


def _values(identity: Identity) -> dict[str, Value]:
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
        "tags": tags.encode(identity.tags),
        "notifications": encode_notifications(identity.notifications),
        **_mail_from_values(identity.mail_from),
        **_dkim_values(identity.dkim),
        **_check_values(identity.check),
    }


def _mail_from_values(mail_from: MailFrom | None) -> dict[str, Value]:
    return {
        "mail_from_domain": None if mail_from is None else mail_from.domain,
        "mail_from_status": None if mail_from is None else mail_from.status.value,
        "mail_from_reject": int(mail_from is not None and mail_from.reject_on_mx_failure),
        "mail_from_check_at": None if mail_from is None else mail_from.check_at,
        "mail_from_started_at": None if mail_from is None else mail_from.check_started_at,
    }


def _dkim_values(dkim: Dkim) -> dict[str, Value]:
    return {
        "dkim_enabled": int(dkim.signing_enabled),
        "dkim_status": dkim.status.value,
        "dkim_origin": dkim.origin.value,
        "dkim_selector": dkim.selector,
        "dkim_tokens": msgspec.json.encode(dkim.tokens).decode(),
        "dkim_key_id": dkim.key_id,
        "dkim_bits": dkim.bits,
        "dkim_made_at": dkim.made_at,
        "dkim_upcoming": _encode_key(dkim.upcoming),
        "dkim_previous": _encode_key(dkim.previous),
    }


def _encode_key(key: KeyChoice | None) -> str:
    return "" if key is None else f"{key.selector} {key.key_id} {key.bits}"


def decode_key(text: str) -> KeyChoice | None:
    """Read a key as the columns `dkim_upcoming` and `dkim_previous` keep it."""
    if not text:
        return None
    selector, key_id, bits = text.split(" ")
    return KeyChoice(selector, key_id, int(bits))


def encode_notifications(notifications: Notifications) -> str:
    """Write notifications for their column; "" where there is nothing, which its index leaves out."""
    return "" if notifications == NO_NOTIFICATIONS else msgspec.json.encode(notifications).decode()


def decode_notifications(text: str) -> Notifications:
    """Read notifications back."""
    return _notifications.decode(text) if text else NO_NOTIFICATIONS


def _check_values(check: Check) -> dict[str, Value]:
    return {
        "check_at": check.due_at,
        "check_started_at": check.started_at,
        "checked_at": check.checked_at,
        "succeeded_at": check.succeeded_at,
        "check_error": None if check.error is None else check.error.value,
    }
