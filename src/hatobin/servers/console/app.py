"""The ASGI callable of the console: guard, routes, and who may change something.

Links from other sites may lead to a page, forms may not: what changes
something must come from a page of this very server, as `Origin` or
`Sec-Fetch-Site` tells. Nothing needs a cookie, so there is no session to ride.

Refs: W3C "Fetch Metadata Request Headers"; RFC 6454 §7.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from hatobin.ports import Ports
from hatobin.servers.console.assets import asset
from hatobin.servers.console.first_contact import SmtpLogin, smtp_login
from hatobin.servers.console.lists import Lists
from hatobin.servers.console.log_page import LogPages
from hatobin.servers.console.message_page import MessagePages
from hatobin.servers.console.rendering import Pages, fenced
from hatobin.servers.local import InboxReader, LocalGuard, is_own_origin
from hatobin.words.settings import Settings

_SAFE_METHODS = frozenset({"GET", "HEAD"})


class ConsoleApp:
    """Answers `/console/` over ASGI. `smtp` is shown to newcomers; by default the settings tell it."""

    def __init__(self, ports: Ports, settings: Settings, *, smtp: SmtpLogin | None = None) -> None:
        self._guard = LocalGuard(settings)
        self._pages = Pages(ports.clock, ports.entropy)
        self._settings = settings
        reader = InboxReader(ports)
        lists = Lists(ports, settings, self._pages, reader, smtp or smtp_login(settings))
        messages = MessagePages(ports, settings, self._pages, reader)
        one = "/console/messages/{message_id}"
        self._router = Router(
            [
                Route("/console", _to_slash),
                Route("/console/", lists.front),
                Route("/console/sent", lists.sent),
                Route("/console/log", LogPages(ports, settings, self._pages).search),
                Route("/console/newest", lists.newest),
                Route("/console/assets/{name}", asset),
                Route("/console/delete-all", messages.delete_all, methods=["POST"]),
                Route(f"{one}/html", messages.frame),
                Route(f"{one}/eml", messages.eml),
                Route(f"{one}/files/{{position:int}}", messages.file),
                Route(f"{one}/delete", messages.delete, methods=["POST"]),
                Route(one, messages.show),
            ],
            redirect_slashes=False,
            default=self._missing,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = self._guard.refusal(scope, links_allowed=True)
        if refusal is None and scope["method"] not in _SAFE_METHODS and not _comes_from_console(scope):
            refusal = "What changes something here must come from a page of this console."
        if refusal is not None:
            await PlainTextResponse(f"{refusal}\n", 403, fenced("DENY"))(scope, receive, send)
            return
        await self._router(scope, receive, send)

    async def _missing(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page = self._pages.page(request, "missing.html", status=404, place="", delivery=self._settings.delivery)
        await page(scope, receive, send)


async def _to_slash(request: Request) -> Response:
    return RedirectResponse("/console/", 308)


def _comes_from_console(scope: Scope) -> bool:
    """Say whether a browser vouches that our own page sends this. The guard refused all foreign ones already."""
    return is_own_origin(scope) or any(
        name == b"sec-fetch-site" and value == b"same-origin" for name, value in scope["headers"]
    )
