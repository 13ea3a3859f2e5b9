"""The ASGI callable of the local paths: guard, routes, and the mode that some of them need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from hatobin.ports import Ports
from hatobin.servers.local.answers import BadQuery, problem
from hatobin.servers.local.backlog_path import BacklogPath
from hatobin.servers.local.clock_path import Advance, ClockPath
from hatobin.servers.local.emulators import EmulatorPaths
from hatobin.servers.local.explanation import ExplainPath
from hatobin.servers.local.figures import StoreFigures
from hatobin.servers.local.guard import LocalGuard
from hatobin.servers.local.health import HealthPaths
from hatobin.servers.local.inbox_paths import InboxPaths
from hatobin.servers.local.messages_path import MessagesPath
from hatobin.servers.local.reading import InboxReader
from hatobin.servers.local.sharing import WorkerFigures, WorkerPlace
from hatobin.servers.local.waiting import InboxWaiters
from hatobin.words.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]

# Asked by machines that watch us: probes say nothing, so anybody may; figures are for local peers of any Host.
_PROBES = frozenset({"/healthz", "/readyz"})
_WATCHED = frozenset({"/metrics"})


class LocalApp:
    """Answers the local paths over ASGI.

    `waiters` must be notified after each commit that may have kept mail.
    `advance` moves the clock of `ports` where that is a simulated one.
    `workers` is what the workers of this node count, for `/metrics`.
    """

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        *,
        waiters: InboxWaiters,
        advance: Advance | None = None,
        workers: WorkerFigures | None = None,
    ) -> None:
        self._settings = settings
        self._guard = LocalGuard(settings)
        reader = InboxReader(ports)
        health = HealthPaths(
            ports,
            StoreFigures(ports, settings.server.dead_after_s),
            workers or WorkerFigures(ports, (), WorkerPlace()),
        )
        self._router = Router(
            [
                *self._inbox_routes(InboxPaths(ports.clock, reader, waiters)),
                *self._emulator_routes(EmulatorPaths(ports.database, reader)),
                _route("/_hatobin/explain/{message_id}", ExplainPath(ports.database).explain),
                _route("/_hatobin/messages", MessagesPath(ports).search),
                _route("/_hatobin/backlog", BacklogPath(ports).show),
                _route("/_hatobin/clock", ClockPath(ports.clock, advance).move, "POST"),
                _route("/healthz", health.alive),
                _route("/readyz", health.ready),
                _route("/metrics", health.metrics),
            ],
            redirect_slashes=False,
            default=_not_found,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = self._refusal(scope)
        if refusal is not None:
            await problem(403, refusal)(scope, receive, send)
            return
        try:
            await self._router(scope, receive, send)
        except BadQuery as bad:
            await problem(400, str(bad))(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        path = scope["path"]
        if path in _PROBES:
            return None
        return self._guard.peer_refusal(scope) if path in _WATCHED else self._guard.refusal(scope)

    def _inbox_routes(self, inbox: InboxPaths) -> list[Route]:
        return [
            _route("/_hatobin/inbox", self._in_mailbox_mode(inbox.search)),
            _route("/_hatobin/inbox", self._in_mailbox_mode(inbox.clear), "DELETE"),
            _route("/_hatobin/inbox/{identifier}", self._in_mailbox_mode(inbox.message)),
            _route("/_hatobin/inbox/{identifier}", self._in_mailbox_mode(inbox.delete), "DELETE"),
        ]

    def _emulator_routes(self, emulators: EmulatorPaths) -> list[Route]:
        return [
            _route("/_localstack/health", emulators.localstack_health),
            _route("/_aws/ses", self._in_mailbox_mode(emulators.sent)),
            _route("/_aws/ses", self._in_mailbox_mode(emulators.delete_sent), "DELETE"),
            _route("/store", self._in_mailbox_mode(emulators.store)),
            _route("/clear-store", self._in_mailbox_mode(emulators.clear_store), "POST"),
            _route("/health-check", emulators.health_check),
        ]

    def _in_mailbox_mode(self, endpoint: Endpoint) -> Endpoint:
        """Let an endpoint answer only where mail is captured."""
        mode = self._settings.delivery.mode
        if mode == "mailbox":
            return endpoint

        async def refuse(request: Request) -> Response:
            return problem(404, f'There is no inbox: delivery.mode is "{mode}" and mail leaves. It needs "mailbox".')

        return refuse


def _route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
    return Route(path, endpoint, methods=[method])


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await problem(404, f"{scope['method']} {scope['path'][:200]} is no local path.")(scope, receive, send)
