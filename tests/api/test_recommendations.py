"""ListRecommendations: what the advisor found, what became of it, and who is told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hatobin.capabilities import reputation
from hatobin.capabilities.reputation import Advisor
from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.api.answers import error_of
from tests.api.buses import Bus
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.reputed import ACCOUNT_ARN, IDENTITY, Reputed
from tests.simulation.receiver import Accepts, Receiver
from tests.simulation.server import RECEIVER_IP
from tests.stores import not_on_postgres

HOUR_S = 3600
DAY_S = 24 * HOUR_S
DMARC = ("_dmarc.example.com", "TXT")
MISSING = "NotFoundException"
NO_MANAGER = "Virtual Deliverability Manager is not enabled for this account."


class Advised:
    """An account with the manager switched on, and its advisor."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ses = api.client("sesv2")
        self.ses.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
        self.advisor = Advisor(api.world.ports, api.world.settings, api.outbound.publisher.wake)
        self.records: dict[tuple[str, str], tuple[str, ...]] = {}
        api.world.dns.records = self.records

    def look(self) -> int:
        return self.api.run(self.advisor.once())

    def found(self, **wanted: str) -> list[tuple[str, str, str]]:
        asked = {"Filter": wanted} if wanted else {}
        shown = self.ses.list_recommendations(**asked)["Recommendations"]
        return sorted((one["Type"], one["Impact"], one["Status"]) for one in shown)


@pytest.fixture
def advised(api: Api) -> Advised:
    return Advised(api)


ALL_OPEN = [("BIMI", "LOW", "OPEN"), ("DKIM", "HIGH", "OPEN"), ("DMARC", "HIGH", "OPEN"), ("SPF", "LOW", "OPEN")]


@not_on_postgres
def test_a_domain_is_looked_at_and_what_was_fixed_is_shown_as_fixed(api: Api, advised: Advised) -> None:
    advised.ses.create_email_identity(EmailIdentity="example.com")
    assert advised.look() == 1
    assert advised.found() == ALL_OPEN
    [dmarc] = advised.ses.list_recommendations(Filter={"TYPE": "DMARC"})["Recommendations"]
    assert (dmarc["ResourceArn"], dmarc["Description"]) == (IDENTITY, "DMARC configuration was not found.")
    assert dmarc["CreatedTimestamp"] == dmarc["LastUpdatedTimestamp"]
    advised.records[DMARC] = ("v=DMARC1; p=none",)
    api.pass_time(HOUR_S)
    assert advised.look() == 0, "not before its time"
    api.pass_time(6 * HOUR_S)
    assert advised.look() == 1
    assert ("DMARC", "HIGH", "FIXED") in advised.found()
    assert advised.found(STATUS="OPEN") == [one for one in ALL_OPEN if one[0] != "DMARC"]
    [fixed] = advised.ses.list_recommendations(Filter={"STATUS": "FIXED"})["Recommendations"]
    assert (fixed["LastUpdatedTimestamp"] - fixed["CreatedTimestamp"]).total_seconds() > 7 * HOUR_S - 60
    del advised.records[DMARC]
    api.pass_time(7 * HOUR_S)
    advised.look()
    assert advised.found() == ALL_OPEN, "what comes back is open again, in the same place"


def test_the_bus_is_told_in_the_form_of_the_advisor(api: Api, advised: Advised) -> None:
    bus = Bus(api)
    bus.rule({"source": ["aws.ses"], "detail": {"metadata": {"type": ["DMARC"]}}})
    advised.ses.create_email_identity(EmailIdentity="example.com")
    advised.look()
    advised.ses.delete_email_identity(EmailIdentity="example.com")
    advised.look()
    api.pass_time(2)
    # Both were told at one moment, and a standard queue has no order then.
    opened, resolved = sorted(bus.bodies(), key=lambda event: str(event["detail-type"]))
    assert (opened["detail-type"], resolved["detail-type"]) == (
        "Advisor Recommendation Status Open",
        "Advisor Recommendation Status Resolved",
    )
    assert opened["resources"] == resolved["resources"] == [IDENTITY]
    assert opened["detail"] == {
        "version": "1.0.0",
        "data": "DMARC configuration was not found.",
        "metadata": {"impact": "HIGH", "type": "DMARC"},
    }


