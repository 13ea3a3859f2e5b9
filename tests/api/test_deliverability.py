"""The deliverability dashboard: subscriptions, statistics and campaigns of one's own traffic, and block lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hatobin.words.settings import Deliverability, Settings
from tests.api.answers import error_of
from tests.api.harness import Api
from tests.api.reputed import Reputed

BAD, MISSING = "BadRequestException", "NotFoundException"
DAY_S = 86_400
SIMPLE = {"Simple": {"Subject": {"Data": "Spring sale"}, "Body": {"Text": {"Data": "Hello"}}}}
NO_DOMAIN = "Domain other.example is not a verified identity of this account."
LISTS = Settings(deliverability=Deliverability(dnsbls=("bl.example", "other.bl.example")))


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    return client


def subscribe(ses: Any, *domains: str, enabled: bool = True) -> None:
    ses.put_deliverability_dashboard_option(
        DashboardEnabled=enabled, SubscribedDomains=[{"Domain": domain} for domain in domains]
    )


def send(ses: Any, to: str = "a@example.net", source: str = "me@example.com", **more: Any) -> None:
    ses.send_email(FromEmailAddress=source, Destination={"ToAddresses": [to]}, Content=SIMPLE, **more)


def period(api: Api, days: float = 1.0) -> dict[str, Any]:
    return {"StartDate": api.now() - timedelta(days=days), "EndDate": api.now()}


def test_domains_are_subscribed_and_keep_their_first_day(api: Api, ses: Any) -> None:
    off = ses.get_deliverability_dashboard_options()
    assert (off["DashboardEnabled"], off["AccountStatus"], off["ActiveSubscribedDomains"]) == (False, "DISABLED", [])
    subscribe(ses, "Example.com")
    first = ses.get_deliverability_dashboard_options()
    assert (first["DashboardEnabled"], first["AccountStatus"]) == (True, "ACTIVE")
    [domain] = first["ActiveSubscribedDomains"]
    assert domain["Domain"] == "example.com"
    api.pass_time(60)
    subscribe(ses, "example.com")
    assert ses.get_deliverability_dashboard_options() | {"ResponseMetadata": 0} == first | {"ResponseMetadata": 0}
    subscribe(ses, enabled=False)
    assert ses.get_deliverability_dashboard_options()["ActiveSubscribedDomains"] == []


def test_what_cannot_be_subscribed_is_refused(ses: Any) -> None:
    put = ses.put_deliverability_dashboard_option

    def refused(*domains: str) -> tuple[str, str | None, int]:
        return error_of(put, DashboardEnabled=True, SubscribedDomains=[{"Domain": one} for one in domains])

    assert refused("other.example") == (MISSING, NO_DOMAIN, 404)
    assert refused("example.com", "EXAMPLE.com")[:2] == (
        "AlreadyExistsException",
        "Domain example.com is subscribed twice.",
    )
    assert refused(*(f"d{number}.example" for number in range(101)))[0] == "LimitExceededException"
    assert error_of(put, DashboardEnabled=True, SubscribedDomains=[{}])[:2] == (
        BAD,
        "Each subscribed domain needs a name.",
    )


def test_statistics_are_of_ones_own_traffic_by_day(api: Api, ses: Any) -> None:
    reputed = Reputed(api)
    reputed.count(100, bounces=10, complaints=1)
    api.world.clock.elapsed_s += DAY_S
    reputed.count(50)
    api.world.clock.elapsed_s += 60
    report = ses.get_domain_statistics_report(Domain="example.com", **period(api, 3))
    volumes = [day["VolumeStatistics"] for day in report["DailyVolumes"]]
    assert [(one["InboxRawCount"], one["SpamRawCount"]) for one in volumes] == [(89, 1), (50, 0)]
    overall = report["OverallVolume"]["VolumeStatistics"]
    assert (overall["InboxRawCount"], overall["SpamRawCount"], overall["ProjectedInbox"]) == (139, 1, 139)
    first, second = (day["StartDate"] for day in report["DailyVolumes"])
    assert second - first == timedelta(days=1)
    assert (first.hour, first.minute) == (0, 0)
    unknown = error_of(ses.get_domain_statistics_report, Domain="other.example", **period(api))
    assert unknown == (MISSING, NO_DOMAIN, 404)
    too_long = error_of(ses.get_domain_statistics_report, Domain="example.com", **period(api, 31))
    assert too_long[:2] == (BAD, "EndDate must be at most 30 days after StartDate.")


def test_campaigns_are_senders_sets_and_days(api: Api, ses: Any) -> None:
    ses.create_configuration_set(ConfigurationSetName="news")
    asked = {"SubscribedDomain": "example.com"}
    listed = ses.list_domain_deliverability_campaigns
    assert error_of(listed, **asked, **period(api))[:2] == (
        MISSING,
        "Domain example.com is not subscribed to the deliverability dashboard.",
    )
    subscribe(ses, "example.com")
    send(ses, ConfigurationSetName="news")
    send(ses, "complaint@simulator.amazonses.com", ConfigurationSetName="news")
    send(ses, "bounce@simulator.amazonses.com", ConfigurationSetName="news")
    send(ses, source="shop@example.com")
    ses.create_email_identity(EmailIdentity="example.org")
    send(ses, source="me@example.org")
    api.wait_until_delivered()
    found = listed(**asked, **period(api))["DomainDeliverabilityCampaigns"]
    assert [one["FromAddress"] for one in found] == ["me@example.com", "shop@example.com"]
    news = found[0]
    assert (news["Subject"], news["ProjectedVolume"], news["InboxCount"], news["SpamCount"]) == ("Spring sale", 3, 1, 1)
    assert news["FirstSeenDateTime"] <= news["LastSeenDateTime"]
    one = ses.get_domain_deliverability_campaign(CampaignId=news["CampaignId"])["DomainDeliverabilityCampaign"]
    assert one == news
    page = listed(**asked, **period(api), PageSize=1)
    assert len(page["DomainDeliverabilityCampaigns"]) == 1
    assert error_of(ses.get_domain_deliverability_campaign, CampaignId="x")[:2] == (BAD, "Campaign id <x> is invalid.")
    other = api.client("sesv2", region="eu-west-1")
    assert error_of(other.get_domain_deliverability_campaign, CampaignId=news["CampaignId"])[0] == MISSING


def test_campaigns_are_paged(api: Api, ses: Any) -> None:
    subscribe(ses, "example.com")
    for name in "cab":
        send(ses, source=f"{name}@example.com")
    span = {"SubscribedDomain": "example.com", **period(api)}
    first = ses.list_domain_deliverability_campaigns(**span, PageSize=2)
    second = ses.list_domain_deliverability_campaigns(**span, PageSize=2, NextToken=first["NextToken"])
    names = [one["FromAddress"][0] for page in (first, second) for one in page["DomainDeliverabilityCampaigns"]]
    assert names == ["a", "b", "c"]
    assert "NextToken" not in second


@pytest.mark.parametrize("api", [LISTS], indirect=True)
def test_block_lists_are_asked(api: Api, ses: Any) -> None:
    nibbles = ".".join(reversed("20010db8000000000000000000000001"))
    api.world.dns.records = {
        ("1.2.0.192.bl.example", "A"): ("127.0.0.2",),
        ("1.2.0.192.bl.example", "TXT"): ("https://bl.example/192.0.2.1",),
        ("2.2.0.192.bl.example", "A"): ("203.0.113.9",),  # A name server that answers everything.
        (f"{nibbles}.other.bl.example", "A"): ("127.0.0.3",),
    }
    items = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    report = ses.get_blacklist_reports(BlacklistItemNames=items)["BlacklistReport"]
    assert [(name, [one["RblName"] for one in entries]) for name, entries in report.items()] == [
        ("192.0.2.1", ["bl.example"]),
        ("192.0.2.2", []),
        ("2001:db8::1", ["other.bl.example"]),
    ]
    assert report["192.0.2.1"][0]["Description"] == "https://bl.example/192.0.2.1"
    refused = error_of(ses.get_blacklist_reports, BlacklistItemNames=["mail.example"])
    assert refused[:2] == (BAD, "<mail.example> is not an IP address.")
    assert error_of(ses.get_blacklist_reports, BlacklistItemNames=["192.0.2.1"] * 21)[0] == BAD


def test_without_block_lists_and_seeds_the_server_says_so(ses: Any) -> None:
    code, text, status = error_of(ses.get_blacklist_reports, BlacklistItemNames=["192.0.2.1"])
    assert (code, status) == (MISSING, 404)
    assert text is not None
    assert "deliverability.dnsbls" in text
    test = {"FromEmailAddress": "me@example.com", "Content": SIMPLE}
    code, text, _ = error_of(ses.create_deliverability_test_report, **test)
    assert code == BAD
    assert text is not None
    assert text.startswith("Inbox placement tests send to a panel")
    assert error_of(ses.get_deliverability_test_report, ReportId="r1") == (
        MISSING,
        "Deliverability test report r1 does not exist.",
        404,
    )
    assert ses.list_deliverability_test_reports()["DeliverabilityTestReports"] == []
    assert error_of(ses.list_deliverability_test_reports, NextToken="x")[1] == "Invalid Next Token"
