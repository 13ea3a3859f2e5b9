"""Which part of the server gets a request."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.root import RootApp
from hatobin.words.settings import Console, Settings
from tests.asgi import Answer, call

PEM = b"-----BEGIN CERTIFICATE-----\n"
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=test/…".replace("…", "x")}

S3 = {"authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host"}


def named(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name.encode()})

    return app


def root(settings: Settings | None = None, **parts: Any) -> RootApp:
    return RootApp(
        parts.pop("api", named("api")),
        parts.pop("console", named("console")),
        parts.pop("local", named("local")),
        parts.pop("s3", named("s3")),
        sns_certificate=PEM,
        settings=settings or Settings(),
        **parts,
    )


async def who(method: str, target: str, headers: dict[str, str] | None = None, app: RootApp | None = None) -> str:
    return (await call(app or root(), method, target, headers=headers)).text


@pytest.mark.parametrize(
    ("method", "target", "headers", "part"),
    [
        ("POST", "/", {}, "api"),
        ("POST", "/v2/email/outbound-emails", {}, "api"),
        ("GET", "/?Action=ConfirmSubscription&Token=x", {}, "api"),
        ("GET", "/", {"x-amz-target": "AmazonSQS.SendMessage"}, "api"),
        ("GET", "/", SIGNED, "api"),
        ("POST", "/123456789012/queue", SIGNED, "api"),
        ("GET", "/console/key", SIGNED, "api"),
        ("GET", "/store?X-Amz-Signature=00", {}, "api"),
        ("GET", "/console/key", S3, "s3"),
        ("PUT", "/_hatobin/inbox", S3, "s3"),
        ("GET", "/b/k?X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=00", {}, "s3"),
        ("GET", "/b/k?AWSAccessKeyId=test&Signature=x&Expires=1", {}, "s3"),
        ("GET", "/?Action=ListTopics&AWSAccessKeyId=test&Signature=x", {}, "api"),
        ("GET", "/key", {"host": "bucket.s3.example.com"}, "s3"),
        ("GET", "/", {"host": "s3.localhost:8005"}, "s3"),
        ("GET", "/bucket/key", {"amz-sdk-invocation-id": "x"}, "s3"),
        ("GET", "/v2/email/account", {"amz-sdk-invocation-id": "x"}, "api"),
        ("GET", "/console/", {"amz-sdk-invocation-id": "x"}, "console"),
        ("GET", "/v2/email/account", SIGNED | {"host": "s3.example.com"}, "api"),
        ("GET", "/console/", {}, "console"),
        ("GET", "/console", {}, "console"),
        ("GET", "/console/?q=Action=SendEmail", {}, "console"),
        ("GET", "/_hatobin/inbox?subject=Action=x", {}, "local"),
        ("GET", "/_hatobin/inbox", SIGNED, "local"),
        ("DELETE", "/_aws/ses", {}, "local"),
        ("GET", "/_localstack/health", {}, "local"),
        ("GET", "/store", {}, "local"),
        ("POST", "/clear-store", {}, "local"),
        ("GET", "/health-check", {}, "local"),
        ("GET", "/healthz", {}, "local"),
        ("GET", "/readyz", {}, "local"),
        ("GET", "/metrics", {}, "local"),
    ],
)
async def test_who_answers(method: str, target: str, headers: dict[str, str], part: str) -> None:
    assert await who(method, target, headers) == part


async def test_a_browser_at_the_front_door_is_led_to_the_console() -> None:
    answer = await call(root(), "GET", "/")
    assert (answer.status, answer.header("location")) == (302, "/console/")


async def test_the_certificate_of_sns_is_public() -> None:
    answer = await call(root(), "GET", "/SimpleNotificationService-0a1b2c.pem")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, PEM, "application/x-pem-file")
    for target in ("/SimpleNotificationService-.pem", "/SimpleNotificationService-a/b.pem", "/x.pem"):
        assert (await call(root(), "GET", target)).status == 404


@pytest.mark.parametrize("target", ["/nothing", "/consoles", "/_hatobin", "/favicon.ico", "/store/"])
async def test_nothing_there_is_said_with_where_to_go(target: str) -> None:
    answer = await call(root(), "GET", target)
    assert answer.status == 404
    assert "/console/" in answer.json()["message"]


async def test_a_console_that_is_off_is_not_there() -> None:
    app = root(Settings(console=Console(enabled=False)))
    assert (await call(app, "GET", "/console/")).status == 404
    assert (await call(app, "GET", "/")).status == 404


async def test_further_parts_get_their_prefixes() -> None:
    app = root(others={"/t/": named("tracking")})
    assert await who("GET", "/t/open.gif?Action=x", app=app) == "tracking"
    assert await who("GET", "/t/open.gif", SIGNED, app=app) == "api"


async def failing(app: RootApp, target: str) -> Answer:
    answer = await call(app, "GET", target)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    return answer


async def test_our_own_bug_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret detail")

    async def without_store(scope: Scope, receive: Receive, send: Send) -> None:
        raise DatabaseUnavailable("secret path")

    assert (await failing(root(local=broken), "/metrics")).status == 500
    assert (await failing(root(console=without_store), "/console/")).status == 503
    assert "secret detail" in capsys.readouterr().out, "the operator sees what the caller does not"


async def test_a_failure_in_the_middle_of_an_answer_ends_it() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    answer = await call(root(local=half), "GET", "/metrics")
    assert (answer.status, answer.body) == (200, b"")


async def test_the_server_may_start_and_stop_us() -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await root()({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await root()({"type": "websocket", "path": "/"}, receive, send)
    assert sent[-1] == "websocket.close"
