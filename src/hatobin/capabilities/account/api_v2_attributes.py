"""The operations of SES v2 that set what an account says about itself. `api_v2` shows it.

Refs: API reference v2; appendix F; `profile`.
"""

from __future__ import annotations

import structlog

from hatobin.capabilities.account import profile, store
from hatobin.capabilities.account.profile import Review
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    AccountDetails,
    DashboardAttributes,
    GuardianAttributes,
    PutAccountDedicatedIpWarmupAttributesRequest,
    PutAccountDeliveryAttributesRequest,
    PutAccountDetailsRequest,
    PutAccountPricingAttributesRequest,
    PutAccountVdmAttributesRequest,
    VdmAttributes,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError

log = structlog.get_logger()

CASE_NUMBERS = 10**11


@operation("sesv2", "PutAccountDetails")
async def put_account_details(call: Call, request: PutAccountDetailsRequest) -> None:
    """Replace the account's details, and ask for production access where the request says so.

    In the sandbox the request waits for the operator. No request takes
    production access away.
    """
    if not profile.is_web_address(request.website_url):
        raise CallerError("BadRequestException", "Url contains invalid format")
    account_id, region, now = call.account_id, call.region, call.ports.clock.now()
    case_id = f"{CASE_NUMBERS + call.ports.entropy.below(CASE_NUMBERS)}"
    details = AccountDetails(
        mail_type=request.mail_type,
        website_url=request.website_url,
        contact_language=request.contact_language,
        use_case_description=request.use_case_description,
        additional_contact_email_addresses=request.additional_contact_email_addresses,
    )

    def put(session: Session) -> bool:
        profile.lock(session, account_id, region)
        review = profile.profile(session, account_id, region).review
        sandboxed = store.sandboxed(session, account_id, region, call.settings)
        asks = bool(request.production_access_enabled)
        _check_review(review, again=asks and sandboxed)
        profile.put_details(session, account_id, region, details)
        if asks and sandboxed:
            profile.put_review(session, account_id, region, Review("PENDING", case_id, now))
        elif asks and review is None:
            profile.put_review(session, account_id, region, Review("GRANTED", case_id, now))
        return asks and sandboxed

    if await call.ports.database.write(put):
        log.info(
            "production_access_requested",
            account=account_id,
            region=region,
            answer_with=f"hatobin account grant --account {account_id} --region {region}",
        )


def _check_review(review: Review | None, *, again: bool) -> None:
    """A review that is under way holds everything up; one that ended in a denial only the same request (observed)."""
    if review is not None and (review.status == "PENDING" or (review.status == "DENIED" and again)):
        raise CallerError("ConflictException", None, status=409)


@operation("sesv2", "PutAccountVdmAttributes")
async def put_account_vdm_attributes(call: Call, request: PutAccountVdmAttributesRequest) -> None:
    """Set the Virtual Deliverability Manager; switched on, what is not given is off (probed)."""
    given = request.vdm_attributes
    dashboard, guardian = given.dashboard_attributes, given.guardian_attributes
    vdm = VdmAttributes(vdm_enabled=given.vdm_enabled)
    if given.vdm_enabled == "ENABLED":
        vdm = VdmAttributes(
            vdm_enabled="ENABLED",
            dashboard_attributes=DashboardAttributes(
                engagement_metrics=(dashboard and dashboard.engagement_metrics) or "DISABLED"
            ),
            guardian_attributes=GuardianAttributes(
                optimized_shared_delivery=(guardian and guardian.optimized_shared_delivery) or "DISABLED"
            ),
        )
    await call.ports.database.write(lambda s: profile.put_vdm(s, call.account_id, call.region, vdm))


@operation("sesv2", "PutAccountDedicatedIpWarmupAttributes")
async def put_account_dedicated_ip_warmup_attributes(
    call: Call, request: PutAccountDedicatedIpWarmupAttributesRequest
) -> None:
    """Switch the automatic warm-up of dedicated addresses; an absent flag switches off, as its default is false."""
    enabled = bool(request.auto_warmup_enabled)
    await call.ports.database.write(lambda s: profile.put_auto_warmup(s, call.account_id, call.region, enabled=enabled))


@operation("sesv2", "PutAccountDeliveryAttributes")
async def put_account_delivery_attributes(call: Call, request: PutAccountDeliveryAttributesRequest) -> None:
    """Set from which regions' shared addresses mail may leave."""
    mode = request.shared_pool_delivery_mode
    await call.ports.database.write(lambda s: profile.put_delivery_mode(s, call.account_id, call.region, mode))


@operation("sesv2", "PutAccountPricingAttributes")
async def put_account_pricing_attributes(call: Call, request: PutAccountPricingAttributesRequest) -> None:
    """Set the pricing plan, at once: nobody bills here, so no change waits for the next month."""
    await call.ports.database.write(lambda s: profile.put_plan(s, call.account_id, request.plan))
