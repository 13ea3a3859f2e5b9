"""The HTTP listeners of a worker: who is let in, the TLS handshake, and an orderly end.

Connections are accepted here and not by uvicorn, because it hears of one only
after its TLS handshake: a handshake that hangs has to hold a place as well.
uvicorn gives the protocol between transport and application.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from hatobin.app.interruption import Interruptible, interrupt
from hatobin.ports import Clock, Ports
from hatobin.servers.api import Admission, BodyBudget, ConnectionLimits, HttpTraffic, LimitedHttpProtocol, Place
from hatobin.servers.local import Measure
from hatobin.words.settings import Settings

log = structlog.get_logger()

ACCEPTS_AT_ONCE = 64
"""Newcomers in one turn of the event loop."""
ACCEPT_PAUSE_S = 1.0
"""How long nobody is let in when the system has no descriptors left, unless somebody leaves in time."""
TLS_SHUTDOWN_S = 2.0
"""How long a closing TLS connection waits for the client's close_notify."""
DATE_INTERVAL_S = 1.0

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TURNED_AWAY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 2\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class HttpListeners:
    """Starts serving one application on the bound sockets `http` and `https`, and another on `tracking`."""

    settings: Settings
    ports: Ports
    app: ASGIApp
    tracking: ASGIApp
    traffic: HttpTraffic

    def start(self, sockets: dict[str, list[socket.socket]], context: ssl.SSLContext) -> RunningHttp:
        """Listen on every configured HTTP socket."""
        server = self.settings.server
        limits = ConnectionLimits.of(server)
        serving = _Serving(self.ports.clock, self._config(self.app), limits, self.traffic, ServerState())
        tracking = replace(serving, config=self._config(self.tracking))
        doors: list[_Door] = []
        for name, tls, served in (("http", None, serving), ("https", context, serving), ("tracking", None, tracking)):
            admission = Admission(
                self.traffic,
                max_connections=server.max_connections,
                max_per_client=server.http_connections_per_client,
            )
            doors += [_Door(one, admission, served, tls) for one in sockets.get(name, [])]
        return RunningHttp(doors, serving.state)

    def _config(self, app: ASGIApp) -> uvicorn.Config:
        config = uvicorn.Config(
            Interruptible(app),
            http=LimitedHttpProtocol,
            loop="none",
            lifespan="off",
            ws="none",
            access_log=False,
            server_header=False,
            log_config=None,
            # On by default, and then loopback and FORWARDED_ALLOW_IPS may say where a request comes from.
            proxy_headers=False,
            timeout_keep_alive=self.settings.server.http_idle_timeout_s,  # type: ignore[arg-type]
        )
        config.load()
        return config


def http_measures(traffic: HttpTraffic, bodies: BodyBudget) -> list[Measure]:
    """Give what `/metrics` says of a worker's HTTP listeners."""
    return [
        Measure("hatobin_http_connections", "Open HTTP connections.", "gauge", lambda: traffic.connections),
        Measure(
            "hatobin_http_turned_away_total",
            "Newcomers who found no place, by whose places were taken.",
            "counter",
            lambda: traffic.turned_away,
            "full",
        ),
        Measure(
            "hatobin_http_put_out_total",
            "Connections without a request that made room for a newcomer.",
            "counter",
            lambda: traffic.put_out,
        ),
        Measure(
            "hatobin_http_timeouts_total",
            "Connections ended because the client was slow, by what was slow.",
            "counter",
            lambda: traffic.timed_out,
            "part",
        ),
        Measure("hatobin_http_body_bytes", "Octets of large request bodies.", "gauge", lambda: bodies.bytes),
        Measure(
            "hatobin_http_bodies_refused_total",
            "Requests answered 503 because their bodies had no room.",
            "counter",
            lambda: traffic.bodies_refused,
        ),
    ]


