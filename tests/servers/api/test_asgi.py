"""The ASGI callable: bodies within limits, answers with their length, and which requests are for AWS APIs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from hatobin.gateway import Call, HttpRequest, HttpResponse
from hatobin.ports import HttpUnreachable
from hatobin.servers.api import SMALL_BODY_BYTES, ApiApp, BodyBudget, HttpTraffic, is_aws_request
from hatobin.words.settings import Server, Settings
from tests.gateway.exchange import Client
from tests.gateway.world import STRANGER_IP, make_gateway

LIMIT = 4096
HEAD_LIMIT = Server().http_head_bytes


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
        self.unread_at_answer = 0

    async def receive(self) -> dict[str, Any]:
        if not self._parts:
            return await self.after()
        part = self._parts.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def after(self) -> dict[str, Any]:
        """What comes after the request: nothing."""
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        if not self.sent:
            self.unread_at_answer = len(self._parts)
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
    def is_complete(self) -> bool:
        return not self.sent[-1].get("more_body", False)

    @property
    def unread(self) -> int:
        return len(self._parts)


def make_app(budget: BodyBudget, traffic: HttpTraffic, max_body_bytes: int) -> ApiApp:
    return ApiApp(make_gateway({}), Settings(server=Server(max_body_bytes=max_body_bytes)), budget, traffic)


async def run(given: dict[str, Any], *parts: bytes | None, handlers: Any = None) -> Connection:
    settings = Settings(server=Server(max_body_bytes=LIMIT))
    app = ApiApp(make_gateway(handlers or {}), settings, BodyBudget(LIMIT), HttpTraffic())
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


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        ((), {}, (200, "192.0.2.9", None)),
        ((), {"x-forwarded-for": "198.51.100.7"}, (403, None, None)),
        (("192.0.2.9",), {"x-forwarded-for": "127.0.0.1, 198.51.100.7"}, (200, "198.51.100.7", None)),
        (
            ("192.0.2.9",),
            {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"},
            (200, "198.51.100.7", "TLS"),
        ),
        (("192.0.2.9",), {"x-forwarded-for": STRANGER_IP}, (403, None, None)),
        (("192.0.2.9",), {"x-forwarded-for": "unknown"}, (403, None, None)),
    ],
    ids=["direct", "unknown proxy", "trusted", "over TLS", "stranger", "malformed"],
)
async def test_where_a_request_comes_from_is_asked_of_trusted_proxies_only(
    proxies: tuple[str, ...], forwarded: dict[str, str], expected: tuple[int, str | None, str | None]
) -> None:
    """The test's key is good for every address that is known, but not for the stranger's."""
    seen: list[Call] = []

    async def get_account(call: Call, request: object) -> None:
        seen.append(call)

    given = signed_scope()
    given["headers"] += [(name.encode(), value.encode()) for name, value in forwarded.items()]
    gateway = make_gateway({("sesv2", "GetAccount"): get_account})
    app = ApiApp(gateway, Settings(server=Server(trusted_proxies=proxies)), BodyBudget(LIMIT), HttpTraffic())
    connection = Connection(b"")
    await app(given, connection.receive, connection.send)
    call = seen[0] if seen else None
    assert (connection.status, call and call.source_ip, call and call.tls_version) == expected


async def test_a_body_comes_in_parts() -> None:
    connection = await run(scope(), b"Action=", b"GetSendQuota", b"&Version=2010-12-01")
    assert connection.status == 403
    assert b"MissingAuthenticationToken" in connection.body


async def test_a_body_that_says_it_is_too_large_is_answered_before_it_is_read() -> None:
    given = scope(path="/v2/email/outbound-emails", content_length=str(LIMIT + 1))
    connection = await run(given, b"x")
    assert (connection.status, connection.headers[b"x-amzn-errortype"]) == (413, b"RequestEntityTooLarge")
    assert (connection.headers[b"connection"], connection.unread_at_answer) == (b"close", 1)
    assert (connection.unread, connection.is_complete) == (0, True)
    assert b"x-amzn-requestid" in connection.headers


async def test_a_body_that_grows_too_large_is_answered_at_once_and_the_rest_dropped() -> None:
    connection = await run(scope(), *[b"x" * 1000] * 9)
    assert (connection.status, connection.unread_at_answer) == (413, 4)
    assert b"<Code>RequestEntityTooLarge</Code>" in connection.body
    assert (connection.unread, connection.is_complete) == (0, True)


async def test_a_body_without_end_is_not_dropped_for_ever() -> None:
    connection = await run(scope(), *[b"x" * 1000] * 20)
    assert (connection.status, connection.is_complete) == (413, True)
    assert connection.unread == 20 - 5 - 5


async def test_the_last_part_makes_a_body_too_large() -> None:
    connection = await run(scope(), b"x" * LIMIT, b"x")
    assert (connection.status, connection.is_complete) == (413, True)


V2 = "/v2/email/outbound-emails"
LARGE = 3 * SMALL_BODY_BYTES


async def exchange(app: ApiApp, given: dict[str, Any], *parts: bytes | None) -> Connection:
    connection = Connection(*parts)
    await app(given, connection.receive, connection.send)
    return connection


async def test_a_large_body_without_room_is_answered_503_in_its_protocol() -> None:
    budget, traffic = BodyBudget(LARGE), HttpTraffic()
    app = make_app(budget, traffic, LARGE)
    with budget.share() as other:
        assert other.take(LARGE - 1)
        json = await exchange(app, scope(path=V2, content_length=str(LARGE)), b"x" * LARGE)
        assert (json.status, json.headers[b"x-amzn-errortype"]) == (503, b"ServiceUnavailable")
        assert json.body.startswith(b'{"message":"The service is unavailable.')
        assert json.headers[b"retry-after"].isdigit()
        # Nothing says how long it will be: it is refused when it has grown too large.
        xml = await exchange(app, scope(), b"x" * SMALL_BODY_BYTES, b"x", b"x")
        assert (xml.status, xml.unread_at_answer, xml.unread) == (503, 1, 0)
        assert b"<Type>Receiver</Type><Code>ServiceUnavailable</Code>" in xml.body.replace(b"\n", b"")
        assert traffic.bodies_refused == 2
        assert budget.bytes == LARGE - 1
    # SES's answer to what is not signed: it was read and looked at.
    assert (await exchange(app, scope(content_length=str(LARGE)), b"x" * LARGE)).status == 403
    assert budget.bytes == 0


@pytest.mark.parametrize("parts", [(b"x" * SMALL_BODY_BYTES,), (b"x" * (SMALL_BODY_BYTES - 1), b"x")])
async def test_a_small_body_needs_no_room(parts: tuple[bytes, ...]) -> None:
    budget = BodyBudget(LARGE)
    app = make_app(budget, HttpTraffic(), LARGE)
    with budget.share() as other:
        assert other.take(LARGE)
        assert (await exchange(app, scope(), *parts)).status == 403


async def test_a_client_that_leaves_gives_its_room_back() -> None:
    budget = BodyBudget(LARGE)
    connection = await exchange(make_app(budget, HttpTraffic(), LARGE), scope(), b"x" * (LARGE - 1), None)
    assert (connection.sent, budget.bytes) == ([], 0)


async def test_the_limit_itself_is_within_it() -> None:
    assert (await run(scope(content_length=str(LIMIT)), b"x" * LIMIT)).status == 403


@pytest.mark.parametrize(("length", "status"), [("1e3", 400), ("-1", 400), ("٣", 400), ("9" * 400, 413)])
async def test_odd_lengths_are_refused(length: str, status: int) -> None:
    given = scope()
    given["headers"] = [(b"content-length", length.encode())]
    assert (await run(given, b"x")).status == status


async def test_a_head_that_is_too_large_is_refused() -> None:
    assert (await run(scope(x_amz_meta="x" * HEAD_LIMIT), b"")).status == 431
    assert (await run(scope(query="x" * HEAD_LIMIT), b"")).status == 431


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


class Passing:
    """A service elsewhere that answers in pieces; the last may be a failure."""

    def __init__(self, *pieces: bytes | HttpUnreachable) -> None:
        self._pieces = pieces
        self.is_closed = False

    def takes(self, service: str, *, is_ours: bool, is_served: bool) -> bool:
        return True

    async def ask(self, request: HttpRequest, service: str, region: str) -> HttpResponse:
        return HttpResponse(206, (("x-far", "1"),), b"", self._give())

    async def _give(self) -> AsyncGenerator[bytes, None]:
        try:
            for piece in self._pieces:
                if isinstance(piece, HttpUnreachable):
                    raise piece
                yield piece
                await asyncio.sleep(0)
        finally:
            self.is_closed = True


class Leaving(Connection):
    """A client that leaves when it has asked."""

    async def after(self) -> dict[str, Any]:
        return {"type": "http.disconnect"}


async def passed_on(passing: Passing, connection: Connection) -> Connection:
    gateway = make_gateway({}, elsewhere=passing)
    app = ApiApp(gateway, Settings(server=Server(max_body_bytes=LIMIT)), BodyBudget(LIMIT), HttpTraffic())
    await app(signed_scope(), connection.receive, connection.send)
    return connection


async def test_an_answer_from_elsewhere_goes_out_piece_by_piece() -> None:
    passing = Passing(b"one", b"two", b"three")
    connection = await passed_on(passing, Connection(b""))
    assert (connection.status, connection.headers) == (206, {b"x-far": b"1"})
    assert [message.get("body") for message in connection.sent[1:]] == [b"one", b"two", b"three", b""]
    assert (connection.is_complete, passing.is_closed) == (True, True)


async def test_an_answer_from_elsewhere_without_a_body_is_whole_too() -> None:
    connection = await passed_on(Passing(), Connection(b""))
    assert (connection.status, connection.body, connection.is_complete) == (206, b"", True)


async def test_an_answer_that_breaks_off_elsewhere_is_not_completed_here() -> None:
    passing = Passing(b"one", HttpUnreachable("reset"))
    with pytest.raises(HttpUnreachable):
        await passed_on(passing, Connection(b""))
    assert passing.is_closed


async def test_a_client_that_leaves_ends_the_reading_elsewhere() -> None:
    passing = Passing(*[b"x"] * 1000)
    connection = await passed_on(passing, Leaving(b""))
    assert passing.is_closed
    assert not connection.is_complete
    assert len(connection.sent) < 900
