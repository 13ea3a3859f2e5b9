"""Block lists, which the DNS knows, and tests of inbox placement, for which there are no mailboxes here.

Refs: API reference v2, GetBlacklistReports, CreateDeliverabilityTestReport; RFC 5782 (how a DNS list is asked).
"""

from __future__ import annotations

import asyncio
import ipaddress

from hatobin.capabilities.deliverability.refusals import bad, missing
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Paging
from hatobin.ports import AnswerStatus, Dns

MAX_ITEMS = 20
"""Addresses of one request."""
PAGING = Paging(
    kind="deliverability-test-report",
    default_size=50,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: bad("Invalid Next Token"),
    size_error=lambda size: bad("The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)
NO_SEEDS = (
    "Inbox placement tests send to a panel of test mailboxes at providers, and this server has none. "
    "GetDomainStatisticsReport and GetBlacklistReports are served from its own traffic and the DNS."
)


@operation("sesv2", "GetBlacklistReports")
async def get_blacklist_reports(
    call: Call, request: model.GetBlacklistReportsRequest
) -> model.GetBlacklistReportsResponse:
    """Ask the configured block lists about addresses; a list that does not answer is left out."""
    if len(request.blacklist_item_names) > MAX_ITEMS:
        raise bad(f"At most {MAX_ITEMS} addresses can be looked up at once.")
    names = {text: _reversed(text) for text in request.blacklist_item_names}
    zones, now = call.settings.deliverability.dnsbls, call.ports.clock.now()
    if not zones:
        raise missing("No block list is configured on this server: its operator may set deliverability.dnsbls.")

    async def look(name: str) -> list[model.BlacklistEntry]:
        found = await asyncio.gather(*(_entry(call.ports.dns, name, zone, now) for zone in zones))
        return [one for one in found if one is not None]

    reports = await asyncio.gather(*(look(name) for name in names.values()))
    return model.GetBlacklistReportsResponse(blacklist_report=dict(zip(names, reports, strict=True)))


def _reversed(text: str) -> str:
    """Give the name under which lists have an address (RFC 5782 §2.1, §2.4)."""
    try:
        pointer = ipaddress.ip_address(text).reverse_pointer
    except ValueError:
        raise bad(f"<{text[:100]}> is not an IP address.") from None
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


async def _entry(dns: Dns, name: str, zone: str, now: float) -> model.BlacklistEntry | None:
    answer = await dns.resolve(f"{name}.{zone}", "A")
    # RFC 5782 §2.1: entries are in 127.0.0.0/8; other answers are of name servers that answer everything.
    if answer.status is not AnswerStatus.FOUND or not any(one.startswith("127.") for one in answer.records):
        return None
    text = await dns.resolve(f"{name}.{zone}", "TXT")
    return model.BlacklistEntry(rbl_name=zone, listing_time=now, description=" ".join(text.records) or None)


@operation("sesv2", "CreateDeliverabilityTestReport")
async def create_deliverability_test_report(
    call: Call, request: model.CreateDeliverabilityTestReportRequest
) -> model.CreateDeliverabilityTestReportResponse:
    """Refuse: there are no mailboxes to test with."""
    raise bad(NO_SEEDS)


@operation("sesv2", "GetDeliverabilityTestReport")
async def get_deliverability_test_report(
    call: Call, request: model.GetDeliverabilityTestReportRequest
) -> model.GetDeliverabilityTestReportResponse:
    """Say that there is no such report."""
    raise missing(f"Deliverability test report {request.report_id} does not exist.")


@operation("sesv2", "ListDeliverabilityTestReports")
async def list_deliverability_test_reports(
    call: Call, request: model.ListDeliverabilityTestReportsRequest
) -> model.ListDeliverabilityTestReportsResponse:
    """Give the empty list, if the request can be one for it."""
    page = PAGING.start(call, request.page_size, request.next_token)
    if page.after is not None:
        raise bad("Invalid Next Token")
    return model.ListDeliverabilityTestReportsResponse(deliverability_test_reports=[])
