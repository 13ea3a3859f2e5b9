"""Paths of SES v2, in both generations, percent-encoded as clients send them."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.gateway.models import service_model
from hatobin.gateway.routes import FORMER_ROUTES, Router
from hatobin.protocols.aws.rest_json import RestJsonWire
from hatobin.protocols.aws.wire import Parcel

MODEL = service_model("sesv2")
ROUTER = Router(MODEL)


def read(parcel: Parcel) -> Any:
    return RestJsonWire().read(parcel)


@pytest.mark.parametrize(
    ("method", "path", "operation", "labels"),
    [
        ("GET", "/v2/email/account", "GetAccount", {}),
        ("POST", "/v2/email/outbound-emails", "SendEmail", {}),
        ("GET", "/v2/email/identities/a%40b.c", "GetEmailIdentity", {"EmailIdentity": "a@b.c"}),
        (
            "DELETE",
            "/v2/email/identities/a%2Bb%2Fc%20d%40%C3%A9.com",
            "DeleteEmailIdentity",
            {"EmailIdentity": "a+b/c d@é.com"},
        ),
        ("GET", "/v2/email/identities/a+b@c.d", "GetEmailIdentity", {"EmailIdentity": "a+b@c.d"}),
        ("GET", "/v2/email/dedicated-ips/192.0.2.1", "GetDedicatedIp", {"IP": "192.0.2.1"}),
        ("GET", "/v2/email/insights/0100-1/", "GetMessageInsights", {"MessageId": "0100-1"}),
        ("GET", "/v2/email/insights/0100-1", "GetMessageInsights", {"MessageId": "0100-1"}),
        ("POST", "/v2/email/email-address-insights", "GetEmailAddressInsights", {}),
        ("POST", "/v2/email/update-configuration-sets", "UpdateConfigurationSet", {}),
        ("POST", "/v2/email/tenant/suppression", "PutTenantSuppressionAttributes", {}),
        ("POST", "/v2/email/list-identities", "ListEmailIdentities", {}),
        ("GET", "/v2/email/identities", "ListEmailIdentities", {}),
        ("GET", "/v2/email/identities/", "ListEmailIdentities", {}),
        ("POST", "/v2/email/identities", "CreateEmailIdentity", {}),
        ("POST", "/v2/email/list-configuration-sets", "ListConfigurationSets", {}),
        ("GET", "/v2/email/configuration-sets", "ListConfigurationSets", {}),
        ("POST", "/v2/email/contact-lists/l/contacts/list", "ListContacts", {"ContactListName": "l"}),
        ("GET", "/v2/email/contact-lists/l/contacts", "ListContacts", {"ContactListName": "l"}),
        (
            "GET",
            "/v2/email/contact-lists/l/contacts/list",
            "GetContact",
            {"ContactListName": "l", "EmailAddress": "list"},
        ),
        ("POST", "/v2/email/import-jobs/list", "ListImportJobs", {}),
        ("GET", "/v2/email/import-jobs", "ListImportJobs", {}),
        ("GET", "/v2/email/import-jobs/list", "GetImportJob", {"JobId": "list"}),
        ("PUT", "/v2/email/identities/a/dkim/signing", "PutEmailIdentityDkimSigningAttributes", {"EmailIdentity": "a"}),
        ("PUT", "/v1/email/identities/a/dkim/signing", "PutEmailIdentityDkimSigningAttributes", {"EmailIdentity": "a"}),
    ],
)
def test_a_path_leads_to_its_operation(method: str, path: str, operation: str, labels: dict[str, str]) -> None:
    match = ROUTER.match(method, path)
    assert match is not None
    assert (match.operation.name, match.labels) == (operation, labels)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/email"),
        ("GET", "/v2/email/nothing"),
        ("DELETE", "/v2/email/account"),
        ("GET", "/v2/email//account"),
        ("GET", "/v2/email/identities/a/b/c/d/e"),
        ("PUT", "/v1/email/identities/a/dkim"),
        ("DELETE", "/v2/email/contact-lists//contacts/a"),
        ("GET", ""),
    ],
)
def test_other_paths_lead_nowhere(method: str, path: str) -> None:
    assert ROUTER.match(method, path) is None


def test_every_current_route_is_served() -> None:
    for operation in MODEL.operations.values():
        path = operation.route.replace("{", "x-").replace("}", "")
        match = ROUTER.match(operation.method, path)
        assert match is not None, operation.name
        assert match.operation is operation


@pytest.mark.parametrize(("name", "method", "route", "query"), FORMER_ROUTES)
def test_former_routes_bind_to_the_query_string(
    name: str, method: str, route: str, query: tuple[tuple[str, str], ...]
) -> None:
    match = ROUTER.match(method, route.replace("{", "").replace("}", ""))
    assert match is not None
    given = "&".join(f"{bound}={7 if bound == 'PageSize' else 'SUPPRESSION_LIST'}" for bound, _ in query)
    assert match.operation.name == name
    if query:
        value = read(Parcel(match.operation, b"", given, match.labels))
        assert (value.page_size, value.next_token) == (7, "SUPPRESSION_LIST")


def test_the_body_cannot_name_another_resource_than_the_path() -> None:
    match = ROUTER.match("DELETE", "/v2/email/identities/mine.example")
    assert match is not None
    value = read(Parcel(match.operation, b'{"EmailIdentity":"theirs.example"}', "", match.labels))
    assert value.email_identity == "mine.example"


def test_a_member_bound_to_the_query_string_is_not_read_from_the_body() -> None:
    operation = MODEL.operations["ListSuppressedDestinations"]
    value = read(Parcel(operation, b'{"Reasons":["BOUNCE"]}', "Reason=COMPLAINT&Reason=BOUNCE&PageSize=3"))
    assert (value.reasons, value.page_size) == (["COMPLAINT", "BOUNCE"], 3)
    value = read(Parcel(operation, b'{"Reasons":["BOUNCE"]}', ""))
    assert value.reasons is None


def test_moments_in_the_query_string_are_iso_8601() -> None:
    operation = MODEL.operations["ListSuppressedDestinations"]
    value = read(Parcel(operation, b"", "StartDate=2023-11-14T22%3A13%3A20Z&EndDate=1700000001"))
    assert (value.start_date, value.end_date) == (1_700_000_000.0, 1_700_000_001.0)
