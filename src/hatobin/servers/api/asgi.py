"""The ASGI callable of the AWS APIs: reads a bounded body, asks the gateway, sends the answer.

A body that is not taken is read to its end all the same and dropped, after
the answer: a client that is still sending would otherwise find its connection
reset, and the answer with it (RFC 9112 §9.6).

Refs: ASGI 3.0 HTTP specification and its TLS extension.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import Any

from hatobin.gateway import Gateway, HttpRequest, HttpResponse, joined_headers, rest_service
from hatobin.servers.api.admission import HttpTraffic
from hatobin.servers.api.budget import SMALL_BODY_BYTES, BodyBudget, BodyShare
from hatobin.servers.api.forwarding import TrustedProxies
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_AWS_QUERY_PARTS = (b"X-Amz-Signature=", b"X-Amz-Algorithm=", b"Action=")
_RETRY_AFTER_S = b"2"
"""What a 503 says: the time in which a large body usually comes and goes (RFC 9110 §10.2.3)."""
_TLS_VERSIONS = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


def is_aws_request(scope: Scope) -> bool:
    """Say whether a request is for an AWS API: signed, or in one of the forms that only those have.

    An unsigned one belongs there too, to be refused in AWS's words.
    """
    query = scope["query_string"]
    if _is_aws_path(scope["raw_path"]) or any(part in query for part in _AWS_QUERY_PARTS):
        return True
    for name, value in scope["headers"]:
        if name == b"x-amz-target" or (name == b"authorization" and value.startswith(b"AWS4-")):
            return True
    # A form posted to the root can only be a Query request.
    return bool(scope["method"] == "POST" and scope["raw_path"] == b"/")


def _is_aws_path(path: bytes) -> bool:
    return path.startswith(b"/service/") or rest_service(path.decode("latin-1")) is not None


class ApiApp:
    """Answers AWS requests over ASGI."""

    def __init__(self, gateway: Gateway, settings: Settings, budget: BodyBudget, traffic: HttpTraffic) -> None:
        self._gateway = gateway
        self._max_body_bytes = settings.server.max_body_bytes
        self._max_head_bytes = settings.server.http_head_bytes
        self._budget = budget
        self._traffic = traffic
        self._proxies = TrustedProxies(settings.server.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves while sending gets none."""
        head = self._head(scope)
        refusal = self._refusal(scope, head)
        if refusal is not None:
            await self._refuse(head, refusal, receive, send)
            return
        message = await receive()
        if message["type"] != "http.request":
            return
        body = message.get("body", b"")
        if message.get("more_body", False) or len(body) > SMALL_BODY_BYTES:
            with self._budget.share() as share:
                await self._answer_large(head, message, share, receive, send)
            return
        if len(body) > self._max_body_bytes:
            await self._refuse(head, _too_large(), None, send)
            return
        await self._hand_over(await self._gateway.handle(_with_body(head, body)), receive, send)

    async def _answer_large(
        self, head: HttpRequest, first: Message, share: BodyShare, receive: Receive, send: Send
    ) -> None:
        body, has_more = await self._read_body(first, share, receive)
        if isinstance(body, CallerError):
            await self._refuse(head, body, receive if has_more else None, send)
        elif body is not None:
            await self._hand_over(await self._gateway.handle(_with_body(head, body)), receive, send)

    async def _hand_over(self, response: HttpResponse, receive: Receive, send: Send) -> None:
        if response.pieces is None:
            await _send(send, response)
            return
        async with aclosing(response.pieces) as pieces:
            first = await anext(pieces, b"")
            await send({"type": "http.response.start", "status": response.status, "headers": _encoded(response)})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            await _send_pieces(pieces, receive, send)

    async def _read_body(
        self, message: Message, share: BodyShare, receive: Receive
    ) -> tuple[bytes | CallerError | None, bool]:
        """Read the whole body, or as much of it as is taken, and say whether there is more.

        None instead of a body when the client has gone.
        """
        parts: list[bytes] = []
        size = 0
        while True:
            if message["type"] != "http.request":
                return None, False
            part, has_more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > self._max_body_bytes:
                return _too_large(), has_more
            if size > SMALL_BODY_BYTES and not share.take(size - share.bytes):
                return self._no_room(), has_more
            parts.append(part)
            if not has_more:
                return (parts[0] if len(parts) == 1 else b"".join(parts)), False
            message = await receive()

    def _refusal(self, scope: Scope, head: HttpRequest) -> CallerError | None:
        """Say what is wrong with a request before its body is read."""
        head_bytes = len(scope["query_string"]) + len(scope["raw_path"])
        for name, value in scope["headers"]:
            head_bytes += len(name) + len(value)
        if head_bytes > self._max_head_bytes:
            return CallerError("RequestHeaderSectionTooLarge", "The request header section is too large.", status=431)
        length = head.headers.get("content-length")
        if length is None:
            return None
        if not (length.isascii() and length.isdigit()):
            return CallerError("InvalidContentLength", "The Content-Length header is not a number.", status=400)
        size = int(length[:19])
        if size > self._max_body_bytes:
            return _too_large()
        # Said before it is sent, where the length is known; what is not here yet takes no room.
        return self._no_room() if size > SMALL_BODY_BYTES and not self._budget.has_room(size) else None

    def _head(self, scope: Scope) -> HttpRequest:
        tls = scope.get("extensions", {}).get("tls")
        client, headers = scope.get("client"), joined_headers(scope["headers"])
        origin = self._proxies.origin(
            client[0] if client else "",
            None if tls is None else _TLS_VERSIONS.get(tls["tls_version"], "TLS"),
            headers,
        )
        return HttpRequest(
            method=scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=b"",
            source_ip=origin.source_ip,
            tls_version=origin.tls_version,
            is_vouched=origin.is_vouched,
        )

    def _no_room(self) -> CallerError:
        self._traffic.bodies_refused += 1
        return CallerError("ServiceUnavailable", "The service is unavailable. Please try again later.", status=503)

    async def _refuse(self, head: HttpRequest, error: CallerError, receive: Receive | None, send: Send) -> None:
        """Answer in the request's own protocol; what the client is still sending, up to a whole body, is dropped.

        `receive` is None when the client has sent everything.
        """
        await _send(send, self._gateway.refuse(head, error), close=True, unread=receive)
        if receive is None:
            return
        dropped = 0
        while dropped <= self._max_body_bytes:
            message = await receive()
            if message["type"] != "http.request":
                return
            dropped += len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        await send({"type": "http.response.body", "body": b""})


def _too_large() -> CallerError:
    return CallerError("RequestEntityTooLarge", "The request body is larger than this server accepts.", status=413)


def _with_body(head: HttpRequest, body: bytes) -> HttpRequest:
    return HttpRequest(
        head.method,
        head.raw_path,
        head.query,
        head.headers,
        body,
        head.source_ip,
        tls_version=head.tls_version,
        is_vouched=head.is_vouched,
    )


async def _send(send: Send, response: HttpResponse, *, close: bool = False, unread: object = None) -> None:
    """Send a whole answer; with `unread` the connection stays open for what the client is still sending."""
    headers = _encoded(response)
    headers.append((b"content-length", str(len(response.body)).encode()))
    if response.status == 503:
        headers.append((b"retry-after", _RETRY_AFTER_S))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": unread is not None})


def _encoded(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]


async def _send_pieces(pieces: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Send pieces as the client takes them; stop reading when it has gone."""
    leaving = asyncio.get_running_loop().create_task(_left(receive))
    try:
        async for piece in pieces:
            if leaving.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
