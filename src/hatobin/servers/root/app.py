"""The root ASGI callable: which part of the server a request is for.

In this order: what is for S3, whose paths are buckets' and keys' of any name;
local paths whose names no other AWS request can have; what is signed
goes to the AWS APIs; the other local paths and the console; what is unsigned
but has the form of an AWS request (to be refused in AWS's words); the
certificate of SNS; a person at the front door. Whatever goes wrong in a part
is logged here and never shown.

Refs: ASGI 3.0; house §7 row "HTTP".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from hatobin.ports import HttpUnreachable
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.api import is_aws_request
from hatobin.servers.s3 import is_from_sdk, is_s3_request
from hatobin.words.settings import Settings

log = structlog.get_logger()

CERTIFICATE_CACHE_S = 86_400

_CONSOLE = "/console"
# "_" begins no bucket name, so these can never be meant for an AWS API.
_LOCAL_ONLY = ("/_hatobin/", "/_aws/", "/_localstack/")
_LOCAL = frozenset({"/healthz", "/readyz", "/metrics", "/store", "/clear-store", "/health-check"})
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem\Z")
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_HINT = (
    "Nothing is here. AWS requests are signed and go to /, people go to /console/, tests to /_hatobin/inbox, "
    "machines that watch to /healthz, /readyz and /metrics."
)


class RootApp:
    """Hands each request to the part that answers it.

    `others` maps path prefixes of further parts (tracking) to their apps;
    they get unsigned requests only.
    """

    def __init__(
        self,
        api: ASGIApp,
        console: ASGIApp,
        local: ASGIApp,
        s3: ASGIApp,
        *,
        sns_certificate: bytes,
        settings: Settings,
        others: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self._api = api
        self._console = console
        self._local = local
        self._s3 = s3
        self._sns_certificate = sns_certificate
        self._has_console = settings.console.enabled
        self._others = dict(others or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of ASGI: a request, or the server's own start and stop."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            # A WebSocket is closed before it is accepted, which the client sees as 403.
            await send({"type": "websocket.close", "code": 1000})
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._route(scope)(scope, receive, send)
        except (DatabaseUnavailable, BlobsUnavailable) as error:
            log.warning("store_unavailable", path=scope["path"], error=str(error))
            await _instead(send, 503, "The store does not answer now. Try again.")
        except HttpUnreachable as error:
            log.warning("passing_on_broke_off", path=scope["path"], error=str(error))
            await _instead(send, 502, "The service behind this server broke off its answer.")
        except Exception:
            # Our own bug: the whole of it for the operator, nothing of it for the caller.
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            await _instead(send, 500, "The server made a mistake. Its log says which.")

    def _route(self, scope: Scope) -> ASGIApp:
        path = scope["path"]
        if is_s3_request(scope):
            return self._s3
        if path.startswith(_LOCAL_ONLY):
            return self._local
        if _is_signed(scope):
            return self._api
        if path in _LOCAL:
            return self._local
        if self._has_console and (path == _CONSOLE or path.startswith(f"{_CONSOLE}/")):
            return self._console
        for prefix, app in self._others.items():
            if path.startswith(prefix):
                return app
        if is_aws_request(scope):
            return self._api
        if _CERTIFICATE.match(path) and scope["method"] in _SAFE_METHODS:
            return self._certificate
        if path == "/" and self._has_console and scope["method"] in _SAFE_METHODS:
            return _to_console
        return self._s3 if is_from_sdk(scope) else _not_found

    async def _certificate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the certificate that verifies SNS messages; it is public."""
        headers = [
            (b"content-type", b"application/x-pem-file"),
            (b"cache-control", b"public, max-age=%d" % CERTIFICATE_CACHE_S),
        ]
        await _respond(send, 200, headers, self._sns_certificate)


def _is_signed(scope: Scope) -> bool:
    """Say whether a request carries a signature, right or wrong; a console path may be a bucket's, too."""
    if b"X-Amz-Signature=" in scope["query_string"]:
        return True
    for name, value in scope["headers"]:
        if name == b"x-amz-target" or (name == b"authorization" and value.startswith(b"AWS4-")):
            return True
    return False


async def _to_console(scope: Scope, receive: Receive, send: Send) -> None:
    await _respond(send, 302, [(b"location", b"/console/"), (b"cache-control", b"no-store")], b"")


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await _json(send, 404, _HINT)


async def _instead(send: Send, status: int, message: str) -> None:
    """Answer for a part that could not; where its own answer had begun, the server refuses a second one."""
    try:
        await _json(send, status, message)
    except RuntimeError:
        pass  # The connection is closed, so the client sees that what it has is not whole.


async def _json(send: Send, status: int, message: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await _respond(send, status, headers, msgspec.json.encode({"message": message}))


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    nosniff = (b"x-content-type-options", b"nosniff")
    await send({"type": "http.response.start", "status": status, "headers": [*headers, nosniff, length]})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Agree to start and stop; the parts are started by whoever made them."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
