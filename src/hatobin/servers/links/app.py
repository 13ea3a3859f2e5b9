"""The ASGI callable of the links.

`GET /verify/TOKEN` verifies and redirects, as SES does. `GET
/unsubscribe/TOKEN` only shows the preference page, so that programs which
follow every link of a mail unsubscribe nobody; a POST changes something: the
one click of a mail program (RFC 8058 §3.2), or the page's own form.

Neither asks for a cookie, an origin or a login: RFC 8058 §3.2 forbids it, and
the token is the authority.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from hatobin.capabilities import identities
from hatobin.capabilities.contacts import ONE_CLICK, Choice
from hatobin.flow.subscription import Subscriptions
from hatobin.ports import Ports
from hatobin.protocols.mail.content_type import parse_disposition
from hatobin.protocols.mail.errors import MessageError
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.mime import parse_parts
from hatobin.servers.links.pages import notice, preference_page, redirection

MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 200

Form = list[tuple[str, str]]


class LinksApp:
    """Answers the links of verification mails and of list-managed messages."""

    def __init__(self, ports: Ports, subscriptions: Subscriptions) -> None:
        self._ports = ports
        self._subscriptions = subscriptions
        self._router = Router(
            [
                Route("/verify/{token}", self._verify, methods=["GET"]),
                Route("/unsubscribe/{token}", self._show, methods=["GET"]),
                Route("/unsubscribe/{token}", self._change, methods=["POST"]),
            ],
            redirect_slashes=False,
            default=_unknown_path,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._router(scope, receive, send)

    async def _verify(self, request: Request) -> Response:
        if request.method == "HEAD" or _is_prefetch(request):
            return Response(headers={"cache-control": "no-store"})  # Looking whether a page is there opens no link.
        token, now = request.path_params["token"], self._ports.clock.now()
        opened = await self._ports.database.write(lambda session: identities.open_link(session, token, now))
        if opened.redirect is not None:
            return redirection(opened.redirect)
        if opened.verified:
            return notice(request, "verified", "verified_text", address=opened.address or "")
        return notice(request, "not_verified", "not_verified_text", status=404)

    async def _show(self, request: Request) -> Response:
        found = await self._subscriptions.show(request.path_params["token"])
        if found is None:
            return _unknown(request)
        address, preferences = found
        return preference_page(request, address, preferences)

    async def _change(self, request: Request) -> Response:
        form = await _form(request)
        if form is None:
            return _unknown(request, status=400)
        token = request.path_params["token"]
        # RFC 8058 §3.2: this one pair, in either encoding of a form.
        if tuple(ONE_CLICK.split("=")) in form:
            if not await self._subscriptions.unsubscribe(token):
                return _unknown(request)
            return notice(request, "unsubscribed", "saved_text", link=request.url.path)
        choice = _choice(form)
        if choice is None:
            return _unknown(request, status=400)
        if not await self._subscriptions.choose(token, choice):
            return _unknown(request)
        return notice(request, "saved", "saved_text", link=request.url.path)


def _is_prefetch(request: Request) -> bool:
    """Say whether a browser asks before its user does (Fetch, "Sec-Purpose")."""
    return any("prefetch" in request.headers.get(name, "").lower() for name in ("sec-purpose", "purpose"))


def _choice(form: Form) -> Choice | None:
    """Read the page's own form; None for any other."""
    fields = dict(form)
    if fields.get("choice") not in ("topics", "none"):
        return None
    return Choice(
        shown=frozenset(value for name, value in form if name == "shown"),
        wanted=frozenset(value for name, value in form if name == "wanted"),
        unsubscribe_all=fields["choice"] == "none",
    )


async def _form(request: Request) -> Form | None:
    """Read a form, urlencoded or multipart (RFC 8058 §3.2 allows both); None for what is none, or too large."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_FORM_BYTES:
                return None
    except ClientDisconnect:
        return None
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        return _multipart(content_type, bytes(body))
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None


def _multipart(content_type: str, body: bytes) -> Form | None:
    """Read multipart/form-data (RFC 7578), which is a multipart like any other."""
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    try:
        message = split_message(head + body)
        return [
            (parse_disposition(field.value).parameters.get("name", ""), text.decode())
            for part in parse_parts(message).children[:MAX_FIELDS]
            for text in [message.raw[part.body_start : part.end]]
            for field in part.fields
            if field[0] == "content-disposition"
        ]
    except (MessageError, ValueError):
        return None


def _unknown(request: Request, *, status: int = 404) -> Response:
    return notice(request, "unknown", "unknown_text", status=status)


async def _unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    await _unknown(Request(scope, receive))(scope, receive, send)
