"""S3 in this process: the whole API over a store in memory and simulated blobs, asked by real boto3 clients.

Bodies come in pieces of chance sizes. Requests may also be made by hand and
changed after they were signed, which is what the attacks do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials
from botocore.exceptions import ClientError

from hatobin.companions import s3
from hatobin.gateway import Credential, Principal, Services, joined_headers
from hatobin.ports import Ports, Session
from hatobin.words.settings import Settings
from tests.inline_threads import InlineThreads
from tests.simulation.world import SeededEntropy, SimulatedBlobs, SimulatedClock
from tests.stores import open_store

T = TypeVar("T")

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
REGION = "us-east-1"
HOST = "localhost:8005"
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
KEYS = {ACCOUNT: ("AKIAMINE", "my secret"), OTHER_ACCOUNT: ("AKIATHEIRS", "their secret")}


@dataclass
class KnownKeys:
    """One key of each account."""

    session_tokens: dict[str, str] = field(default_factory=dict)
    policies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: list[tuple[str, str, str]] = field(default_factory=list)
    expires_at: float | None = None

    async def find(self, access_key_id: str, peer_ip: str) -> Credential | None:
        for account_id, (known, secret) in KEYS.items():
            if known == access_key_id:
                user = f"arn:aws:iam::{account_id}:user/user"
                principal = Principal(account_id, known, user, "user", "AIDAUSER")
                policies = self.policies.get(known, (EVERYTHING,))
                token = self.session_tokens.get(known)
                return Credential(known, secret, principal, token, self.expires_at, policies)
        return None

    async def note_use(self, access_key_id: str, service: str, region: str) -> None:
        self.used.append((access_key_id, service, region))


class Pieces:
    """A body in pieces of chance sizes; `stop_after` is where the client goes away."""

    def __init__(self, body: bytes, dice: random.Random, stop_after: int | None = None) -> None:
        self._body = body
        self._dice = dice
        self._place = 0
        self._stop_after = stop_after

    async def read(self) -> bytes:
        if self._stop_after is not None and self._place >= self._stop_after:
            raise s3.ClientGone
        piece = self._body[self._place : self._place + self._dice.randint(1, 70_000)]
        self._place += len(piece)
        return piece


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code; empty for an answer without one."""
        text = self.body.decode(errors="replace")
        return text.partition("<Code>")[2].partition("</Code>")[0]