class RunningHttp:
    """The listening HTTP sockets and their connections."""

    def __init__(self, doors: list[_Door], state: ServerState) -> None:
        self._doors = doors
        self._state = state
        self._dates = asyncio.get_running_loop().create_task(self._tell_date())
        for door in doors:
            door.open()

    async def stop(self, grace_s: float) -> None:
        """Let nobody in, end idle connections, give requests a moment (`interrupt`), cut the rest after `grace_s`."""
        for door in self._doors:
            door.close()
        for door in self._doors:
            await door.entered()
        connections: set[Any] = self._state.connections
        for connection in list(connections):
            connection.shutdown()
        await interrupt(self._state.tasks)
        try:
            async with asyncio.timeout(grace_s):
                for door in self._doors:
                    await door.emptied()
        except TimeoutError:
            pass  # Clients that read their last answer slowly, or know no close_notify.
        for connection in list(connections):
            connection.transport.abort()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks))
        self._dates.cancel()

    async def _tell_date(self) -> None:
        """Keep the Date header of all answers (RFC 9110 §6.6.1)."""
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            await asyncio.sleep(DATE_INTERVAL_S)


@dataclass(frozen=True, slots=True)
class _Serving:
    """What all connections of a worker share."""

    clock: Clock
    config: uvicorn.Config
    limits: ConnectionLimits
    traffic: HttpTraffic
    state: ServerState

    def protocol(self, place: Place) -> LimitedHttpProtocol:
        return LimitedHttpProtocol(
            clock=self.clock,
            limits=self.limits,
            traffic=self.traffic,
            place=place,
            config=self.config,
            server_state=self.state,
        )


class _Door:
    """One listening socket, and the handshakes behind it."""

    def __init__(
        self, listening: socket.socket, admission: Admission, serving: _Serving, tls: ssl.SSLContext | None
    ) -> None:
        self._listening = listening
        self._admission = admission
        self._serving = serving
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._entering: dict[asyncio.Task[None], Place] = {}
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to let connections in."""
        self._pause = None
        self._loop.add_reader(self._listening.fileno(), self._accept)

    def close(self) -> None:
        """Let nobody in any more, and drop whoever is in the middle of a TLS handshake."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()
        for task, place in self._entering.items():
            # Whoever is through it may have sent a request: closed now, it would be served and not answered.
            if self._tls is not None and place.is_waiting(task.cancel):
                task.cancel()

    async def entered(self) -> None:
        """Return when nobody is on the way in any more: at once, after `close`."""
        if self._entering:
            await asyncio.wait(set(self._entering))

    async def emptied(self) -> None:
        """Return when the last connection has ended."""
        await self._admission.emptied()

    def _accept(self) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                connected, peer = self._listening.accept()
            except OSError as error:
                # Nobody more, or one who has gone already (accept(2), "Error handling").
                if error.errno not in _NO_DESCRIPTORS:
                    return
                # As long as the line waits the socket stays readable, so look away for a while.
                log.error("no_more_connections", error=error.strerror, pause_s=ACCEPT_PAUSE_S)
                self._loop.remove_reader(self._listening.fileno())
                self._pause = self._loop.call_later(ACCEPT_PAUSE_S, self.open)
                return
            connected.setblocking(False)
            place = self._admission.admit(peer[0])
            if place is None:
                self._turn_away(connected)
            else:
                self._let_in(connected, place)

    def _let_in(self, connected: socket.socket, place: Place) -> None:
        task = self._loop.create_task(self._shake_hands(connected, place))
        place.wait(task.cancel)
        self._entering[task] = place

        def ended(task: asyncio.Task[None]) -> None:
            """From here on the place is the protocol's, if the handshake came to its end."""
            del self._entering[task]
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is None:
                return
            place.leave()
            connected.close()
            if isinstance(error, ConnectionAbortedError):  # The loop's word for a handshake that took too long.
                self._serving.traffic.timed_out["handshake"] += 1
            elif not isinstance(error, OSError | asyncio.CancelledError):
                log.error("connection_failed", exc_info=error)

        task.add_done_callback(ended)

    async def _shake_hands(self, connected: socket.socket, place: Place) -> None:
        secure: dict[str, Any] = {}
        if self._tls is not None:
            secure = {
                "ssl_handshake_timeout": self._serving.limits.head_timeout_s,
                "ssl_shutdown_timeout": TLS_SHUTDOWN_S,
            }
        await self._loop.connect_accepted_socket(
            lambda: self._serving.protocol(place), connected, ssl=self._tls, **secure
        )

    def _turn_away(self, connected: socket.socket) -> None:
        """Say so where that needs no handshake, and close."""
        if self._tls is None:
            try:
                connected.send(_TURNED_AWAY)
            except OSError:
                pass
        connected.close()
