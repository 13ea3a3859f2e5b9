"""Multi-region endpoints: what is stored comes back, and a send that names one goes where it can.

SDKs sign such sends with Version 4A, for which botocore needs a library that
the project does not: one request is signed here by hand, the others name the
endpoint after botocore has chosen how to sign.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from hatobin.companions import iam
from hatobin.gateway import HttpRequest
from hatobin.protocols.aws.sigv4a import private_key_4a
from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, PEER_IP, REGION, Api

OTHER = "eu-west-1"
ROUTE = {"RoutesDetails": [{"Region": OTHER}]}
TO = {"ToAddresses": ["you@example.net"]}
TEXT = {"Data": "Hello"}
SIMPLE = {"Simple": {"Subject": TEXT, "Body": {"Text": TEXT}}}
BAD = "BadRequestException"


@pytest.fixture
def ses(api: Api) -> Any:
    return api.client("sesv2")


def made(ses: Any, name: str = "global") -> str:
    return str(ses.create_multi_region_endpoint(EndpointName=name, Details=ROUTE)["EndpointId"])


def through(api: Api, endpoint_id: str, *, region: str = REGION, account_id: str = ACCOUNT) -> Any:
    """Make a client whose sends name an endpoint."""
    client = api.client("sesv2", region=region, account_id=account_id)

    def name(params: dict[str, Any], **_event: Any) -> None:
        params["body"] = json.dumps({**json.loads(params["body"]), "EndpointId": endpoint_id}).encode()

    for operation in ("SendEmail", "SendBulkEmail"):
        client.meta.events.register(f"before-call.sesv2.{operation}", name)
    return client


def send(client: Any) -> str:
    sent = client.send_email(FromEmailAddress="a@example.com", Destination=TO, Content=SIMPLE)
    return str(sent["MessageId"])


def region_of(api: Api, message_id: str) -> str:
    """Say from which region a message was sent."""
    asked = "SELECT region FROM queue_message WHERE message_id = :id"
    return str(api.read(lambda s: s.execute(asked, {"id": message_id}))[0][0])


def verify(api: Api, *regions: str) -> None:
    for region in regions:
        api.client("sesv2", region=region).create_email_identity(EmailIdentity="example.com")


def test_an_endpoint_is_made_shown_listed_and_deleted(ses: Any) -> None:
    tags = [{"Key": "team", "Value": "mail"}]
    answer = body_of(ses.create_multi_region_endpoint(EndpointName="global", Details=ROUTE, Tags=tags))
    assert answer["Status"] == "CREATING"
    assert re.fullmatch(r"[a-z0-9]{8}\.[a-z0-9]{3}", answer["EndpointId"])
    shown = body_of(ses.get_multi_region_endpoint(EndpointName="global"))
    assert shown["CreatedTimestamp"] == shown["LastUpdatedTimestamp"]
    times = {name: shown.pop(name) for name in ("CreatedTimestamp", "LastUpdatedTimestamp")}
    named = {"EndpointName": "global", "EndpointId": answer["EndpointId"], "Status": "READY"}
    assert shown == {**named, "Routes": [{"Region": REGION}, {"Region": OTHER}]}
    [listed] = ses.list_multi_region_endpoints()["MultiRegionEndpoints"]
    assert listed == {**named, **times, "Regions": [REGION, OTHER]}
    arn = f"arn:aws:ses:{REGION}:{ACCOUNT}:multi-region-endpoint/global"
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    assert ses.delete_multi_region_endpoint(EndpointName="global")["Status"] == "DELETING"
    missing = ("NotFoundException", "Multi-region endpoint <global> does not exist.", 404)
    assert error_of(ses.get_multi_region_endpoint, EndpointName="global") == missing
    assert error_of(ses.delete_multi_region_endpoint, EndpointName="global") == missing


def test_lists_are_paged_by_name(ses: Any) -> None:
    for name in ("c", "a", "b"):
        made(ses, name)
    first = ses.list_multi_region_endpoints(PageSize=2)
    second = ses.list_multi_region_endpoints(PageSize=2, NextToken=first["NextToken"])
    names = [one["EndpointName"] for one in first["MultiRegionEndpoints"] + second["MultiRegionEndpoints"]]
    assert names == ["a", "b", "c"]
    assert "NextToken" not in second


def test_it_is_managed_in_its_primary_region_only(api: Api, ses: Any) -> None:
    made(ses)
    other = api.client("sesv2", region=OTHER)
    assert other.list_multi_region_endpoints()["MultiRegionEndpoints"] == []
    assert error_of(other.get_multi_region_endpoint, EndpointName="global")[0] == "NotFoundException"


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        ([], "RoutesDetails must contain exactly one route."),
        (["eu-west-1", "eu-west-2"], "RoutesDetails must contain exactly one route."),
        ([REGION], "The secondary region must not be the primary region."),
        (["Mars"], "Region <Mars> is invalid."),
    ],
)
def test_routes_that_make_no_pair_are_refused(ses: Any, routes: list[str], text: str) -> None:
    details = {"RoutesDetails": [{"Region": region} for region in routes]}
    assert error_of(ses.create_multi_region_endpoint, EndpointName="global", Details=details) == (BAD, text, 400)


def test_mail_leaves_the_primary_region_wherever_the_caller_is(api: Api, ses: Any) -> None:
    endpoint_id = made(ses)
    verify(api, REGION, OTHER)
    for region in (REGION, OTHER, "ap-south-1"):
        assert region_of(api, send(through(api, endpoint_id, region=region))) == REGION


def test_mail_leaves_the_secondary_region_while_the_primary_cannot_send_it(api: Api, ses: Any) -> None:
    endpoint = through(api, made(ses))
    verify(api, OTHER)
    assert region_of(api, send(endpoint)) == OTHER
    verify(api, REGION)
    assert region_of(api, send(endpoint)) == REGION
    ses.put_account_sending_attributes(SendingEnabled=False)
    assert region_of(api, send(endpoint)) == OTHER


def test_where_no_region_can_send_it_the_primary_says_why(api: Api, ses: Any) -> None:
    endpoint = through(api, made(ses))
    with pytest.raises(endpoint.exceptions.MessageRejected, match=f"region {REGION.upper()}: a@example.com"):
        send(endpoint)
    verify(api, REGION, OTHER)
    ses.put_account_sending_attributes(SendingEnabled=False)
    api.client("sesv2", region=OTHER).delete_email_identity(EmailIdentity="example.com")
    with pytest.raises(endpoint.exceptions.SendingPausedException):
        send(endpoint)


def test_what_else_is_wrong_is_not_tried_elsewhere(api: Api, ses: Any) -> None:
    endpoint = through(api, made(ses))
    verify(api, REGION, OTHER)
    api.client("sesv2", region=OTHER).create_configuration_set(ConfigurationSetName="cs")
    refused = error_of(
        endpoint.send_email,
        FromEmailAddress="a@example.com",
        Destination=TO,
        Content=SIMPLE,
        ConfigurationSetName="cs",
    )
    assert refused[0] == "NotFoundException"


def test_bulk_sends_take_one_region(api: Api, ses: Any) -> None:
    endpoint = through(api, made(ses))
    verify(api, OTHER)
    for region in (REGION, OTHER):
        api.client("sesv2", region=region).create_email_template(
            TemplateName="t", TemplateContent={"Subject": "Hi", "Text": "Hello"}
        )
    results = endpoint.send_bulk_email(
        FromEmailAddress="a@example.com",
        DefaultContent={"Template": {"TemplateName": "t", "TemplateData": "{}"}},
        BulkEmailEntries=[{"Destination": TO}, {"Destination": TO}],
    )["BulkEmailEntryResults"]
    assert [region_of(api, one["MessageId"]) for one in results] == [OTHER, OTHER]


def test_an_endpoint_that_is_not_the_accounts_is_not_there(api: Api, ses: Any) -> None:
    verify(api, REGION, OTHER)
    endpoint_id = made(ses)
    other = through(api, endpoint_id, account_id=OTHER_ACCOUNT)
    other.create_email_identity(EmailIdentity="example.com")
    text = f"Multi-region endpoint with id <{endpoint_id}> does not exist."
    arguments = {"FromEmailAddress": "a@example.com", "Destination": TO, "Content": SIMPLE}
    assert error_of(other.send_email, **arguments) == ("NotFoundException", text, 404)
    ses.delete_multi_region_endpoint(EndpointName="global")
    assert error_of(through(api, endpoint_id).send_email, **arguments) == ("NotFoundException", text, 404)


def test_a_request_signed_for_any_region_is_sent(api: Api, ses: Any) -> None:
    verify(api, OTHER)
    primary = api.client("sesv2", region=OTHER)
    details = {"RoutesDetails": [{"Region": REGION}]}
    endpoint_id = primary.create_multi_region_endpoint(EndpointName="e", Details=details)["EndpointId"]
    answer = api.run(api.gateway.handle(_signed_4a(api, endpoint_id)))
    assert answer.status == 200, answer.body
    assert region_of(api, json.loads(answer.body)["MessageId"]) == OTHER


def _signed_4a(api: Api, endpoint_id: str) -> HttpRequest:
    sent = {"FromEmailAddress": "a@example.com", "Destination": TO, "Content": SIMPLE, "EndpointId": endpoint_id}
    body, path, at = json.dumps(sent).encode(), "/v2/email/outbound-emails", f"{api.now():%Y%m%dT%H%M%SZ}"
    headers = {"host": f"{endpoint_id}.endpoints.email.example", "x-amz-date": at, "x-amz-region-set": "*"}
    names, scope = ";".join(headers), f"{at[:8]}/ses/aws4_request"
    lines = [f"{name}:{value}" for name, value in headers.items()]
    canonical = "\n".join(["POST", path, "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    text = f"AWS4-ECDSA-P256-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = private_key_4a(iam.FIRST_ACCESS_KEY_ID, iam.FIRST_SECRET)
    signature = key.sign(text.encode(), ec.ECDSA(SHA256())).hex()
    authorization = (
        f"AWS4-ECDSA-P256-SHA256 Credential={iam.FIRST_ACCESS_KEY_ID}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return HttpRequest("POST", path, "", {**headers, "authorization": authorization}, body, PEER_IP)
