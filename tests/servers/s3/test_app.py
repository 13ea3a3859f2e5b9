"""The streaming door: bodies as they come, answers as they are read, and what happens to who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

from starlette.types import Message

from hatobin.companions.s3 import BodySource, S3Answer, S3Request
from hatobin.protocols.aws.s3.errors import error_document
from hatobin.servers.api import BodyBudget, HttpTraffic
from hatobin.servers.s3 import S3App
from hatobin.servers.s3.app import REQUEST_OCTETS
from hatobin.words.errors import CallerError
from hatobin.words.settings import Server, Settings

NO_ROOM = REQUEST_OCTETS - 1


class Api:
    """Stands where S3 is: does what the test says with the body."""

    def __init__(self) -> None:
        self.reads = True
        self.read: list[bytes] = []
        self.answer = S3Answer(200, (("ETag", '"x"'),), b"done")

    async def handle(self, request: S3Request, source: BodySource) -> S3Answer:
        self.request = request
        while self.reads and (data := await source.read()):
            self.read.append(data)
        return self.answer

    def refuse(self, request: S3Request, error: CallerError, *, request_id: str = "") -> S3Answer:
        return S3Answer(error.status, (), error_document(error, resource="", request_id="", host_id=""))


class Connection:
    """One request over ASGI, message by message."""

    def __init__(self, *body: bytes, room: int = 10 * REQUEST_OCTETS, settings: Settings | None = None, **headers: str):
        self.api = Api()
        self.traffic = HttpTraffic()
        self.budget = BodyBudget(room)
        self.app = S3App(cast(Any, self.api), settings or Settings(), self.budget, self.traffic)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        names.setdefault("content-length", str(sum(map(len, body))))
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "PUT",
            "raw_path": b"/b/k",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in names.items()],
            "client": ("127.0.0.1", 1),
            "extensions": {},
        }
        self.incoming: list[Message] = [
            {"type": "http.request", "body": part, "more_body": number < len(body)}
            for number, part in enumerate(body, 1)
        ]
        self.asked = 0
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.held_while_sending = 0

    async def receive(self) -> Message:
        self.asked += 1
        if self.incoming:
            return self.incoming.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.held_while_sending = max(self.held_while_sending, self.budget.bytes)
        self.sent.append(message)
        await asyncio.sleep(0)

    async def run(self) -> None:
        await self.app(self.scope, self.receive, self.send)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def octets(*pieces: bytes, closed: list[bool] | None = None) -> AsyncGenerator[bytes, None]:
    try:
        for piece in pieces:
            yield piece
    finally:
        if closed is not None:
            closed.append(True)


async def test_a_body_passes_as_it_comes() -> None:
    made = Connection(b"one", b"", b"two")
    await made.run()
    assert made.api.read == [b"one", b"two"]
    assert (made.status, made.body, made.headers[b"content-length"]) == (200, b"done", b"4")
    assert b"connection" not in made.headers
    assert made.budget.bytes == 0


async def test_an_answer_goes_as_it_is_read() -> None:
    made = Connection()
    made.api.answer = S3Answer(206, (), octets(b"abc", b"def"), 6)
    await made.run()
    assert (made.status, made.body, made.headers[b"content-length"]) == (206, b"abcdef", b"6")
    assert [message.get("more_body", False) for message in made.sent[1:]] == [True, True, False]
    assert made.held_while_sending == REQUEST_OCTETS
    assert made.budget.bytes == 0


async def test_who_leaves_while_reading_is_read_for_no_more() -> None:
    closed: list[bool] = []
    made = Connection()
    made.api.answer = S3Answer(200, (), octets(*[b"x"] * 1000, closed=closed), 1000)
    made.gone.set()
    await made.run()
    assert len(made.sent) < 10
    assert closed == [True]


async def test_who_leaves_while_sending_gets_no_answer() -> None:
    made = Connection(b"one", content_length="100")
    made.incoming[0]["more_body"] = True
    made.gone.set()
    await made.run()
    assert made.sent == []
    assert made.budget.bytes == 0


async def test_without_room_clients_are_told_to_slow_down() -> None:
    made = Connection(b"body", room=NO_ROOM)
    await made.run()
    assert (made.status, made.headers[b"retry-after"], made.headers[b"connection"]) == (503, b"2", b"close")
    assert b"<Code>SlowDown</Code>" in made.body
    assert (made.api.read, made.traffic.bodies_refused) == ([], 1)


async def test_what_a_refused_client_still_sends_is_dropped() -> None:
    made = Connection(b"one", b"two", b"three")
    made.api.reads = False
    made.api.answer = S3Answer(403, (), b"no")
    await made.run()
    assert (made.status, made.headers[b"connection"], made.body) == (403, b"close", b"no")
    assert made.incoming == []
    assert made.sent[-1] == {"type": "http.response.body", "body": b""}


async def test_a_client_that_asks_first_is_refused_before_it_sends() -> None:
    """RFC 9110 §10.1.1: what was not asked for will not come, and is not waited for."""
    made = Connection(b"body", expect="100-continue")
    made.api.reads = False
    made.api.answer = S3Answer(403, (), b"no")
    await made.run()
    assert (made.status, made.asked) == (403, 0)


async def test_an_object_that_cannot_be_read_is_no_200() -> None:
    from hatobin.ports.blobs import BlobsUnavailable

    async def broken() -> AsyncIterator[bytes]:
        raise BlobsUnavailable("gone")
        yield b""

    made = Connection()
    made.api.answer = S3Answer(200, (), cast(Any, broken()), 10)
    await made.run()
    assert made.status == 503


async def test_who_came_through_a_proxy_is_believed_of_trusted_ones_alone() -> None:
    made = Connection(x_forwarded_for="192.0.2.9", x_forwarded_proto="https")
    await made.run()
    assert (made.api.request.source_ip, made.api.request.is_vouched) == ("127.0.0.1", False)
    assert not made.api.request.is_secure
    trusting = Settings(server=Server(trusted_proxies=("127.0.0.0/8",)))
    made = Connection(settings=trusting, x_forwarded_for="192.0.2.9", x_forwarded_proto="https")
    await made.run()
    assert (made.api.request.source_ip, made.api.request.is_vouched) == ("192.0.2.9", True)
    assert made.api.request.is_secure


async def test_pages_in_a_bucket_do_not_act_in_the_consoles_name() -> None:
    made = Connection()
    await made.run()
    assert made.headers[b"content-security-policy"] == b"sandbox"
    assert made.headers[b"x-content-type-options"] == b"nosniff"


async def test_heads_are_bounded() -> None:
    made = Connection(x_amz_meta_a="a" * 70_000)
    await made.run()
    assert made.status == 400
    for length in ("x", "-1", "1" * 20):
        made = Connection(content_length=length)
        made.gone.set()
        await made.run()
        assert made.status == 400


async def test_answers_without_a_body_say_no_length() -> None:
    for status in (204, 304):
        made = Connection()
        made.api.answer = S3Answer(status)
        await made.run()
        assert b"content-length" not in made.headers
    made = Connection()
    made.scope["method"] = "HEAD"
    made.api.answer = S3Answer(200, length=123)
    await made.run()
    assert made.headers[b"content-length"] == b"123"
