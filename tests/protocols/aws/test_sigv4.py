"""Signatures: botocore signs and we believe it, one changed byte and we do not; we sign and botocore agrees."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from hatobin.protocols.aws.claims import (
    WINDOW_S,
    Fault,
    SignatureRefused,
    SignedRequest,
    parse_amz_date,
    read_claim,
)
from hatobin.protocols.aws.sigv4 import presign_s3, sign, verify

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW = AT.timestamp()

REQUESTS: dict[str, dict[str, Any]] = {
    "a form": {
        "method": "POST",
        "url": "https://email.eu-west-1.amazonaws.com/",
        "data": b"Action=GetSendQuota&Version=2010-12-01",
    },
    "JSON": {"method": "POST", "url": "http://localhost:8005/v2/email/outbound-emails", "data": b'{"a":"\xc3\xa9"}'},
    "an encoded path": {"method": "GET", "url": "http://h/v2/email/identities/a%2Bb%2Fc%20d%40%C3%A9.com"},
    "a path with dots": {"method": "GET", "url": "http://h/v2/./email//identities/x/../y/"},
    "a query out of order": {"method": "GET", "url": "http://h/v2/email/x?b=2&a=1&a=0&c&NextToken=a%2Fb%20c%3D"},
    "a header with spaces": {
        "method": "POST",
        "url": "http://h/",
        "headers": {"X-Amz-Meta": "  a   b  "},
        "data": b"x",
    },
    "a port in the host": {"method": "DELETE", "url": "http://h:8005/v2/email/x?TagKeys=a&TagKeys=b"},
}


def prepared(signer: Any, service: str = "ses", token: str | None = None, /, **request: Any) -> SignedRequest:
    """Sign with botocore at `AT` and give what a server would see."""
    aws = AWSRequest(**request)
    aws.context["timestamp"] = AT.strftime("%Y%m%dT%H%M%SZ")
    signer(Credentials("AKID", SECRET, token), service, "eu-west-1").add_auth(aws)
    url = urlsplit(aws.url)
    headers = {name.lower(): value for name, value in aws.headers.items()}
    return SignedRequest(
        request["method"], url.path, url.query, {"host": url.netloc, **headers}, request.get("data", b"")
    )


@pytest.fixture(autouse=True)
def _botocore_signs_at_the_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's clock is the one thing it does not take as an argument."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: AT.replace(tzinfo=None))


def refused(request: SignedRequest, *, now: float = NOW, secret: str = SECRET) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as caught:
        verify(read_claim(request, now=now), request, secret)
    return caught.value


@pytest.mark.parametrize("name", REQUESTS)
def test_what_botocore_signs_is_believed(name: str) -> None:
    request = prepared(SigV4Auth, **REQUESTS[name])
    claim = read_claim(request, now=NOW)
    verify(claim, request, SECRET)
    assert (claim.access_key_id, claim.scope.regions, claim.scope.service) == ("AKID", ("eu-west-1",), "ses")


@pytest.mark.parametrize("name", [name for name in REQUESTS if REQUESTS[name]["method"] == "GET"])
def test_what_botocore_presigns_is_believed(name: str) -> None:
    request = prepared(SigV4QueryAuth, **REQUESTS[name])
    claim = read_claim(request, now=NOW)
    verify(claim, request, SECRET)
    assert claim.is_presigned


@pytest.mark.parametrize("signer", [S3SigV4Auth, S3SigV4QueryAuth])
def test_s3_signs_its_path_once(signer: Any) -> None:
    request = prepared(signer, "s3", method="GET", url="http://h/bucket/a%20b//./c%2B")
    verify(read_claim(request, now=NOW), request, SECRET)


@pytest.mark.parametrize("token", [None, "to/k+en="])
def test_what_we_presign_is_believed_and_nothing_else(token: str | None) -> None:
    path = "/bucket/a%20b//%C3%BC"
    given = {"access_key_id": "AKID", "secret": SECRET, "region": "us-east-1", "now": NOW, "life_s": 60}
    query = presign_s3("h:8005", path, **given, session_token=token)  # type: ignore[arg-type]
    request = SignedRequest("GET", path, query, {"host": "h:8005"}, b"")
    claim = read_claim(request, now=NOW + 60)
    verify(claim, request, SECRET)
    assert claim.session_token == token
    assert refused(request, now=NOW + 61).fault is Fault.EXPIRED
    assert refused(replace(request, raw_path="/bucket/another")).fault is Fault.MISMATCH


def test_s3_may_leave_the_payload_unsigned_and_ses_may_not() -> None:
    headers = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    for_s3 = prepared(SigV4Auth, "s3", method="PUT", url="http://h/b/k", data=b"x", headers=headers)
    verify(read_claim(for_s3, now=NOW), replace(for_s3, body=b"another"), SECRET)
    for_ses = prepared(SigV4Auth, method="POST", url="http://h/", data=b"x", headers=headers)
    assert refused(for_ses).fault is Fault.MISMATCH


def test_a_stated_digest_must_be_that_of_the_body() -> None:
    headers = {"X-Amz-Content-SHA256": "0" * 64}
    assert (
        refused(prepared(SigV4Auth, method="POST", url="http://h/", data=b"x", headers=headers)).fault is Fault.MISMATCH
    )


def test_repeated_headers_are_joined_as_botocore_joins_them() -> None:
    request = AWSRequest("POST", "http://h/", data=b"x")
    request.headers.add_header("X-Amz-Two", "a")
    request.headers.add_header("X-Amz-Two", "b  c")
    SigV4Auth(Credentials("AKID", SECRET), "ses", "eu-west-1").add_auth(request)
    headers = {"host": "h", "x-amz-two": "a,b  c", "x-amz-date": request.headers["X-Amz-Date"]}
    headers["authorization"] = request.headers["Authorization"]
    signed = SignedRequest("POST", "/", "", headers, b"x")
    verify(read_claim(signed, now=NOW), signed, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"raw_path": "/v2/email/outbound-emailz"},
        {"query": "a=1"},
        {"body": b'{"a":"e"}'},
    ],
    ids=str,
)
def test_a_changed_request_is_not_believed(change: dict[str, Any]) -> None:
    request = replace(prepared(SigV4Auth, **REQUESTS["JSON"]), **change)
    error = refused(request)
    assert error.fault is Fault.MISMATCH
    assert error.message.startswith("The request signature we calculated does not match the signature you provided.")


@pytest.mark.parametrize("header", ["host", "x-amz-date"])
def test_a_changed_or_missing_signed_header_is_not_believed(header: str) -> None:
    request = prepared(SigV4Auth, **REQUESTS["JSON"])
    changed = {**request.headers, header: request.headers[header][:-1] + ("1" if header == "host" else "z")}
    assert refused(replace(request, headers=changed)).fault in (Fault.MISMATCH, Fault.INCOMPLETE)
    missing = {name: value for name, value in request.headers.items() if name != header}
    assert refused(replace(request, headers=missing)).fault in (Fault.MISMATCH, Fault.INCOMPLETE)


def test_another_secret_is_not_believed() -> None:
    assert refused(prepared(SigV4Auth, **REQUESTS["JSON"]), secret="other").fault is Fault.MISMATCH


def test_a_signature_beyond_ascii_is_a_mismatch_not_a_crash() -> None:
    request = prepared(SigV4QueryAuth, method="GET", url="http://h/v2/email/x")
    query = request.query.partition("X-Amz-Signature=")[0] + "X-Amz-Signature=%C3%A9"
    assert refused(replace(request, query=query)).fault is Fault.MISMATCH


@pytest.mark.parametrize(("offset_s", "is_believed"), [(WINDOW_S, True), (WINDOW_S + 1, False)])
def test_the_window_is_fifteen_minutes_both_ways(offset_s: int, is_believed: bool) -> None:
    request = prepared(SigV4Auth, **REQUESTS["JSON"])
    for now in (NOW - offset_s, NOW + offset_s):
        if is_believed:
            verify(read_claim(request, now=now), request, SECRET)
        else:
            assert refused(request, now=now).fault is Fault.EXPIRED


def test_the_text_of_an_old_signature_names_the_times() -> None:
    error = refused(prepared(SigV4Auth, **REQUESTS["JSON"]), now=NOW + 3600)
    expected = "Signature expired: 20260304T050607Z is now earlier than 20260304T055107Z (20260304T060607Z - 15 min.)"
    assert error.message == expected


def test_a_presigned_request_ends_with_its_life() -> None:
    request = prepared(SigV4QueryAuth, method="GET", url="http://h/v2/email/x")
    verify(read_claim(request, now=NOW + 3600), request, SECRET)
    assert refused(request, now=NOW + 3601).fault is Fault.EXPIRED


@pytest.mark.parametrize(
    ("authorization", "fault"),
    [
        ("AWS4-HMAC-SHA256 Credential=AKID/20260304/r/ses/aws4_request, SignedHeaders=host", Fault.INCOMPLETE),
        ("AWS4-HMAC-SHA256 Credential=AKID/20260304/r/ses, SignedHeaders=host, Signature=ab", Fault.INCOMPLETE),
        ("AWS4-HMAC-SHA256 Credential=AKID/20260304/r/ses/x, SignedHeaders=host, Signature=ab", Fault.MISMATCH),
        ("AWS4-HMAC-SHA256 Credential=A/20260304/r/ses/aws4_request, SignedHeaders=date, Signature=a", Fault.MISMATCH),
        ("AWS4-HMAC-SHA256 Credential=A/20260303/r/ses/aws4_request, SignedHeaders=host, Signature=a", Fault.MISMATCH),
        ("AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=ab", Fault.INCOMPLETE),
        ("Basic dGVzdDp0ZXN0", Fault.INCOMPLETE),
        ("", Fault.INCOMPLETE),
    ],
)
def test_malformed_authorizations_are_refused(authorization: str, fault: Fault) -> None:
    headers = {"host": "h", "x-amz-date": "20260304T050607Z", "authorization": authorization}
    assert refused(SignedRequest("POST", "/", "", headers, b"")).fault is fault


def test_an_unsigned_request_is_missing_its_token() -> None:
    error = refused(SignedRequest("POST", "/", "", {"host": "h"}, b""))
    assert (error.fault, error.message) == (Fault.MISSING, "Missing Authentication Token")


def test_parameters_may_come_in_another_order_and_without_spaces() -> None:
    request = prepared(SigV4Auth, **REQUESTS["JSON"])
    algorithm, _, rest = request.headers["authorization"].partition(" ")
    turned = f"{algorithm} {','.join(reversed([part.strip() for part in rest.split(',')]))}"
    changed = replace(request, headers={**request.headers, "authorization": turned})
    verify(read_claim(changed, now=NOW), changed, SECRET)


def test_a_date_header_will_do() -> None:
    headers = {"Date": "Wed, 04 Mar 2026 05:06:07 GMT"}
    request = prepared(SigV4Auth, method="POST", url="http://h/", data=b"x", headers=headers)
    assert "x-amz-date" not in request.headers
    verify(read_claim(request, now=NOW), request, SECRET)


def test_a_session_token_is_carried_and_signed() -> None:
    request = prepared(SigV4Auth, "ses", "TOKEN", **REQUESTS["JSON"])
    claim = read_claim(request, now=NOW)
    verify(claim, request, SECRET)
    assert claim.session_token == "TOKEN"
    other = replace(request, headers={**request.headers, "x-amz-security-token": "OTHER"})
    assert refused(other).fault is Fault.MISMATCH


def test_our_own_signature_is_botocores() -> None:
    for name, request in REQUESTS.items():
        theirs = prepared(SigV4Auth, **request)
        unsigned = {key: value for key, value in theirs.headers.items() if key not in ("authorization", "x-amz-date")}
        ours = sign(
            replace(theirs, headers=unsigned),
            access_key_id="AKID",
            secret=SECRET,
            region="eu-west-1",
            service="ses",
            now=NOW,
        )
        assert ours["authorization"] == theirs.headers["authorization"], name


@pytest.mark.parametrize(
    "text", ["20261304T050607Z", "20260304T250607Z", "00000304T050607Z", "2026-03-04", "", "٢" * 16]
)
def test_dates_that_are_none(text: str) -> None:
    assert parse_amz_date(text) is None


def test_dates_are_epoch_seconds() -> None:
    assert parse_amz_date("20260304T050607Z") == calendar.timegm(AT.timetuple())
