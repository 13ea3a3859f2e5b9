"""Subscribing domains to the deliverability dashboard. It costs nothing here, so it ends at once.

Refs: API reference v2, PutDeliverabilityDashboardOption, GetDeliverabilityDashboardOptions.
"""

from __future__ import annotations

from msgspec.structs import replace

from hatobin.capabilities import identities
from hatobin.capabilities.deliverability import store
from hatobin.capabilities.deliverability.refusals import bad, missing
from hatobin.capabilities.deliverability.store import Subscription
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MAX_DOMAINS = 100
"""Of an account and region."""


@operation("sesv2", "PutDeliverabilityDashboardOption")
async def put_deliverability_dashboard_option(
    call: Call, request: model.PutDeliverabilityDashboardOptionRequest
) -> model.PutDeliverabilityDashboardOptionResponse:
    """Switch the dashboard on for domains of the account, or off for all; a domain that stays keeps its first day."""
    asked, now = request.subscribed_domains or [], call.ports.clock.now()
    names = [_domain(one) for one in asked]
    if len(names) > MAX_DOMAINS:
        raise CallerError("LimitExceededException", f"At most {MAX_DOMAINS} domains can be subscribed.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise CallerError("AlreadyExistsException", f"Domain {twice} is subscribed twice.")

    def put(session: Session) -> None:
        before = {one.domain: one for one in store.subscription(session, call.account_id, call.region).domains}
        for name in names:
            if not identities.is_verified_domain(session, call.account_id, call.region, name):
                raise missing(f"Domain {name} is not a verified identity of this account.")
        kept = []
        for name, one in sorted(zip(names, asked, strict=True), key=lambda pair: pair[0]):
            begun = before[name].subscription_start_date if name in before else now
            kept.append(replace(one, domain=name, subscription_start_date=begun))
        subscription = Subscription(request.dashboard_enabled, tuple(kept) if request.dashboard_enabled else ())
        store.put_subscription(session, call.account_id, call.region, subscription)

    await call.ports.database.write(put)
    return model.PutDeliverabilityDashboardOptionResponse()


def _domain(option: model.DomainDeliverabilityTrackingOption) -> str:
    if not option.domain:
        raise bad("Each subscribed domain needs a name.")
    return option.domain.lower()


@operation("sesv2", "GetDeliverabilityDashboardOptions")
async def get_deliverability_dashboard_options(
    call: Call, request: model.GetDeliverabilityDashboardOptionsRequest
) -> model.GetDeliverabilityDashboardOptionsResponse:
    """Show whether the dashboard is on, and for which domains."""
    found = await call.ports.database.read(lambda s: store.subscription(s, call.account_id, call.region))
    return model.GetDeliverabilityDashboardOptionsResponse(
        dashboard_enabled=found.enabled,
        account_status="ACTIVE" if found.enabled else "DISABLED",
        active_subscribed_domains=list(found.domains),
        pending_expiration_subscribed_domains=[],
    )
