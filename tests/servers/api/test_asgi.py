"""The ASGI callable: bodies within limits, answers with their length, and which requests are for AWS APIs."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.gateway import Call
from hatobin.servers.api import MAX_HEAD_BYTES, ApiApp, is_aws_request
from hatobin.words.settings import Server, Settings
from tests.gateway.exchange import Client
from tests.gateway.world import make_gateway

LIMIT = 4096


def scope(method: str = "POST", path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 4711),
        "scheme": "http",
    }


class Connection:
    """Plays the server's side of ASGI: hands out parts of a body, gathers the answer."""

    def __init__(self, *parts: bytes | None) -> None:
        self._parts = list(parts)
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        part = self._parts.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return bytes(self.sent[1]["body"])

    @property
    def unread(self) -> int:
        return len(self._parts)


async def run(given: dict[str, Any], *parts: bytes | None, handlers: Any = None) -> Connection:
    app = ApiApp(make_gateway(handlers or {}), Settings(server=Server(max_body_bytes=LIMIT)))
    connection = Connection(*parts)
    await app(given, connection.receive, connection.send)
    return connection


class Prepared(Exception):
    """Carries a signed request out of botocore."""


def signed_scope(**tls: Any) -> dict[str, Any]:
    """Give the scope of a request that botocore signed."""
    captured: list[Any] = []
    boto = Client("sesv2")

    def capture(request: Any) -> Any:
        captured.append(request)
        raise Prepared

    boto.server = capture
    with pytest.raises(Prepared):
        boto.call("GetAccount", {})
    (request,) = captured
    given = scope(request.method, request.raw_path, request.query)
    given["headers"] = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    return given | tls


async def test_a_signed_request_is_answered_with_its_length() -> None:
    seen: list[Call] = []

    async def get_account(call: Call, request: object) -> None:
        seen.append(call)

    given = signed_scope(extensions={"tls": {"tls_version": 0x0304}})
    connection = await run(given, b"", handlers={("sesv2", "GetAccount"): get_account})
    assert (connection.status, connection.body) == (200, b"{}")
    assert connection.headers[b"content-length"] == b"2"
    assert (seen[0].source_ip, seen[0].tls_version) == ("192.0.2.9", "TLSv1.3")


async def test_a_body_comes_in_parts() -> None:
    connection = await run(scope(), b"Action=", b"GetSendQuota", b"&Version=2010-12-01")
    assert connection.status == 403
    assert b"MissingAuthenticationToken" in connection.body


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    given = scope(path="/v2/email/outbound-emails", content_length=str(LIMIT + 1))
    connection = await run(given, b"x")
    assert (connection.status, connection.headers[b"x-amzn-errortype"]) == (413, b"RequestEntityTooLarge")
    assert (connection.headers[b"connection"], connection.unread) == (b"close", 1)
    assert b"x-amzn-requestid" in connection.headers


async def test_a_body_that_grows_too_large_is_read_no_further() -> None:
    connection = await run(scope(), *[b"x" * 1000] * 9)
    assert (connection.status, connection.unread) == (413, 4)
    assert b"<Code>RequestEntityTooLarge</Code>" in connection.body


async def test_the_limit_itself_is_within_it() -> None:
    assert (await run(scope(content_length=str(LIMIT)), b"x" * LIMIT)).status == 403


@pytest.mark.parametrize(("length", "status"), [("1e3", 400), ("-1", 400), ("٣", 400), ("9" * 400, 413)])
async def test_odd_lengths_are_refused(length: str, status: int) -> None:
    given = scope()
    given["headers"] = [(b"content-length", length.encode())]
    assert (await run(given, b"x")).status == status


async def test_a_head_that_is_too_large_is_refused() -> None:
    assert (await run(scope(x_amz_meta="x" * MAX_HEAD_BYTES), b"")).status == 431
    assert (await run(scope(query="x" * MAX_HEAD_BYTES), b"")).status == 431


async def test_a_client_that_leaves_gets_no_answer() -> None:
    assert (await run(scope(), b"part", None)).sent == []


@pytest.mark.parametrize(
    ("given", "is_aws"),
    [
        (scope("GET", "/v2/email/account"), True),
        (scope("PUT", "/v1/email/identities/a/dkim/signing"), True),
        (scope("POST", "/service/MailManagerSvc/operation/ListArchives"), True),
        (scope("POST", "/"), True),
        (scope("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15"), True),
        (scope("GET", "/bucket/key", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=a"), True),
        (scope("POST", "/123456789012/q", authorization="AWS4-HMAC-SHA256 Credential=a"), True),
        (scope("POST", "/x", x_amz_target="AmazonSQS.SendMessage"), True),
        (scope("GET", "/"), False),
        (scope("GET", "/console/"), False),
        (scope("GET", "/_hatobin/inbox", "to=a"), False),
        (scope("POST", "/console/login", authorization="Basic AWS4"), False),
        (scope("GET", "/healthz"), False),
    ],
)
def test_requests_for_aws_apis_are_told_from_local_paths(given: dict[str, Any], is_aws: bool) -> None:
    assert is_aws_request(given) is is_aws