def test_without_the_manager_nobody_is_looked_at_and_only_tenants_are_shown(api: Api, advised: Advised) -> None:
    advised.ses.create_email_identity(EmailIdentity="example.com")
    advised.look()
    advised.ses.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "DISABLED"})
    assert advised.look() == 0
    assert error_of(advised.ses.list_recommendations) == (MISSING, NO_MANAGER, 404)
    assert error_of(advised.ses.list_recommendations, Filter={"RESOURCE_ARN": IDENTITY}) == (MISSING, NO_MANAGER, 404)
    arn = advised.ses.create_tenant(TenantName="acme")["TenantArn"]
    reputed = Reputed(api)
    reputed.count(50_000)
    reputed.count(1000, bounces=100, tenant="acme")
    reputed.look()
    for reference in (arn, f"arn:aws:ses:{REGION}:{ACCOUNT}:tenant/{arn.rpartition('/')[2]}"):
        [one] = advised.ses.list_recommendations(Filter={"RESOURCE_ARN": reference})["Recommendations"]
        assert (one["ResourceArn"], one["Type"], one["Impact"], one["Status"]) == (arn, "BOUNCE", "HIGH", "OPEN")
    advised.ses.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
    assert advised.found(STATUS="OPEN", TYPE="DKIM") == [], "resolved with the manager"


def test_a_list_is_filtered_and_paged(api: Api, advised: Advised) -> None:
    for name in ("example.com", "example.org"):
        advised.ses.create_email_identity(EmailIdentity=name)
    advised.look()
    assert len(advised.found()) == 8
    assert {one[0] for one in advised.found(IMPACT="LOW")} == {"BIMI", "SPF"}
    assert len(advised.found(RESOURCE_ARN=IDENTITY)) == 4
    assert len(advised.found(RESOURCE_ARN=IDENTITY, IMPACT="HIGH")) == 2
    pages, token = [], {}
    while True:
        page = advised.ses.list_recommendations(PageSize=3, **token)
        pages.append(page["Recommendations"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [len(page) for page in pages] == [3, 3, 2]
    assert len({(one["ResourceArn"], one["Type"]) for page in pages for one in page}) == 8
    assert (
        error_of(advised.ses.list_recommendations, Filter={"TYPE": "DNS"})[1] == "Invalid value <DNS> for filter TYPE."
    )
    assert error_of(advised.ses.list_recommendations, NextToken="x")[1] == "Invalid Next Token"
    assert error_of(advised.ses.list_recommendations, PageSize=0)[1] == "The page size must be between 1 and 1000"


def test_resolved_ones_are_forgotten_after_a_month(api: Api, advised: Advised) -> None:
    advised.ses.create_email_identity(EmailIdentity="example.com")
    advised.look()
    advised.ses.delete_email_identity(EmailIdentity="example.com")
    advised.look()
    now = api.world.clock.now()
    assert api.read(lambda s: reputation.fixed_over(s, now + 29 * DAY_S, 10)) == []
    over = api.read(lambda s: reputation.fixed_over(s, now + 31 * DAY_S, 10))
    assert len(over) == 4
    api.run(api.world.database.write(lambda s: reputation.forget_fixed(s, over)))
    assert advised.found() == []


RELAY = Settings(
    delivery=Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False),
    service=Service(domain="mail.example"),
    account=Account(verification="instant"),
)


@dataclass
class Blocks(Accepts):
    """Refuses whoever is on a list; `text` is what it says."""

    text: str

    def to_recipient(self, address: str, visits: int) -> str:
        return self.text


@pytest.mark.parametrize("api", [RELAY], indirect=True)
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("550 5.7.1 Service unavailable, Client host [192.0.2.99] blocked using zen.spamhaus.org", "Spamhaus"),
        ("421 4.7.0 Temporarily listed at UCEPROTECT-Level2, see http://www.uceprotect.net", "UCEPROTECT"),
    ],
)
def test_a_refusal_that_names_a_block_list_is_a_finding(api: Api, advised: Advised, text: str, name: str) -> None:
    api.world.network.receivers[RECEIVER_IP] = Receiver(Blocks(text))
    advised.ses.create_email_identity(EmailIdentity="example.com")
    for number in range(3):
        advised.ses.send_email(
            FromEmailAddress="me@example.com",
            Destination={"ToAddresses": [f"user{number}@example.net"]},
            Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        )
    api.pass_time(60)
    [one] = advised.ses.list_recommendations(Filter={"TYPE": "IP_LISTING"})["Recommendations"]
    assert (one["ResourceArn"], one["Status"], one["Impact"]) == (ACCOUNT_ARN, "OPEN", "HIGH")
    assert one["Description"] == (
        f"The sending IP 192.0.2.99 is listed by {name}, as the reply of a mailbox provider says."
    )
    api.world.network.receivers[RECEIVER_IP].behaviour = Accepts()
    api.world.clock.elapsed_s += 26 * HOUR_S
    advised.look()
    assert advised.found(TYPE="IP_LISTING") == [("IP_LISTING", "HIGH", "FIXED")]
