"""How an identity stands in its row: the columns, and both ways between them and the value."""

from __future__ import annotations

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
)
from hatobin.ports import Value

_texts = msgspec.json.Decoder(tuple[str, ...])
_notifications = msgspec.json.Decoder(Notifications)

COLUMNS = (
    "account_id, region, identity_key, name, kind, status, created_at, verification_token, feedback_forwarding, "
    "configuration_set, mail_from_domain, mail_from_status, mail_from_reject, tags, dkim_enabled, dkim_status, "
    "dkim_origin, dkim_selector, dkim_tokens, dkim_key_id, dkim_bits, dkim_made_at, check_at, check_started_at, "
    "checked_at, succeeded_at, check_error, mail_from_check_at, mail_from_started_at, notifications, "
    "dkim_upcoming, dkim_previous"
)
PLACES = ", ".join(f":{column}" for column in COLUMNS.split(", "))
SELECT = f"SELECT {COLUMNS} FROM identities"  # noqa: S608 - a constant
DKIM_SET = (
    "dkim_enabled = :dkim_enabled, dkim_status = :dkim_status, dkim_origin = :dkim_origin, "
    "dkim_selector = :dkim_selector, dkim_tokens = :dkim_tokens, dkim_key_id = :dkim_key_id, dkim_bits = :dkim_bits, "
    "dkim_made_at = :dkim_made_at, dkim_upcoming = :dkim_upcoming, dkim_previous = :dkim_previous"
)
CHECK_SET = (
    "check_at = :check_at, check_started_at = :check_started_at, checked_at = :checked_at, "
    "succeeded_at = :succeeded_at, check_error = :check_error"
)
ONE = " WHERE account_id = :account_id AND region = :region AND identity_key = :identity_key"


def read_row(row: tuple[Any, ...]) -> Identity:
    """Make an identity of a row with `COLUMNS`."""
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


def row_values(identity: Identity) -> dict[str, Value]:
    """Give the parameters of all columns."""
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
        **mail_from_values(identity.mail_from),
        **dkim_values(identity.dkim),
        **check_values(identity.check),
    }


def mail_from_values(mail_from: MailFrom | None) -> dict[str, Value]:
    """Give the parameters of the columns that hold a MAIL FROM domain."""
    return {
        "mail_from_domain": None if mail_from is None else mail_from.domain,
        "mail_from_status": None if mail_from is None else mail_from.status.value,
        "mail_from_reject": int(mail_from is not None and mail_from.reject_on_mx_failure),
        "mail_from_check_at": None if mail_from is None else mail_from.check_at,
        "mail_from_started_at": None if mail_from is None else mail_from.check_started_at,
    }


def dkim_values(dkim: Dkim) -> dict[str, Value]:
    """Give the parameters of `DKIM_SET`."""
    return {
        "dkim_enabled": int(dkim.signing_enabled),
        "dkim_status": dkim.status.value,
        "dkim_origin": dkim.origin.value,
        "dkim_selector": dkim.selector,
        "dkim_tokens": msgspec.json.encode(dkim.tokens).decode(),
        "dkim_key_id": dkim.key_id,
        "dkim_bits": dkim.bits,
        "dkim_made_at": dkim.made_at,
        "dkim_upcoming": encode_key(dkim.upcoming),
        "dkim_previous": encode_key(dkim.previous),
    }


def encode_key(key: KeyChoice | None) -> str:
    """Write a key for the columns `dkim_upcoming` and `dkim_previous`; "" for none."""
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


def check_values(check: Check) -> dict[str, Value]:
    """Give the parameters of `CHECK_SET`."""
    return {
        "check_at": check.due_at,
        "check_started_at": check.started_at,
        "checked_at": check.checked_at,
        "succeeded_at": check.succeeded_at,
        "check_error": None if check.error is None else check.error.value,
    }
