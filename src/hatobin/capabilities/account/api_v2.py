"""The account's operations in SES v2."""

from __future__ import annotations

from typing import cast

import msgspec

from hatobin.capabilities.account import enforcement, profile, quota, store
from hatobin.capabilities.account.enforcement import Enforcement
from hatobin.capabilities.account.model import AccountStanding
from hatobin.capabilities.account.profile import Profile
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    AccountDetails,
    DeliveryAttributes,
    GetAccountRequest,
    GetAccountResponse,
    PricingAttributes,
    PutAccountSendingAttributesRequest,
    PutAccountSuppressionAttributesRequest,
    ReviewDetails,
    SendQuota,
    SuppressionAttributes,
    SuppressionListReason,
)
from hatobin.ports import Session


@operation("sesv2", "GetAccount")
async def get_account(call: Call, request: GetAccountRequest) -> GetAccountResponse:
    """Show how the account stands in this region.

    Details and attributes stay absent until they are set (appendix F).
    """
    now = call.ports.clock.now()

    def look(session: Session) -> tuple[AccountStanding, int, Profile, Enforcement]:
        return (
            store.standing(session, call.account_id, call.region, call.settings),
            quota.sent_last_24_hours(session, call.account_id, call.region, now),
            profile.profile(session, call.account_id, call.region),
            enforcement.enforcement(session, call.account_id, call.region),
        )

    standing, sent, own, enforced = await call.ports.database.read(look)
    return GetAccountResponse(
        dedicated_ip_auto_warmup_enabled=own.auto_warmup is not False,
        enforcement_status=enforced.status,
        production_access_enabled=not standing.sandboxed,
        send_quota=SendQuota(
            max24_hour_send=float(standing.limits.max_24_hour_send),
            max_send_rate=standing.limits.shown_send_rate,
            sent_last24_hours=float(sent),
        ),
        sending_enabled=standing.sending_enabled,
        suppression_attributes=SuppressionAttributes(
            suppressed_reasons=cast(list[SuppressionListReason], list(standing.suppressed_reasons)),
            validation_attributes=own.validation,
        ),
        details=_details(own),
        vdm_attributes=own.vdm,
        pricing_attributes=None if own.plan is None else PricingAttributes(current_plan=own.plan),
        delivery_attributes=None
        if own.delivery_mode is None
        else DeliveryAttributes(shared_pool_delivery_mode=own.delivery_mode),
    )


def _details(own: Profile) -> AccountDetails | None:
    """Give the details with how their review stands."""
    if own.details is None or own.review is None:
        return own.details
    review = ReviewDetails(status=own.review.status, case_id=own.review.case_id)
    return msgspec.structs.replace(own.details, review_details=review)


@operation("sesv2", "PutAccountSendingAttributes")
async def put_account_sending_attributes(call: Call, request: PutAccountSendingAttributesRequest) -> None:
    """Pause or resume all sending of the account in this region.

    Resumed after a pause for its reputation, the account has a fresh start.
    """
    enabled, now = bool(request.sending_enabled), call.ports.clock.now()
    await call.ports.database.write(
        lambda s: enforcement.put_sending_enabled(s, call.account_id, call.region, enabled=enabled, now=now)
    )


@operation("sesv2", "PutAccountSuppressionAttributes")
async def put_account_suppression_attributes(call: Call, request: PutAccountSuppressionAttributesRequest) -> None:
    """Set for which reasons the account's suppression list is kept and obeyed; members that are given replace theirs.

    No reasons turn it off, and so does a request without any member.
    """
    reasons, validation = request.suppressed_reasons, request.validation_attributes
    if reasons is None and validation is None:
        reasons = []

    def put(session: Session) -> None:
        if reasons is not None:
            store.put_suppressed_reasons(session, call.account_id, call.region, tuple(dict.fromkeys(reasons)))
        if validation is not None:
            profile.put_validation(session, call.account_id, call.region, validation)

    await call.ports.database.write(put)
