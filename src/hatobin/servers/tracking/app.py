"""The ASGI callable of tracked addresses.

`GET /L0/…` records a click and redirects; `GET /I0/…` records an open and
gives a picture of one transparent pixel. HEAD answers alike and records
nothing: whoever asks so only looks whether something is there. What was
changed on its way, or asked for under a foreign host, leads nowhere (404).

The address itself is the authority: no cookie, no login, nothing cached.

Refs: RFC 9110 §15.4.3 (302), §9.3.2 (HEAD); RFC 9111 §5.2.2.5 (no-store);
AWS developer guide "faqs-metrics".
"""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from hatobin.capabilities.tracking import LINK_PATH, PIXEL_PATH, TrackedLink
from hatobin.flow.engagement import Engagements, Visitor
from hatobin.gateway import joined_headers
from hatobin.servers.api import TrustedProxies
from hatobin.servers.tracking.hosts import TrackingHosts
from hatobin.words.settings import Settings

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""GIF89a: one pixel of a transparent colour."""

_Headers = list[tuple[bytes, bytes]]
_COMMON: _Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
_NOWHERE = b"This link leads nowhere. It may be incomplete.\n"


class TrackingApp:
    """Answers tracked links and pixels."""

    def __init__(self, engagements: Engagements, settings: Settings) -> None:
        self._engagements = engagements
        self._hosts = TrackingHosts(settings)
        self._proxies = TrustedProxies(settings.server.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        if method not in ("GET", "HEAD"):
            await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"", method)
            return
        headers = joined_headers(scope["headers"])
        seals = await self._engagements.seals()
        found = None
        if path.startswith(LINK_PATH):
            found = seals.read_link(path[len(LINK_PATH) :])
        elif path.startswith(PIXEL_PATH):
            found = seals.read_pixel(path[len(PIXEL_PATH) :])
        if found is None or not self._hosts.serves(found, headers.get("host")):
            await _answer(send, 404, [(b"content-type", b"text/plain; charset=utf-8")], _NOWHERE, method)
            return
        if method == "GET":
            await self._record(found, self._visitor(scope, headers))
        if found.url:
            await _answer(send, 302, [(b"location", found.url)], b"", method)
        else:
            await _answer(send, 200, [(b"content-type", b"image/gif")], PIXEL, method)

    async def _record(self, found: TrackedLink, visitor: Visitor) -> None:
        if found.url:
            await self._engagements.clicked(found, visitor)
        else:
            await self._engagements.opened(found, visitor)

    def _visitor(self, scope: Scope, headers: dict[str, str]) -> Visitor:
        client = scope.get("client")
        origin = self._proxies.origin(client[0] if client else "", None, headers)
        purpose = f"{headers.get('sec-purpose', '')} {headers.get('purpose', '')}".lower()
        return Visitor(origin.source_ip, headers.get("user-agent", ""), "prefetch" in purpose)


async def _answer(send: Send, status: int, headers: _Headers, body: bytes, method: str) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *_COMMON, length]})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
