"""Tenants as reputation entities: their policies, their switch, and what findings do to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.answers import error_of
from tests.api.buses import Bus
from tests.api.harness import ACCOUNT, REGION, Api
from tests.api.reputed import Reputed

BAD, MISSING = "BadRequestException", "NotFoundException"
POLICY = f"arn:aws:ses:{REGION}:aws:reputation-policy/"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}:"


class Tenants:
    """A client that speaks of tenants by their names."""

    def __init__(self, api: Api) -> None:
        self.ses = api.client("sesv2")
        self.reputed = Reputed(api)
        self.arns: dict[str, str] = {}

    def make(self, *names: str) -> None:
        for name in names:
            self.arns[name] = self.ses.create_tenant(TenantName=name)["TenantArn"]

    def entity(self, name: str) -> dict[str, Any]:
        found = self.ses.get_reputation_entity(
            ReputationEntityType="RESOURCE", ReputationEntityReference=self.arns[name]
        )
        entity: dict[str, Any] = found["ReputationEntity"]
        return entity

    def status(self, name: str) -> str:
        return str(self.ses.get_tenant(TenantName=name)["Tenant"]["SendingStatus"])

    def switch(self, name: str, status: str) -> None:
        self.ses.update_reputation_entity_customer_managed_status(
            ReputationEntityType="RESOURCE", ReputationEntityReference=self.arns[name], SendingStatus=status
        )

    def put_policy(self, name: str, policy: str) -> None:
        self.ses.update_reputation_entity_policy(
            ReputationEntityType="RESOURCE",
            ReputationEntityReference=self.arns[name],
            ReputationEntityPolicy=f"{POLICY}{policy}",
        )

    def names(self, **asked: Any) -> list[str]:
        found = self.ses.list_reputation_entities(**asked)["ReputationEntities"]
        return [one["ReputationEntityReference"].split("/")[1] for one in found]


@pytest.fixture
def tenants(api: Api) -> Tenants:
    return Tenants(api)


def test_a_new_tenant_is_enabled_under_the_standard_policy(api: Api, tenants: Tenants) -> None:
    tenants.make("acme")
    entity = tenants.entity("acme")
    made = entity["CustomerManagedStatus"]["LastUpdatedTimestamp"]
    assert entity == {
        "ReputationEntityReference": tenants.arns["acme"],
        "ReputationEntityType": "RESOURCE",
        "ReputationManagementPolicy": f"{POLICY}standard",
        "CustomerManagedStatus": {"Status": "ENABLED", "LastUpdatedTimestamp": made},
        "AwsSesManagedStatus": {"Status": "ENABLED", "LastUpdatedTimestamp": made},
        "SendingStatusAggregate": "ENABLED",
    }


def test_an_arn_may_have_the_name_or_the_id_alone(tenants: Tenants) -> None:
    tenants.make("acme")
    tenant_id = tenants.arns["acme"].rpartition("/")[2]
    for reference in (f"tenant/acme/{tenant_id}", f"tenant/{tenant_id}", "tenant/acme"):
        found = tenants.ses.get_reputation_entity(
            ReputationEntityType="RESOURCE", ReputationEntityReference=f"{SES}{reference}"
        )
        assert found["ReputationEntity"]["ReputationEntityReference"] == tenants.arns["acme"]
    wrong = f"{SES}tenant/other/{tenant_id}"
    asked = {"ReputationEntityType": "RESOURCE", "ReputationEntityReference": wrong}
    assert error_of(tenants.ses.get_reputation_entity, **asked) == (
        MISSING,
        f"Reputation entity <{wrong}> does not exist.",
        404,
    )


@pytest.mark.parametrize(
    ("policy", "low", "high"),
    [("standard", "ENABLED", "DISABLED"), ("strict", "DISABLED", "DISABLED"), ("none", "ENABLED", "ENABLED")],
)
def test_a_policy_says_what_pauses(tenants: Tenants, policy: str, low: str, high: str) -> None:
    tenants.make("acme")
    tenants.reputed.count(50_000)
    tenants.put_policy("acme", policy)
    assert tenants.entity("acme")["ReputationManagementPolicy"] == f"{POLICY}{policy}"
    for bounces, impact, expected in ((60, "LOW", low), (60, "HIGH", high)):
        tenants.reputed.count(1000 if impact == "LOW" else 0, bounces=bounces, tenant="acme")
        tenants.reputed.look()
        entity = tenants.entity("acme")
        assert (entity["ReputationImpact"], entity["SendingStatusAggregate"]) == (impact, expected)
        assert tenants.status("acme") == expected
        assert ("Cause" in entity["CustomerManagedStatus"]) == (expected == "DISABLED")
    assert tenants.ses.get_account()["SendingEnabled"] is True


def test_a_paused_tenant_is_reinstated_and_enabled_when_nothing_is_left(api: Api, tenants: Tenants) -> None:
    tenants.make("acme")
    tenants.reputed.count(50_000)
    tenants.reputed.count(1000, bounces=100, tenant="acme")
    tenants.reputed.look()
    assert tenants.status("acme") == "DISABLED"
    tenants.switch("acme", "ENABLED")
    assert tenants.status("acme") == "REINSTATED", "it has an open finding"
    tenants.reputed.look()
    assert tenants.status("acme") == "REINSTATED", "which pauses it no more"
    tenants.reputed.count(9_000, tenant="acme")
    tenants.reputed.look()
    entity = tenants.entity("acme")
    assert (entity["SendingStatusAggregate"], entity.get("ReputationImpact")) == ("ENABLED", None)
    tenants.reputed.count(0, bounces=900, tenant="acme")
    tenants.reputed.look()
    assert tenants.status("acme") == "DISABLED"


def test_a_reinstated_tenant_is_paused_for_something_new(tenants: Tenants) -> None:
    tenants.make("acme")
    tenants.reputed.count(500_000)
    tenants.reputed.count(1000, bounces=100, tenant="acme")
    tenants.reputed.look()
    tenants.switch("acme", "REINSTATED")
    tenants.reputed.count(0, complaints=1, tenant="acme")
    tenants.reputed.look()
    assert tenants.status("acme") == "REINSTATED", "a complaint of low impact is nothing to the standard policy"
    tenants.reputed.count(0, complaints=10, tenant="acme")
    tenants.reputed.look()
    assert tenants.status("acme") == "DISABLED"


def test_who_disables_a_tenant_himself_finds_it_so(tenants: Tenants) -> None:
    tenants.make("acme")
    tenants.switch("acme", "DISABLED")
    tenants.reputed.count(1000, tenant="acme")
    tenants.reputed.look()
    entity = tenants.entity("acme")
    assert (entity["SendingStatusAggregate"], entity["CustomerManagedStatus"]["Cause"]) == (
        "DISABLED",
        "Status manually updated.",
    )
    tenants.switch("acme", "ENABLED")
    assert tenants.status("acme") == "ENABLED"


def test_a_list_is_filtered_and_paged(tenants: Tenants) -> None:
    tenants.make("aa", "ab", "bb")
    tenants.reputed.count(50_000)
    tenants.reputed.count(1000, bounces=60, tenant="aa")
    tenants.reputed.count(1000, bounces=600, tenant="bb")
    tenants.reputed.look()
    assert tenants.names() == ["aa", "ab", "bb"]
    assert tenants.names(Filter={"ENTITY_TYPE": "RESOURCE"}) == ["aa", "ab", "bb"]
    assert tenants.names(Filter={"REPUTATION_IMPACT": "LOW"}) == ["aa"]
    assert tenants.names(Filter={"SENDING_STATUS": "DISABLED"}) == ["bb"]
    assert tenants.names(Filter={"ENTITY_REFERENCE_PREFIX": f"{SES}tenant/a"}) == ["aa", "ab"]
    assert tenants.names(Filter={"ENTITY_REFERENCE_PREFIX": f"{SES}tenant/%"}) == []
    assert tenants.names(Filter={"REPUTATION_IMPACT": "HIGH", "SENDING_STATUS": "ENABLED"}) == []
    first = tenants.ses.list_reputation_entities(PageSize=2)
    assert len(first["ReputationEntities"]) == 2
    assert tenants.names(PageSize=2, NextToken=first["NextToken"]) == ["bb"]
    filtered = {"NextToken": first["NextToken"], "Filter": {"SENDING_STATUS": "ENABLED"}}
    assert error_of(tenants.ses.list_reputation_entities, **filtered)[:2] == (BAD, "Invalid Next Token")
    wrong = {"Filter": {"REPUTATION_IMPACT": "SOME"}}
    assert error_of(tenants.ses.list_reputation_entities, **wrong)[1] == (
        "Invalid value <SOME> for filter REPUTATION_IMPACT."
    )


def test_the_bus_is_told_of_a_tenant(api: Api, tenants: Tenants) -> None:
    tenants.make("acme")
    bus = Bus(api)
    bus.rule({"source": ["aws.ses"], "resources": [tenants.arns["acme"]]})
    tenants.switch("acme", "DISABLED")
    tenants.switch("acme", "REINSTATED")
    api.pass_time(2)
    disabled, enabled = bus.bodies()
    assert (disabled["detail-type"], enabled["detail-type"]) == ("Sending Status Disabled", "Sending Status Enabled")
    moment = api.now()
    data = disabled["detail"]["data"]
    assert data["origin"] == "CUSTOMER_MANAGED"
    assert data["record"]["lastUpdatedTimestamp"][:3] == [moment.year, moment.month, moment.day]
    assert enabled["detail"]["data"]["record"]["status"] == "REINSTATED"


def test_a_deleted_tenant_leaves_no_open_finding(api: Api, tenants: Tenants) -> None:
    tenants.make("acme")
    tenants.reputed.count(50_000)
    tenants.reputed.count(1000, bounces=60, tenant="acme")
    tenants.reputed.look()
    tenants.ses.delete_tenant(TenantName="acme")
    tenants.make("acme")
    assert tenants.reputed.look() > 0
    rows = api.read(
        lambda s: s.execute("SELECT status FROM recommendations WHERE resource_arn LIKE '%tenant%' ORDER BY created_at")
    )
    assert ("FIXED",) in rows
