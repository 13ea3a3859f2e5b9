"""The ASGI callable of the AWS APIs: reads a bounded body, asks the gateway, sends the answer.

Refs: ASGI 3.0 HTTP specification and its TLS extension.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from hatobin.gateway import Gateway, HttpRequest, HttpResponse, joined_headers
from hatobin.servers.api.connection import MAX_HEAD_BYTES
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_AWS_PATHS = (b"/v2/email/", b"/v1/email/", b"/service/")
_AWS_QUERY_PARTS = (b"X-Amz-Signature=", b"X-Amz-Algorithm=", b"Action=")
_TLS_VERSIONS = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


def is_aws_request(scope: Scope) -> bool:
    """Say whether a request is for an AWS API: signed, or in one of the forms that only those have.

    An unsigned one belongs there too, to be refused in AWS's words.
    """
    query = scope["query_string"]
    if scope["raw_path"].startswith(_AWS_PATHS) or any(part in query for part in _AWS_QUERY_PARTS):
        return True
    for name, value in scope["headers"]:
        if name == b"x-amz-target" or (name == b"authorization" and value.startswith(b"AWS4-")):
            return True
    # A form posted to the root can only be a Query request.
    return bool(scope["method"] == "POST" and scope["raw_path"] == b"/")


class ApiApp:
    """Answers AWS requests over ASGI."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._max_body_bytes = settings.server.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves while sending gets none."""
        head = _head(scope)
        refusal = self._refusal(scope, head)
        if refusal is not None:
            await _send(send, self._gateway.refuse(head, refusal), close=True)
            return
        body = await _read_body(receive, self._max_body_bytes)
        if body is None:
            return
        if len(body) > self._max_body_bytes:
            await _send(send, self._gateway.refuse(head, _too_large()), close=True)
            return
        await _send(send, await self._gateway.handle(_with_body(head, body)))

    def _refusal(self, scope: Scope, head: HttpRequest) -> CallerError | None:
        """Say what is wrong with a request before its body is read."""
        head_bytes = len(scope["query_string"]) + len(scope["raw_path"])
        head_bytes += sum(len(name) + len(value) for name, value in scope["headers"])
        if head_bytes > MAX_HEAD_BYTES:
            return CallerError("RequestHeaderSectionTooLarge", "The request header section is too large.", status=431)
        length = head.headers.get("content-length")
        if length is None:
            return None
        if not (length.isascii() and length.isdigit()):
            return CallerError("InvalidContentLength", "The Content-Length header is not a number.", status=400)
        return _too_large() if int(length[:19]) > self._max_body_bytes else None


def _too_large() -> CallerError:
    return CallerError("RequestEntityTooLarge", "The request body is larger than this server accepts.", status=413)


def _head(scope: Scope) -> HttpRequest:
    tls = scope.get("extensions", {}).get("tls")
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=joined_headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=b"",
        source_ip=client[0] if client else "",
        tls_version=None if tls is None else _TLS_VERSIONS.get(tls["tls_version"], "TLS"),
    )


def _with_body(head: HttpRequest, body: bytes) -> HttpRequest:
    return HttpRequest(
        head.method, head.raw_path, head.query, head.headers, body, head.source_ip, tls_version=head.tls_version
    )


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Read the whole body, one part beyond `limit` at most; None when the client has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if not message.get("more_body", False) or size > limit:
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(send: Send, response: HttpResponse, *, close: bool = False) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    if close:
        # What the client is still sending is not read.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