@dataclass(frozen=True)
class Signed:
    """A request as it would go out."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


def changed(request: Signed, **members: Any) -> Signed:
    """Give a request with some of it changed; headers are added."""
    return Signed(
        members.get("method", request.method),
        members.get("url", request.url),
        request.headers | members.get("headers", {}),
        members.get("body", request.body),
    )


class House:
    """One S3 and its clients; time is the clock's, and moves when a test moves it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.dice = random.Random(20260101)
        self.clock = SimulatedClock()
        self.database = open_store()
        self.blobs = SimulatedBlobs(self.clock)
        self.credentials = KnownKeys()
        nothing = cast(Any, None)
        self.ports = Ports(
            clock=self.clock,
            dns=nothing,
            network=nothing,
            http=nothing,
            entropy=SeededEntropy(1),
            database=self.database,
            blobs=self.blobs,
            threads=InlineThreads(),
        )
        self.settings = settings or Settings()
        self.api = s3.S3Api(
            ports=self.ports,
            settings=self.settings,
            services=Services({s3.Authorization: s3.Authorization(s3.by_policies)}),
            credentials=self.credentials,
        )
        self.objects = s3.LocalObjects(self.ports)
        self.upkeep = s3.BucketUpkeep(self.ports)
        self.sent: list[Signed] = []

    def run(self, work: Awaitable[T]) -> T:
        """Run something of the server's own."""

        async def awaited() -> T:
            return await work

        return self.loop.run_until_complete(awaited())

    def read(self, work: Callable[[Session], T]) -> T:
        """Look into the store."""
        return self.run(self.database.read(work))

    def now(self) -> datetime:
        """The clock's time as botocore asks for it."""
        return datetime.fromtimestamp(self.clock.now(), UTC).replace(tzinfo=None)

    def close(self) -> None:
        """Let everything go."""
        self.run(self.database.close())
        self.loop.close()

    # ── clients ──────────────────────────────────────────────────────────────

    def client(self, account_id: str = ACCOUNT, region: str = REGION, scheme: str = "http", **config: Any) -> Any:
        """Give boto3's client of an account."""
        access_key_id, secret = KEYS[account_id]
        client = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=f"{scheme}://{HOST}",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        client.meta.events.register("before-send", self._before_send)
        return client

    def _before_send(self, request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
        headers = {
            name: value if isinstance(value, str) else value.decode("latin-1")
            for name, value in request.headers.items()
        }
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        signed = Signed(request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body))
        self.sent.append(signed)
        answer = self.send(signed)
        return AWSResponse(request.url, answer.status, _Headers(answer.headers), _Raw(answer.body))

    def send(self, request: Signed, *, stop_after: int | None = None) -> Answer:
        """Send a request as it is; the host is that of its URL unless a header says another."""
        url = urlsplit(request.url)
        names = {name.lower() for name in request.headers}
        pairs = [*request.headers.items(), *([] if "host" in names else [("host", url.netloc)])]
        if "content-length" not in names and "transfer-encoding" not in names:
            pairs.append(("content-length", str(len(request.body))))
        head = s3.S3Request(
            method=request.method,
            raw_path=url.path or "/",
            query=url.query,
            headers=joined_headers((name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs),
            source_ip="127.0.0.1",
            is_secure=url.scheme == "https",
        )
        return self.run(self._answered(head, Pieces(request.body, self.dice, stop_after)))

    async def _answered(self, head: s3.S3Request, body: Pieces) -> Answer:
        answer = await self.api.handle(head, body)
        whole = answer.body if isinstance(answer.body, bytes) else b"".join([piece async for piece in answer.body])
        if answer.length is not None and head.method != "HEAD":
            assert answer.length == len(whole)
        headers = {name.lower(): value for name, value in answer.headers}
        length = len(whole) if answer.length is None else answer.length
        shown = b"" if head.method == "HEAD" else whole  # As the server does (RFC 9110 §9.3.2).
        return Answer(answer.status, headers | {"content-length": str(length)}, shown)

    # ── requests by hand ─────────────────────────────────────────────────────

    def signed(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        account_id: str = ACCOUNT,
        region: str = REGION,
        service: str = "s3",
        host: str = HOST,
        **headers: str,
    ) -> Signed:
        """Sign a request; header names are written with underscores."""
        url = f"http://{host}{target}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest(method=method, url=url, data=body, headers=given)
        if "x-amz-content-sha256" in given:
            request.context["payload_signing_enabled"] = True
        credentials = BotoCredentials(*KEYS[account_id])
        _StatedHash(credentials, service, region).add_auth(request)
        return Signed(method, url, dict(request.headers.items()), body)


class _StatedHash(S3SigV4Auth):
    """Signs whatever digest a request states."""

    def payload(self, request: AWSRequest) -> str:
        stated: str = request.headers.get("X-Amz-Content-SHA256") or super().payload(request)
        return stated

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        stated = request.headers.get("x-amz-content-sha256")
        super()._modify_request_before_signing(request)
        if stated is not None:
            del request.headers["X-Amz-Content-SHA256"]
            request.headers["X-Amz-Content-SHA256"] = stated


class _Raw:
    """What botocore reads an answer's body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def stream(self, *_arguments: Any, **_options: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, amt: int | None = None, **_options: Any) -> bytes:
        end = len(self._body) if amt is None else self._place + amt
        piece = self._body[self._place : end]
        self._place += len(piece)
        return piece

    def close(self) -> None:
        pass


class _Headers(dict[str, str]):
    """Headers that are found in any case."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Make a call that must be refused, and give the error's code."""
    try:
        call(**arguments)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    raise AssertionError("the call was answered")
