"""Tenants over the wire: their names and attributes, what is associated with them, their tags, their lists.

The texts are those of SES (surface.md appendix F, and probes of 2026).
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, REGION, Api

ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}:"
BAD, MISSING = "BadRequestException", "NotFoundException"


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_configuration_set(ConfigurationSetName="cs")
    client.create_email_template(TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "Hello"})
    return client


def test_what_was_given_comes_back_and_what_was_not_is_absent(ses: Any) -> None:
    tags = [{"Key": "team", "Value": "mail"}]
    rules = {"SuppressedReasons": ["BOUNCE"], "SuppressionScope": "TENANT"}
    made = body_of(ses.create_tenant(TenantName="Full_1-a", Tags=tags, SuppressionAttributes=rules))
    assert re.fullmatch(r"tn-[0-9a-f]{30}", made["TenantId"])
    assert made["TenantArn"] == f"{ARN}tenant/Full_1-a/{made['TenantId']}"
    assert (made["SendingStatus"], made["Tags"], made["SuppressionAttributes"]) == ("ENABLED", tags, rules)
    assert ses.get_tenant(TenantName="Full_1-a")["Tenant"] == made
    plain = body_of(ses.create_tenant(TenantName="plain"))
    assert set(plain) == {"TenantName", "TenantId", "TenantArn", "CreatedTimestamp", "SendingStatus"}
    assert ses.get_tenant(TenantName="plain")["Tenant"] == plain
    listed = ses.list_tenants()["Tenants"]
    assert [set(one) for one in listed] == [set(plain), set(plain)]
    assert listed[1] == plain


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (" ", "TenantName cannot be empty"),
        ("x" * 65, "TenantName cannot exceed 64 characters."),
        ("a b", "Invalid tenant name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed."),
        ("é", "Invalid tenant name <é>: only alphanumeric ASCII characters, '_', and '-' are allowed."),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(ses: Any, name: str, text: str) -> None:
    for method in (ses.create_tenant, ses.get_tenant, ses.delete_tenant):
        assert error_of(method, TenantName=name) == (BAD, text, 400)


def test_a_name_is_taken_once_and_free_again_after_deletion(ses: Any) -> None:
    first = ses.create_tenant(TenantName="acme")
    taken = f"Tenant with name acme already exists in account {ACCOUNT}"
    assert error_of(ses.create_tenant, TenantName="acme") == ("AlreadyExistsException", taken, 400)
    ses.delete_tenant(TenantName="acme")
    gone = (MISSING, "The requested tenant <acme> does not exist.", 404)
    assert error_of(ses.get_tenant, TenantName="acme") == gone
    assert error_of(ses.delete_tenant, TenantName="acme") == gone
    assert ses.create_tenant(TenantName="acme")["TenantId"] != first["TenantId"]


def test_lists_are_by_name_paged_and_filtered(ses: Any) -> None:
    for name in ("zz-west", "aa-west", "mm-east"):
        ses.create_tenant(TenantName=name)
    ses.update_reputation_entity_customer_managed_status(
        ReputationEntityType="RESOURCE",
        ReputationEntityReference=ses.get_tenant(TenantName="zz-west")["Tenant"]["TenantArn"],
        SendingStatus="DISABLED",
    )

    def names(**asked: Any) -> list[str]:
        return [one["TenantName"] for one in ses.list_tenants(**asked)["Tenants"]]

    assert names() == ["aa-west", "mm-east", "zz-west"]
    assert names(Filter={"TENANT_NAME_CONTAINS": "WEST"}) == ["aa-west", "zz-west"]
    assert names(Filter={"TENANT_NAME_CONTAINS": "%"}) == []
    assert names(Filter={"SENDING_STATUS": "DISABLED"}) == ["zz-west"]
    assert names(Filter={"TENANT_NAME_CONTAINS": "west", "SENDING_STATUS": "ENABLED"}) == ["aa-west"]
    first = ses.list_tenants(PageSize=2)
    second = ses.list_tenants(PageSize=2, NextToken=first["NextToken"])
    assert [one["TenantName"] for one in first["Tenants"] + second["Tenants"]] == names()
    assert "NextToken" not in second
    other = {"PageSize": 2, "NextToken": first["NextToken"], "Filter": {"SENDING_STATUS": "ENABLED"}}
    assert error_of(ses.list_tenants, **other) == (BAD, "Invalid Next Token", 400)
    assert error_of(ses.list_tenants, Filter={"SENDING_STATUS": "PAUSED"})[1] == "Invalid sending status <PAUSED>."


@pytest.mark.parametrize(
    ("size", "bound"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100"), (1, None)]
)
def test_a_page_holds_one_to_a_hundred(ses: Any, size: int, bound: str | None) -> None:
    ses.create_tenant(TenantName="acme")
    for method, more in (
        (ses.list_tenants, {}),
        (ses.list_tenant_resources, {"TenantName": "acme"}),
        (ses.list_resource_tenants, {"ResourceArn": f"{ARN}identity/example.com"}),
    ):
        if bound is None:
            assert method(PageSize=size, **more)
        else:
            text = f"Value '{size}' at 'pageSize' failed to satisfy constraint: Member must have value {bound}"
            refused = (BAD, f"1 validation error detected: {text}", 400)
            assert error_of(method, PageSize=size, **more) == refused


NULL = "Value null at 'suppressionAttributes.{}' failed to satisfy constraint: Member must not be null"


@pytest.mark.parametrize(
    ("given", "at_creation", "later"),
    [
        (
            {"SuppressedReasons": ["BOUNCE"]},
            "SuppressedReasons cannot be specified without SuppressionScope.",
            "SuppressedReasons cannot be specified without SuppressionScope.",
        ),
        (
            {"SuppressionScope": "TENANT"},
            "SuppressionScope cannot be specified without SuppressedReasons.",
            "SuppressionScope cannot be specified without SuppressedReasons.",
        ),
        (
            {"SuppressedReasons": []},
            f"1 validation error detected: {NULL.format('suppressionScope')}",
            "SuppressionScope is required when SuppressedReasons are provided. Valid values are: TENANT, ACCOUNT",
        ),
        (
            {},
            f"2 validation errors detected: {NULL.format('suppressedReasons')}; {NULL.format('suppressionScope')}",
            None,
        ),
        (
            {"SuppressedReasons": ["BOUNCE", "BOUNCE"], "SuppressionScope": "TENANT"},
            "Each suppressed reason can only be specified at most once",
            "Each suppressed reason can only be specified at most once",
        ),
        (
            {"SuppressedReasons": ["BOUNCE"], "SuppressionScope": "OTHER"},
            "1 validation error detected: Value at 'suppressionAttributes.suppressionScope' failed to satisfy "
            "constraint: Member must satisfy enum value set: [TENANT, ACCOUNT]",
            "1 validation error detected: Value at 'suppressionScope' failed to satisfy "
            "constraint: Member must satisfy enum value set: [TENANT, ACCOUNT]",
        ),
    ],
)
def test_scope_and_reasons_come_together(ses: Any, given: dict[str, Any], at_creation: str, later: str | None) -> None:
    refused = error_of(ses.create_tenant, TenantName="acme", SuppressionAttributes=given)
    assert refused == (BAD, at_creation, 400)
    ses.create_tenant(TenantName="acme")
    if later is not None:
        assert error_of(ses.put_tenant_suppression_attributes, TenantName="acme", **given) == (BAD, later, 400)
        # What is wrong with the request is told before what it names is looked for.
        assert error_of(ses.put_tenant_suppression_attributes, TenantName="none", **given) == (BAD, later, 400)


def test_suppression_attributes_are_replaced_and_cleared(ses: Any) -> None:
    ses.create_tenant(TenantName="acme")

    def put(**given: Any) -> Any:
        ses.put_tenant_suppression_attributes(TenantName="acme", **given)
        return ses.get_tenant(TenantName="acme")["Tenant"].get("SuppressionAttributes")

    both = {"SuppressedReasons": ["BOUNCE", "COMPLAINT"], "SuppressionScope": "ACCOUNT"}
    none = {"SuppressedReasons": [], "SuppressionScope": "TENANT"}
    assert put(**both) == both
    assert put(**none) == none
    assert put() is None
    missing = error_of(ses.put_tenant_suppression_attributes, TenantName="none")
    assert missing == (MISSING, "The requested tenant <none> does not exist.", 404)


RESOURCES = ("configuration-set/cs", "identity/example.com", "template/t")


def test_resources_are_associated_listed_and_taken_away(ses: Any) -> None:
    made = ses.create_tenant(TenantName="acme")
    for resource in reversed(RESOURCES):
        ses.create_tenant_resource_association(TenantName="acme", ResourceArn=f"{ARN}{resource}")
    shown = [{"ResourceType": resource.partition("/")[0], "ResourceArn": f"{ARN}{resource}"} for resource in RESOURCES]
    assert ses.list_tenant_resources(TenantName="acme")["TenantResources"] == shown
    only = ses.list_tenant_resources(TenantName="acme", Filter={"RESOURCE_TYPE": "identity"})["TenantResources"]
    assert only == [shown[1]]
    first = ses.list_tenant_resources(TenantName="acme", PageSize=2)
    second = ses.list_tenant_resources(TenantName="acme", PageSize=2, NextToken=first["NextToken"])
    assert first["TenantResources"] + second["TenantResources"] == shown
    [inverse] = ses.list_resource_tenants(ResourceArn=f"{ARN}identity/example.com")["ResourceTenants"]
    assert (inverse["TenantName"], inverse["TenantId"]) == ("acme", made["TenantId"])
    assert inverse["ResourceArn"] == f"{ARN}identity/example.com"
    assert inverse["AssociatedTimestamp"]
    again = error_of(ses.create_tenant_resource_association, TenantName="acme", ResourceArn=f"{ARN}template/t")
    text = f"Resources {ARN}template/t has already been associated with tenant acme"
    assert again == ("AlreadyExistsException", text, 400)
    for _ in range(2):  # The second finds nothing to take away, and that is fine.
        ses.delete_tenant_resource_association(TenantName="acme", ResourceArn=f"{ARN}template/t")
    assert ses.list_tenant_resources(TenantName="acme")["TenantResources"] == shown[:2]


def test_one_resource_can_be_of_several_tenants_in_the_order_they_got_it(api: Api, ses: Any) -> None:
    arn = f"{ARN}configuration-set/cs"
    for name in ("b", "c", "a"):
        ses.create_tenant(TenantName=name)
        ses.create_tenant_resource_association(TenantName=name, ResourceArn=arn)
        api.world.clock.elapsed_s += 1

    def names(**asked: Any) -> list[str]:
        return [one["TenantName"] for one in ses.list_resource_tenants(ResourceArn=arn, **asked)["ResourceTenants"]]

    assert names() == ["b", "c", "a"]
    token = ses.list_resource_tenants(ResourceArn=arn, PageSize=1)["NextToken"]
    assert names(NextToken=token) == ["c", "a"]
    elsewhere = {"ResourceArn": f"{ARN}template/t", "NextToken": token}
    assert error_of(ses.list_resource_tenants, **elsewhere) == (BAD, "Invalid Next Token", 400)
    ses.delete_tenant(TenantName="c")
    assert names() == ["b", "a"]


def test_however_an_identity_is_spelled_it_is_one(ses: Any) -> None:
    ses.create_tenant(TenantName="acme")
    for arn in (f"{ARN}identity/EXAMPLE.com", f"{ARN.replace('aws', 'aws-cn', 1)}identity/example.com"):
        ses.create_tenant_resource_association(TenantName="acme", ResourceArn=arn)
        [kept] = ses.list_tenant_resources(TenantName="acme")["TenantResources"]
        assert kept["ResourceArn"] == f"{ARN}identity/example.com"
        ses.delete_tenant_resource_association(TenantName="acme", ResourceArn=f"{ARN}identity/Example.Com")
        assert ses.list_tenant_resources(TenantName="acme")["TenantResources"] == []


@pytest.mark.parametrize(
    ("arn", "code", "text"),
    [
        ("x", BAD, "Provided resource identifier is not an SES resource"),
        (f"{ARN}identity/", BAD, "Provided resource identifier is not an SES resource"),
        ("arn:aws:s3:::bucket", BAD, "Provided ARN is not in SES resource ARN format"),
        (f"{ARN}contact-list/news", BAD, "Unsupported resource type: contact-list"),
        (
            f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.com",
            BAD,
            f"Resource <arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.com> must be in the same region",
        ),
        (
            f"arn:aws:ses:{REGION}:210987654321:identity/example.com",
            BAD,
            f"Resource <arn:aws:ses:{REGION}:210987654321:identity/example.com> must be in the same account",
        ),
        (f"{ARN}identity/none.example", MISSING, "Identity <none.example> does not exist"),
        (f"{ARN}configuration-set/none", MISSING, "Configuration set <none> does not exist:"),
        (f"{ARN}template/none", MISSING, "Template <none> does not exist"),
    ],
)
def test_what_is_no_resource_for_a_tenant_is_refused(ses: Any, arn: str, code: str, text: str) -> None:
    ses.create_tenant(TenantName="acme")
    refused = (code, text, 404 if code == MISSING else 400)
    for method in (ses.create_tenant_resource_association, ses.delete_tenant_resource_association):
        assert error_of(method, TenantName="acme", ResourceArn=arn) == refused
        # Observed: the tenant is looked for before its resource is read.
        missing = (MISSING, "The requested tenant <none> does not exist.", 404)
        assert error_of(method, TenantName="none", ResourceArn=arn) == missing
    assert error_of(ses.list_resource_tenants, ResourceArn=arn) == refused


def test_types_are_the_words_of_the_arns(ses: Any) -> None:
    ses.create_tenant(TenantName="acme")
    wrong = {"TenantName": "acme", "Filter": {"RESOURCE_TYPE": "EMAIL_IDENTITY"}}
    refused = (BAD, "Invalid resource type EMAIL_IDENTITY specified.", 400)
    assert error_of(ses.list_tenant_resources, **wrong) == refused
    missing = (MISSING, "The requested tenant <none> does not exist.", 404)
    assert error_of(ses.list_tenant_resources, TenantName="none") == missing


def test_what_a_tenant_has_cannot_be_deleted_by_either_api(api: Api, ses: Any) -> None:
    v1 = api.client("ses")
    ses.create_email_identity(EmailIdentity="ann@example.com")
    deletions = (
        (ses.delete_configuration_set, {"ConfigurationSetName": "cs"}, RESOURCES[0], BAD),
        (v1.delete_configuration_set, {"ConfigurationSetName": "cs"}, RESOURCES[0], "InvalidParameterValue"),
        (ses.delete_email_identity, {"EmailIdentity": "Example.com"}, RESOURCES[1], BAD),
        (v1.delete_identity, {"Identity": "example.com"}, RESOURCES[1], "InvalidParameterValue"),
        (
            v1.delete_verified_email_address,
            {"EmailAddress": "ann@example.com"},
            "identity/ann@example.com",
            "InvalidParameterValue",
        ),
        (ses.delete_email_template, {"TemplateName": "t"}, RESOURCES[2], BAD),
        (v1.delete_template, {"TemplateName": "t"}, RESOURCES[2], "InvalidParameterValue"),
    )
    for name in ("acme", "other"):
        ses.create_tenant(TenantName=name)
        for resource in (*RESOURCES, "identity/ann@example.com"):
            ses.create_tenant_resource_association(TenantName=name, ResourceArn=f"{ARN}{resource}")
    for remaining in (2, 1):
        for method, named, resource, code in deletions:
            text = (
                f"Cannot delete <{ARN}{resource}> because it has tenant associations. "
                "Remove all tenant associations and try again."
            )
            assert error_of(method, **named) == (code, text, 400), remaining
        ses.delete_tenant(TenantName="acme" if remaining == 2 else "other")
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    for method, named, _, _ in deletions[::2]:
        method(**named)


def test_a_new_tenant_of_the_same_name_has_nothing_of_the_old_one(ses: Any) -> None:
    ses.create_tenant(TenantName="acme")
    ses.create_tenant_resource_association(TenantName="acme", ResourceArn=f"{ARN}identity/example.com")
    ses.put_suppressed_destination(EmailAddress="bob@example.net", Reason="BOUNCE", TenantName="acme")
    ses.delete_tenant(TenantName="acme")
    ses.create_tenant(TenantName="acme")
    assert ses.list_tenant_resources(TenantName="acme")["TenantResources"] == []
    assert ses.list_suppressed_destinations(TenantName="acme")["SuppressedDestinationSummaries"] == []


def test_a_long_list_goes_with_its_tenant(api: Api, ses: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.capabilities.tenants.api_v2.DELETED_AT_ONCE", 2)
    for name in ("acme", "other"):
        ses.create_tenant(TenantName=name)
        for number in range(5):
            ses.put_suppressed_destination(EmailAddress=f"u{number}@x.org", Reason="BOUNCE", TenantName=name)
    ses.delete_tenant(TenantName="acme")
    assert api.read(lambda s: s.execute("SELECT count(*) FROM suppressed_destinations"))[0][0] == 5


def test_tags_are_found_by_the_id_alone_and_shown_by_key(ses: Any) -> None:
    made = ses.create_tenant(TenantName="acme", Tags=[{"Key": "b", "Value": "1"}])
    arn, identifier = made["TenantArn"], made["TenantId"]
    ses.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    tags = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "1"}]
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    assert ses.list_tags_for_resource(ResourceArn=f"{ARN}tenant/other/{identifier}")["Tags"] == tags
    assert ses.list_tags_for_resource(ResourceArn=arn.replace(REGION, "eu-west-1"))["Tags"] == []
    ses.untag_resource(ResourceArn=arn, TagKeys=["b"])
    assert ses.get_tenant(TenantName="acme")["Tenant"]["Tags"] == tags[:1]
    unknown = error_of(ses.list_tags_for_resource, ResourceArn=f"{ARN}tenant/acme/tn-0")
    assert unknown == (MISSING, "No Tenant present with name: acmewith tenantId: tn-0", 404)
    bare = error_of(ses.list_tags_for_resource, ResourceArn=f"{ARN}tenant/acme")
    assert bare == (MISSING, "No Tenant present with name: nullwith tenantId: acme", 404)
    elsewhere = error_of(
        ses.tag_resource, ResourceArn=arn.replace(REGION, "eu-west-1"), Tags=[{"Key": "a", "Value": "2"}]
    )
    assert elsewhere == (BAD, "Failed to tag resource", 400)


def test_a_tenants_list_is_apart_from_the_accounts(ses: Any) -> None:
    ses.create_tenant(TenantName="acme")
    bob = {"EmailAddress": "bob@example.net"}
    ses.put_suppressed_destination(**bob, Reason="BOUNCE")
    absent = (MISSING, "Email address bob@example.net does not exist on your suppression list.", 404)
    assert error_of(ses.get_suppressed_destination, **bob, TenantName="acme") == absent
    ses.put_suppressed_destination(**bob, Reason="COMPLAINT", TenantName="acme")
    own = ses.get_suppressed_destination(**bob)["SuppressedDestination"]
    theirs = ses.get_suppressed_destination(**bob, TenantName="acme")["SuppressedDestination"]
    assert (own["Reason"], "TenantName" in own) == ("BOUNCE", False)
    assert (theirs["Reason"], theirs["TenantName"]) == ("COMPLAINT", "acme")
    ses.put_suppressed_destination(EmailAddress="eve@example.net", Reason="BOUNCE", TenantName="acme")
    first = ses.list_suppressed_destinations(TenantName="acme", PageSize=1)
    assert (
        error_of(ses.list_suppressed_destinations, PageSize=1, NextToken=first["NextToken"])[1] == "Token is invalid."
    )
    second = ses.list_suppressed_destinations(TenantName="acme", PageSize=1, NextToken=first["NextToken"])
    assert "NextToken" not in second
    ses.delete_suppressed_destination(**bob, TenantName="acme")
    assert error_of(ses.delete_suppressed_destination, **bob, TenantName="acme") == absent
    assert ses.get_suppressed_destination(**bob)


def test_a_list_of_no_tenant_is_not_there(ses: Any) -> None:
    missing = (MISSING, "The requested tenant <none> does not exist.", 404)
    bob = {"EmailAddress": "bob@example.net", "TenantName": "none"}
    assert error_of(ses.put_suppressed_destination, **bob, Reason="BOUNCE") == missing
    assert error_of(ses.get_suppressed_destination, **bob) == missing
    assert error_of(ses.delete_suppressed_destination, **bob) == missing
    assert error_of(ses.list_suppressed_destinations, TenantName="none") == missing
