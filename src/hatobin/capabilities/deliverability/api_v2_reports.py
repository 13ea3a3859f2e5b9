"""What an account's own traffic says of its domains: volumes by day, and campaigns.

Refs: API reference v2, GetDomainStatisticsReport (at most 30 days), ListDomainDeliverabilityCampaigns,
GetDomainDeliverabilityCampaign.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities import identities, metrics
from hatobin.capabilities.deliverability import store
from hatobin.capabilities.deliverability.campaigns import DAY_S, CampaignKey, Campaigns, campaigns, read_id
from hatobin.capabilities.deliverability.refusals import bad, missing
from hatobin.capabilities.metrics import SentDay
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Paging
from hatobin.ports import Session

MOST_DAYS = 30
PAGING = Paging(
    kind="deliverability-campaign",
    default_size=50,
    max_size=100,
    cursor=(float, str, str),
    token_error=lambda token: bad("Invalid Next Token"),
    size_error=lambda size: bad("The page size must be between 1 and 100"),
    empty_token_is_refused=True,
)


@operation("sesv2", "GetDomainStatisticsReport")
async def get_domain_statistics_report(
    call: Call, request: model.GetDomainStatisticsReportRequest
) -> model.GetDomainStatisticsReportResponse:
    """Give what was sent from a domain by day: not hard-bounced as inbox, complained about as spam."""
    domain = request.domain.lower()
    between = _between(request.start_date, request.end_date)

    def look(session: Session) -> list[SentDay]:
        if not identities.is_verified_domain(session, call.account_id, call.region, domain):
            raise missing(f"Domain {domain} is not a verified identity of this account.")
        return metrics.sent_by_day(session, call.account_id, call.region, domain, between)

    days = await call.ports.database.read(look)
    return model.GetDomainStatisticsReportResponse(
        overall_volume=model.OverallVolume(volume_statistics=_volume(days), domain_isp_placements=[]),
        daily_volumes=[
            model.DailyVolume(start_date=float(day.day), volume_statistics=_volume([day]), domain_isp_placements=[])
            for day in days
        ],
    )


def _volume(days: Sequence[SentDay]) -> model.VolumeStatistics:
    spam = sum(day.complaints for day in days)
    inbox = max(0, sum(day.sends - day.bounces for day in days) - spam)
    # Nothing is estimated: every message of one's own is counted.
    return model.VolumeStatistics(
        inbox_raw_count=inbox, spam_raw_count=spam, projected_inbox=inbox, projected_spam=spam
    )


@operation("sesv2", "ListDomainDeliverabilityCampaigns")
async def list_domain_deliverability_campaigns(
    call: Call, request: model.ListDomainDeliverabilityCampaignsRequest
) -> model.ListDomainDeliverabilityCampaignsResponse:
    """List the campaigns of a subscribed domain, the newest day first."""
    domain = request.subscribed_domain.lower()
    between = _between(request.start_date, request.end_date)
    scope = f"{domain}/{between[0]:.0f}/{between[1]:.0f}"
    page = PAGING.start(call, request.page_size, request.next_token, scope)

    def look(session: Session) -> Campaigns:
        if not store.subscription(session, call.account_id, call.region).has(domain):
            raise missing(f"Domain {domain} is not subscribed to the deliverability dashboard.")
        return campaigns(session, call.account_id, call.region, domain, between)

    found = await call.ports.database.read(look)
    keys = sorted(found.found, key=_place)
    after = page.after
    rest = [key for key in keys if after is None or _place(key) > after][: page.fetch]
    shown, token = PAGING.finish(call, page, rest, _place, scope)
    return model.ListDomainDeliverabilityCampaignsResponse(
        domain_deliverability_campaigns=[one for key in shown if (one := found.shown(key)) is not None],
        next_token=token,
    )


def _place(key: CampaignKey) -> tuple[float, str, str]:
    return (-float(key.day), key.source, key.set_name)


@operation("sesv2", "GetDomainDeliverabilityCampaign")
async def get_domain_deliverability_campaign(
    call: Call, request: model.GetDomainDeliverabilityCampaignRequest
) -> model.GetDomainDeliverabilityCampaignResponse:
    """Show one campaign."""
    key = read_id(request.campaign_id)
    if key is None:
        raise bad(f"Campaign id <{request.campaign_id[:100]}> is invalid.")
    domain, between = key.source.rpartition("@")[2].rstrip("> ").lower(), (float(key.day), float(key.day + DAY_S))

    def look(session: Session) -> Campaigns:
        return campaigns(session, call.account_id, call.region, domain, between)

    shown = (await call.ports.database.read(look)).shown(key)
    if shown is None:
        raise missing(f"Campaign {request.campaign_id} does not exist.")
    return model.GetDomainDeliverabilityCampaignResponse(domain_deliverability_campaign=shown)


def _between(start: float, end: float) -> tuple[float, float]:
    if end < start:
        raise bad("EndDate must not be before StartDate.")
    if end - start > MOST_DAYS * DAY_S:
        raise bad(f"EndDate must be at most {MOST_DAYS} days after StartDate.")
    return start, end
