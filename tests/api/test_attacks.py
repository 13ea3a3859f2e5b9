"""Requests that are not what was signed, and policies walked around: all refused, in SES's words.

A request is signed by boto3, caught on its way, changed, and sent again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from hatobin.gateway import HttpRequest, HttpResponse
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.test_access import SITE, Access, statement
from tests.gateway.exchange import Client
from tests.stores import not_on_postgres

Change = Callable[[HttpRequest], HttpRequest]
TAGGING = {"ResourceArn": SITE, "Tags": [{"Key": "a", "Value": "b"}]}
WRONG = {"sesv2": "InvalidSignatureException", "ses": "SignatureDoesNotMatch"}


class _Caught(Exception):
    def __init__(self, request: HttpRequest) -> None:
        self.request = request


def _catch(request: HttpRequest) -> HttpResponse:
    raise _Caught(request)


def signed(
    service: str, operation: str, arguments: dict[str, Any], key: tuple[str, str] = ("test", "test")
) -> HttpRequest:
    """Give the request that boto3 would send."""
    client = Client(service, region=REGION, access_key_id=key[0], secret=key[1])
    client.server = _catch
    with pytest.raises(_Caught) as caught:
        client.call(operation, arguments)
    return caught.value.request


def answered(api: Api, request: HttpRequest) -> tuple[int, str]:
    """Give the status and the error of an answer."""
    answer = api._serve(request)
    text = answer.body.decode("utf-8", "replace")
    code = re.search(r"<Code>(\w+)</Code>", text)
    header = dict(answer.headers).get("x-amzn-ErrorType") or dict(answer.headers).get("x-amzn-errortype", "")
    return answer.status, code[1] if code else header


def headers(request: HttpRequest, **changed: str | None) -> HttpRequest:
    given = {
        **request.headers,
        **{name.replace("_", "-"): value for name, value in changed.items() if value is not None},
    }
    for name, value in changed.items():
        if value is None:
            given.pop(name.replace("_", "-"), None)
    return replace(request, headers=given)


def authorization(request: HttpRequest, pattern: str, instead: str) -> HttpRequest:
    text = request.headers["authorization"]
    altered = re.sub(pattern, instead, text)
    assert altered != text
    return headers(request, authorization=altered)


CHANGES: Mapping[str, Change] = {
    "another host": lambda r: headers(r, host="email.eu-west-1.amazonaws.com"),
    "another path": lambda r: replace(r, raw_path=r.raw_path + "x"),
    "another method": lambda r: replace(r, method="PUT"),
    "a query more": lambda r: replace(r, query="a=b"),
    "another body": lambda r: replace(r, body=r.body + b" "),
    "no body": lambda r: replace(r, body=b""),
    "another time": lambda r: headers(r, x_amz_date=r.headers["x-amz-date"][:-3] + "59Z"),
    "another region": lambda r: authorization(r, f"/{REGION}/", "/eu-west-1/"),
    "another service": lambda r: authorization(r, "/ses/", "/sns/"),
    "another day": lambda r: authorization(r, r"/\d{8}/", "/20200101/"),
    "another key": lambda r: authorization(r, "Credential=[^/]+/", "Credential=test/"),
    "a forged signature": lambda r: authorization(r, "Signature=[0-9a-f]{64}", "Signature=" + "0" * 64),
    "an empty signature": lambda r: authorization(r, "Signature=[0-9a-f]{64}", "Signature=0"),
    "fewer signed headers": lambda r: authorization(r, "SignedHeaders=[^,]+", "SignedHeaders=host"),
    "a header signed twice": lambda r: authorization(r, "SignedHeaders=", "SignedHeaders=host;"),
    "no algorithm that is known": lambda r: authorization(r, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    "the older version": lambda r: headers(r, authorization="AWS test:c2lnbmF0dXJl"),
    "an unsigned payload": lambda r: headers(replace(r, body=r.body + b" "), x_amz_content_sha256="UNSIGNED-PAYLOAD"),
    "a streamed payload": lambda r: headers(
        replace(r, body=r.body + b" "), x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    ),
    "two hosts": lambda r: headers(r, host=r.headers["host"] + ",email.eu-west-1.amazonaws.com"),
    "two authorizations": lambda r: headers(
        r, authorization=f"{r.headers['authorization']},{r.headers['authorization']}"
    ),
    "no authorization": lambda r: headers(r, authorization=None),
}


@pytest.mark.parametrize("service", ["ses", "sesv2"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_request_that_is_not_what_was_signed(access: Access, service: str, change: str) -> None:
    access.may(statement("ses:*"))
    if service == "ses":
        request = signed("ses", "GetTemplate", {"TemplateName": "hi"}, access.key)
    else:
        request = signed(
            "sesv2", "TagResource", {"ResourceArn": SITE, "Tags": [{"Key": "a", "Value": "b"}]}, access.key
        )
    assert answered(access.api, request)[0] == 200
    status, code = answered(access.api, CHANGES[change](request))
    assert status in (400, 403), code
    assert code.partition(":")[0] in {
        *WRONG.values(),
        *("IncompleteSignature", "IncompleteSignatureException"),
        *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        *("InvalidClientTokenId", "UnrecognizedClientException"),
    }


@pytest.fixture
def access(api: Api) -> Access:
    return Access(api)


@not_on_postgres
@pytest.mark.parametrize(("late_s", "is_believed"), [(0, True), (899, True), (902, False), (86_400, False)])
def test_a_captured_request_is_worth_fifteen_minutes(access: Access, late_s: int, is_believed: bool) -> None:
    access.may(statement("ses:*"))
    request = signed("sesv2", "GetAccount", {}, access.key)
    access.api.pass_time(late_s)
    assert (answered(access.api, request)[0] == 200) is is_believed


def test_the_key_of_another_account_sees_its_own_things_alone(access: Access) -> None:
    theirs = access.api.client("sesv2", account_id=OTHER_ACCOUNT)
    assert theirs.list_email_identities()["EmailIdentities"] == []
    with pytest.raises(theirs.exceptions.NotFoundException):
        theirs.get_email_identity(EmailIdentity="example.com")
    with pytest.raises(theirs.exceptions.BadRequestException):
        theirs.list_tags_for_resource(ResourceArn=SITE)
    assert ACCOUNT != OTHER_ACCOUNT


def _spelled(name: str) -> list[str]:
    """Ways to write a name in a path; a client signs each of them rightly."""
    return [
        name,
        name.upper(),
        name.title(),
        quote(name),
        name.replace("e", "%65"),
        name.replace("e", "%2565"),
        name + ".",
    ]


@pytest.mark.parametrize("name", _spelled("example.com"))
@pytest.mark.parametrize(
    "frame",
    [
        "/v2/email/identities/{}",
        "/v2/email/identities/{}/",
        "//v2/email/identities/{}",
        "/v2/email/identities//{}",
        "/v2/email/./identities/{}",
        "/v1/email/identities/{}",
    ],
)
def test_a_denied_identity_stays_denied_however_it_is_written(access: Access, frame: str, name: str) -> None:
    access.may(statement("ses:*"), statement("*", SITE, effect="Deny"))
    answer = access.api._serve(path_signed(access.key, frame.format(name)))
    assert answer.status in (400, 403, 404, 501), answer.body
    assert b"VerifiedForSendingStatus" not in answer.body


@pytest.mark.parametrize("name", ["example.com", "EXAMPLE.com", "Example.Com"])
def test_a_denied_identity_sends_nothing_however_it_is_written(access: Access, name: str) -> None:
    access.may(statement("ses:*"), statement("ses:Send*", SITE, effect="Deny"))
    raw = f"From: ann@{name}\r\nTo: bob@example.net\r\n\r\nHello\r\n".encode()
    assert access.smtp(raw, f"ann@{name}").startswith("554 Access denied")
    assert access.smtp(raw, "ann@example.com").startswith("554 Access denied")


@pytest.mark.parametrize(
    "named",
    [
        b"X-SES-CONFIGURATION-SET: main\r\nX-SES-CONFIGURATION-SET: other\r\n",
        b"x-ses-configuration-set: main\r\n",
        b"X-SES-CONFIGURATION-SET:\r\n main\r\n",
        b"X-SES-CONFIGURATION-SET:    main   \r\n",
    ],
)
def test_a_denied_set_is_not_used_however_it_is_named(access: Access, named: bytes) -> None:
    access.may(statement("ses:*"), statement("*", "*:configuration-set/main", effect="Deny"))
    raw = named + b"From: ann@example.com\r\nTo: bob@example.net\r\n\r\nHello\r\n"
    assert access.smtp(raw).startswith("554 Access denied")


@pytest.mark.parametrize(
    "header",
    [
        b"From: boss@example.com",
        b"From: Boss@Example.com",
        b"From: ann@example.com, boss@example.com",
        b'From: "ann@example.com" <boss@example.com>',
        b"From: boss (ann@example.com) @example.com",
        b"FROM:\r\n boss@example.com",
    ],
)
def test_a_denied_from_address_is_not_used_however_it_is_written(access: Access, header: bytes) -> None:
    deny = statement("ses:*", effect="Deny", Condition={"StringLike": {"ses:FromAddress": "boss@example.com"}})
    access.may(statement("ses:*"), deny)
    raw = header + b"\r\nTo: bob@example.net\r\n\r\nHello\r\n"
    assert access.smtp(raw).startswith("554 ")
    assert access.api.read(lambda s: s.one("SELECT count(*) FROM queue_message")) == (0,)


def path_signed(key: tuple[str, str], path: str) -> HttpRequest:
    """Sign a GET of any path, as a client would that was written for this."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("GET", f"http://localhost:8005{path}", headers={"host": "localhost:8005"})
    SigV4Auth(Credentials(*key), "ses", REGION).add_auth(request)
    given = {name.lower(): value for name, value in request.headers.items()}
    return HttpRequest("GET", path, "", given, b"", "127.0.0.1", tls_version=None)
