"""What an account says about itself and asks for: details, the review of production access, attributes.

A request for production access waits for the operator (`hatobin account
grant` or `deny`). Refs: API reference v2, PutAccountDetails, ReviewDetails;
appendix F; aws-cli#6652 (a second request while one is under review, or after
a denial, is a ConflictException without a text).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from hatobin.gateway.models.sesv2 import (
    AccountDetails,
    AccountSharedPoolDeliveryMode,
    PricingPlan,
    ReviewStatus,
    SuppressionValidationAttributes,
    VdmAttributes,
)
from hatobin.ports import Session, Value

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9\-]{1,59})", re.IGNORECASE)


class Review(msgspec.Struct, frozen=True):
    """How the operator looked at a request for production access."""

    status: ReviewStatus
    case_id: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class Profile:
    """All of it in one region; what was never set is None. The plan is the account's everywhere."""

    details: AccountDetails | None = None
    review: Review | None = None
    vdm: VdmAttributes | None = None
    validation: SuppressionValidationAttributes | None = None
    auto_warmup: bool | None = None
    delivery_mode: AccountSharedPoolDeliveryMode | None = None
    plan: PricingPlan | None = None


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request for production access that nobody has answered."""

    account_id: str
    region: str
    review: Review
    details: AccountDetails


_details = msgspec.json.Decoder(AccountDetails)
_review = msgspec.json.Decoder(Review)
_vdm = msgspec.json.Decoder(VdmAttributes)
_validation = msgspec.json.Decoder(SuppressionValidationAttributes)

_COLUMNS = ("details", "review", "vdm", "validation", "auto_warmup", "delivery_mode")
_SELECT = """
SELECT details, review, vdm, validation, auto_warmup, delivery_mode
FROM account_settings WHERE account_id = :account_id AND region = :region
"""


def is_web_address(text: str) -> bool:
    """Say whether SES takes a text as WebsiteURL: http or https, and a host below a top-level domain (observed).

    >>> [is_web_address(text) for text in ("https://example.com/a?b", "not a url", "http://localhost", "ftp://a.example")]
    [True, False, False, False]
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and _HOST.fullmatch(host) is not None and " " not in text and port != 0


def profile(session: Session, account_id: str, region: str) -> Profile:
    """Give what an account has set for itself in a region."""
    row = session.one(_SELECT, {"account_id": account_id, "region": region})
    plan = session.one("SELECT plan FROM account_plans WHERE account_id = :account_id", {"account_id": account_id})
    details, review, vdm, validation, warmup, mode = row if row is not None else (None,) * len(_COLUMNS)
    return Profile(
        details=None if details is None else _details.decode(details),
        review=None if review is None else _review.decode(review),
        vdm=None if vdm is None else _vdm.decode(vdm),
        validation=None if validation is None else _validation.decode(validation),
        auto_warmup=None if warmup is None else bool(warmup),
        delivery_mode=mode,
        plan=None if plan is None else plan[0],
    )


def vdm_enabled(session: Session, account_id: str, region: str) -> bool:
    """Say whether the account has switched the Virtual Deliverability Manager on in a region."""
    vdm = profile(session, account_id, region).vdm
    return vdm is not None and vdm.vdm_enabled == "ENABLED"


def vdm_accounts(session: Session) -> list[tuple[str, str]]:
    """Give the accounts and regions that have switched the Virtual Deliverability Manager on."""
    rows = session.execute(
        "SELECT account_id, region, vdm FROM account_settings WHERE vdm IS NOT NULL ORDER BY account_id, region"
    )
    return [(row[0], row[1]) for row in rows if _vdm.decode(row[2]).vdm_enabled == "ENABLED"]


def lock(session: Session, account_id: str, region: str) -> None:
    """Make the account's row if it is missing, and keep other nodes from changing it until the commit."""
    session.execute(
        """
        INSERT INTO account_settings (account_id, region) VALUES (:account_id, :region)
        ON CONFLICT (account_id, region) DO UPDATE SET region = excluded.region
        """,
        {"account_id": account_id, "region": region},
    )


def put_details(session: Session, account_id: str, region: str, details: AccountDetails) -> None:
    """Replace the account's details."""
    _put(session, account_id, region, "details", _json(details))


def put_review(session: Session, account_id: str, region: str, review: Review) -> None:
    """Replace the review of the account's request."""
    _put(session, account_id, region, "review", _json(review))


def put_vdm(session: Session, account_id: str, region: str, vdm: VdmAttributes) -> None:
    """Replace the attributes of the Virtual Deliverability Manager."""
    _put(session, account_id, region, "vdm", _json(vdm))


def put_validation(session: Session, account_id: str, region: str, validation: SuppressionValidationAttributes) -> None:
    """Replace the attributes of suppression by validation."""
    _put(session, account_id, region, "validation", _json(validation))


def put_auto_warmup(session: Session, account_id: str, region: str, *, enabled: bool) -> None:
    """Switch the automatic warm-up of dedicated addresses."""
    _put(session, account_id, region, "auto_warmup", int(enabled))


def put_delivery_mode(session: Session, account_id: str, region: str, mode: AccountSharedPoolDeliveryMode) -> None:
    """Set from which regions' shared addresses mail may leave."""
    _put(session, account_id, region, "delivery_mode", mode)


def put_plan(session: Session, account_id: str, plan: PricingPlan) -> None:
    """Set the pricing plan of the account, in all regions."""
    session.execute(
        """
        INSERT INTO account_plans (account_id, plan) VALUES (:account_id, :plan)
        ON CONFLICT (account_id) DO UPDATE SET plan = excluded.plan
        """,
        {"account_id": account_id, "plan": plan},
    )


def answer_review(session: Session, account_id: str, region: str, status: ReviewStatus) -> bool:
    """Note how the operator answered; False when nobody had asked."""
    lock(session, account_id, region)
    review = profile(session, account_id, region).review
    if review is None:
        return False
    put_review(session, account_id, region, msgspec.structs.replace(review, status=status))
    return True


def waiting_requests(session: Session) -> list[WaitingRequest]:
    """Give the requests of all accounts that wait for the operator, the oldest first."""
    rows = session.execute(
        """
        SELECT account_id, region, review, details FROM account_settings
        WHERE review IS NOT NULL AND details IS NOT NULL ORDER BY account_id, region
        """
    )
    found = [WaitingRequest(row[0], row[1], _review.decode(row[2]), _details.decode(row[3])) for row in rows]
    waiting = [request for request in found if request.review.status == "PENDING"]
    return sorted(waiting, key=lambda request: request.review.asked_at)


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _put(session: Session, account_id: str, region: str, column: str, value: Value) -> None:
    assert column in _COLUMNS
    session.execute(
        f"""
        INSERT INTO account_settings (account_id, region, {column}) VALUES (:account_id, :region, :value)
        ON CONFLICT (account_id, region) DO UPDATE SET {column} = excluded.{column}
        """,  # noqa: S608 - only a name of ours
        {"account_id": account_id, "region": region, "value": value},
    )
