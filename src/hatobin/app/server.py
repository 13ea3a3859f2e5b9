"""A running server: its listeners, its background loops, and its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from hatobin.app.interruption import Interruptible, interrupt
from hatobin.app.listeners import BoundListeners
from hatobin.app.smtp_listeners import RunningSmtp
from hatobin.app.wiring import Assembly
from hatobin.capabilities.queue import BEAT_INTERVAL_S
from hatobin.flow.retention import Retention
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.api import http_protocol

log = structlog.get_logger()

HTTP_BACKLOG = 1024
KEEP_ALIVE_S = 60
BEAT_AFTER_ERROR_S = 1.0
SMTP_GRACE_S = 5.0
CLOSING_S = 1.0
"""What is kept of `server.stop_timeout_s` for giving back the leases and closing the store."""


class _Uvicorn(uvicorn.Server):
    """uvicorn inside our own loop: we handle signals ourselves."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class RunningServer:
    """Serves one worker until it is told to stop."""

    def __init__(self, assembly: Assembly, listeners: BoundListeners, address_file: Path) -> None:
        self._assembly = assembly
        self._listeners = listeners
        self._address_file = address_file
        self._stop = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._http: list[tuple[_Uvicorn, asyncio.Task[None]]] = []
        self._smtp: RunningSmtp | None = None

    async def serve(self, *, supervised: bool = False) -> None:
        """Start everything, say so, and run until a signal comes; then end in order.

        A supervised worker ends as well when its supervisor does: then its standard input ends.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        if supervised:
            loop.add_reader(sys.stdin.fileno(), self._stop.set)
        self._start_loops()
        await self._start_http()
        await self._start_smtp()
        self._announce()
        await self._stop.wait()
        await self._end()

    def _start_loops(self) -> None:
        assembly = self._assembly
        loops: list[Coroutine[Any, Any, None]] = [
            assembly.outbound.dispatcher.run_claims(),
            assembly.outbound.publisher.run(),
            assembly.outbound.sns_deliveries.run(),
            self._beat(),
        ]
        if assembly.does_upkeep:
            loops.append(assembly.queue_upkeep.run())
            loops.append(Retention(assembly.ports, assembly.settings).run())
            if not assembly.settings.instant_verification:
                loops.append(assembly.verification.run())
        for work in loops:
            task = asyncio.get_running_loop().create_task(work)
            task.add_done_callback(self._loop_ended)
            self._loops.append(task)

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        """A background loop that ends by itself is our own bug: say so, and stop the server."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background_loop_failed", exc_info=error)
            self._stop.set()

    async def _beat(self) -> None:
        pause_s = BEAT_INTERVAL_S
        while True:
            await self._assembly.ports.clock.sleep(pause_s)
            pause_s = BEAT_AFTER_ERROR_S
            try:
                taken = await self._assembly.lease.beat()
            except DatabaseUnavailable as error:
                log.warning("heartbeat_waits_for_the_store", error=str(error))
                continue
            except Exception:
                log.exception("beat_failed")
                continue
            pause_s = BEAT_INTERVAL_S
            self._assembly.outbound.dispatcher.renew_lease()
            if taken:
                log.info("took_over", recipients=taken)
                self._assembly.outbound.dispatcher.wake_claims()

    async def _start_http(self) -> None:
        assembly = self._assembly
        protocol = http_protocol(assembly.ports.clock)
        for name in ("http", "https"):
            sockets = self._listeners.sockets.get(name)
            if not sockets:
                continue
            secure: dict[str, Any] = {}
            if name == "https":
                secure = {"ssl_certfile": assembly.tls.certificate, "ssl_keyfile": assembly.tls.key}
            config = uvicorn.Config(
                Interruptible(assembly.root_app),
                http=protocol,
                loop="none",
                lifespan="off",
                ws="none",
                access_log=False,
                server_header=False,
                log_config=None,
                backlog=HTTP_BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
                **secure,
            )
            server = _Uvicorn(config)
            task = asyncio.get_running_loop().create_task(server.serve(sockets=sockets))
            self._http.append((server, task))
        while not all(server.started for server, _ in self._http):
            for _, task in self._http:
                if task.done():
                    task.result()
            await asyncio.sleep(0.002)

    async def _start_smtp(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._assembly.tls.certificate, self._assembly.tls.key)
        self._smtp = await self._assembly.smtp.start(self._listeners.sockets, context)

    def _announce(self) -> None:
        listeners = self._listeners
        ready: dict[str, Any] = {"event": "ready"}
        for name in ("http", "https", "submission", "submission_tls", "trusted"):
            if (address := listeners.address(name)) is not None:
                ready[name] = address
        print(json.dumps(ready), flush=True)
        if self._assembly.settings.server.workers > 1:
            return  # The supervisor speaks for all.
        self._address_file.write_text(json.dumps(ready | {"pid": os.getpid()}) + "\n")
        print(self._assembly.welcome(listeners), file=sys.stderr, flush=True)

    async def _end(self) -> None:
        """Stop taking, finish what runs, give back the leases, close; bounded by `server.stop_timeout_s`."""
        assembly = self._assembly
        assembly.outbound.dispatcher.stop_claiming()
        for server, _ in self._http:
            server.should_exit = True
        try:
            async with asyncio.timeout(max(0.0, assembly.settings.server.stop_timeout_s - CLOSING_S)):
                await interrupt(task for server, _ in self._http for task in server.server_state.tasks)
                if self._smtp is not None:
                    await self._smtp.stop(SMTP_GRACE_S)
                await asyncio.gather(*(task for _, task in self._http))
                await assembly.outbound.dispatcher.stop()
        except TimeoutError:
            log.warning("stop_timed_out")
            await assembly.outbound.dispatcher.abandon()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await assembly.close()
        if assembly.settings.server.workers == 1:
            self._address_file.unlink(missing_ok=True)
