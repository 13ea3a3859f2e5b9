"""The ASGI callable of S3: gives the body of a request as it comes, sends the answer as it is read.

A request holds a few pieces in memory and never more: what the connection has
read ahead, what is being written, what is being sent. That much is taken from
the budget of large bodies for as long as the request lasts; without room it
is told to slow down. How slow a client may be is the connection's matter.

Refs: ASGI 3.0 HTTP specification; RFC 9110 §10.1.1 (Expect), RFC 9112 §9.6.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from starlette.types import Message, Receive, Scope, Send

from hatobin.companions.s3 import ClientGone, S3Answer, S3Api, S3Request
from hatobin.gateway import joined_headers
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.protocols.aws.s3.errors import refusal
from hatobin.servers.api import BodyBudget, HttpTraffic, TrustedProxies
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

REQUEST_OCTETS = 1024 * 1024
"""What one request with a body, or with an answer in pieces, holds in memory at most."""

_RETRY_AFTER_S = b"2"
_NO_BODY = (204, 304)


class S3App:
    """Answers requests to S3 over ASGI."""

    def __init__(self, api: S3Api, settings: Settings, budget: BodyBudget, traffic: HttpTraffic) -> None:
        self._api = api
        self._max_head_bytes = settings.server.http_head_bytes
        self._max_dropped_bytes = settings.server.max_body_bytes
        self._budget = budget
        self._traffic = traffic
        self._proxies = TrustedProxies(settings.server.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves gets none."""
        request = self._request(scope)
        source = _Source(receive, request)
        refused = self._refusal(scope, request)
        if refused is not None:
            await self._send(self._api.refuse(request, refused), source, send)
            return
        with self._budget.share() as share:
            if not share.take(REQUEST_OCTETS):
                self._traffic.bodies_refused += 1
                await self._send(self._api.refuse(request, refusal("SlowDown")), source, send)
                return
            try:
                answer = await self._api.handle(request, source)
            except ClientGone:
                return
            await self._send(answer, source, send)

    def _request(self, scope: Scope) -> S3Request:
        client, headers = scope.get("client"), joined_headers(scope["headers"])
        tls_version = None if scope.get("extensions", {}).get("tls") is None else "TLS"
        origin = self._proxies.origin(client[0] if client else "", tls_version, headers)
        return S3Request(
            method=scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            source_ip=origin.source_ip,
            is_secure=origin.tls_version is not None,
            is_vouched=origin.is_vouched,
        )

    def _refusal(self, scope: Scope, request: S3Request) -> CallerError | None:
        head_bytes = len(scope["query_string"]) + len(scope["raw_path"])
        for name, value in scope["headers"]:
            head_bytes += len(name) + len(value)
        if head_bytes > self._max_head_bytes:
            return CallerError("RequestHeaderSectionTooLarge", "Your request header section is too large.", status=400)
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            return CallerError("InvalidRequest", "The Content-Length header is not a number.", status=400)
        return None

    async def _send(self, answer: S3Answer, source: _Source, send: Send) -> None:
        """Send an answer; what the client is still sending is dropped, up to a bound, and the connection ends then."""
        if isinstance(answer.body, bytes):
            is_unread = not source.is_ended
            await send(_start(answer, closes=is_unread))
            drops = is_unread and source.is_coming
            await send({"type": "http.response.body", "body": answer.body, "more_body": drops})
            if drops:
                await source.drop(self._max_dropped_bytes)
                await send({"type": "http.response.body", "body": b""})
            return
        # A reader that is left before its end lets go of its file here.
        async with aclosing(answer.body) as pieces:
            try:
                first = await anext(pieces, b"")
            except BlobsUnavailable:
                await self._send(self._api.refuse(source.request, refusal("ServiceUnavailable")), source, send)
                return
            await send(_start(answer, closes=not source.is_ended))
            await self._send_pieces(first, pieces, source, send)

    async def _send_pieces(
        self, first: bytes, pieces: AsyncGenerator[bytes, None], source: _Source, send: Send
    ) -> None:
        """Send pieces as the client takes them; stop reading when it has gone."""
        leaving = asyncio.get_running_loop().create_task(source.left())
        try:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in pieces:
                if leaving.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving


class _Source:
    """The body of one request, out of ASGI's messages."""

    def __init__(self, receive: Receive, request: S3Request) -> None:
        self._receive = receive
        self.request = request
        self._has_read = False
        headers = request.headers
        self.is_ended = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers

    @property
    def is_coming(self) -> bool:
        """Whether the client sends its body: one that asked first, and was refused, does not (RFC 9110 §10.1.1)."""
        return self._has_read or "expect" not in self.request.headers

    async def read(self) -> bytes:
        """See `BodySource.read`. Raises `ClientGone`."""
        while not self.is_ended:
            self._has_read = True
            message = await self._receive()
            self._note(message)
            if message["type"] != "http.request":
                raise ClientGone
            if body := message.get("body", b""):
                return bytes(body)
        return b""

    async def drop(self, limit: int) -> None:
        """Read what is left and forget it, up to `limit` octets."""
        with suppress(ClientGone):
            while limit > 0 and (data := await self.read()):
                limit -= len(data)

    async def left(self) -> None:
        """Return when the client has gone."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return
            self._note(message)

    def _note(self, message: Message) -> None:
        self.is_ended = not message.get("more_body", False)


def _start(answer: S3Answer, *, closes: bool) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in _NO_BODY:
        length = len(answer.body) if answer.length is None and isinstance(answer.body, bytes) else answer.length
        headers.append((b"content-length", str(length).encode()))
    # Path style puts objects beside our console: a page among them gets no script and an origin of its own.
    headers += [(b"content-security-policy", b"sandbox"), (b"x-content-type-options", b"nosniff")]
    if answer.status == 503:
        headers.append((b"retry-after", _RETRY_AFTER_S))
    if closes:
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
