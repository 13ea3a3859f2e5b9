"""A running server: its listeners, its background loops, and its orderly end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import Coroutine
from typing import Any

import structlog

from hatobin.app.data_folder import DataFolder
from hatobin.app.http_listeners import RunningHttp
from hatobin.app.listeners import BoundListeners
from hatobin.app.logging import say, tell
from hatobin.app.smtp_listeners import RunningSmtp
from hatobin.app.wiring import Assembly
from hatobin.flow.retention import Retention
from hatobin.ports.database import DatabaseUnavailable

log = structlog.get_logger()

HTTP_GRACE_S = 1.0
BEAT_AFTER_ERROR_S = 1.0
SMTP_GRACE_S = 5.0
EXIT_CUT_SHORT = 1
CLOSING_S = 1.0
"""What is kept of `server.stop_timeout_s` for giving back the leases and closing the store."""


class RunningServer:
    """Serves one worker until it is told to stop."""

    def __init__(self, assembly: Assembly, listeners: BoundListeners, folder: DataFolder) -> None:
        self._assembly = assembly
        self._listeners = listeners
        self._folder = folder
        self._stop = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._http: RunningHttp | None = None
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
        await self._start_listeners()
        self._announce()
        await self._stop.wait()
        await self._end()

    def _start_loops(self) -> None:
        assembly = self._assembly
        loops: list[Coroutine[Any, Any, None]] = [
            assembly.outbound.dispatcher.run_claims(),
            assembly.outbound.publisher.run(),
            assembly.outbound.imports.run(),
            assembly.outbound.exports.run(),
            assembly.outbound.sns_deliveries.run(),
            assembly.outbound.queue_counts.run(),
            assembly.outbound.calls.run(),
            assembly.outbound.fleet.run(),
            assembly.outbound.invocations.run(),
            assembly.outbound.topic_mails.run(),
            self._beat(),
        ]
        if assembly.settings.server.workers > 1:
            loops.append(assembly.figures.run())
        if assembly.does_upkeep:
            loops.append(assembly.queue_upkeep.run())
            loops.append(assembly.bucket_upkeep.run())
            loops.append(assembly.metric_upkeep.run())
            loops.append(assembly.alarm_watch.run())
            loops.append(assembly.reputation_metrics.run())
            loops.append(assembly.reputation_watch.run())
            loops.append(assembly.advisor.run())
            loops.append(assembly.streams.run())
            loops.append(assembly.log_upkeep.run())
            loops.append(assembly.code_upkeep.run())
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
        clock, lease = self._assembly.ports.clock, self._assembly.lease
        pause_s = lease.beat_interval_s
        while True:
            await clock.sleep(pause_s)
            pause_s = BEAT_AFTER_ERROR_S
            begun = clock.monotonic()
            try:
                taken = await lease.beat()
            except DatabaseUnavailable as error:
                log.warning("heartbeat_waits_for_the_store", error=str(error))
                continue
            except Exception:
                log.exception("beat_failed")
                continue
            pause_s = lease.beat_interval_s
            self._assembly.outbound.dispatcher.renew_lease(begun)
            self._assembly.beat.renewed(begun)
            if taken:
                log.info("took_over", recipients=taken)
                self._assembly.outbound.dispatcher.wake_claims()

    async def _start_listeners(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._assembly.tls.certificate, self._assembly.tls.key)
        self._http = self._assembly.http_listeners.start(self._listeners.sockets, context)
        self._smtp = await self._assembly.smtp.start(self._listeners.sockets, context)

    def _announce(self) -> None:
        listeners = self._listeners
        ready: dict[str, Any] = {"event": "ready"}
        for name in ("http", "https", "submission", "submission_tls", "tracking", "trusted"):
            if (address := listeners.address(name)) is not None:
                ready[name] = address
        tell(json.dumps(ready))
        if self._assembly.settings.server.workers > 1:
            return  # The supervisor speaks for all.
        if not self._folder.announce(ready):
            log.warning("address_not_written", path=str(self._folder.address))
        say(self._assembly.welcome(listeners))

    async def _end(self) -> None:
        """Stop taking, finish what runs, give back the leases, close; bounded by `server.stop_timeout_s`.

        A store that does not answer by then is left as it is: a process that ends
        without a word loses nothing, the next one finds its rows.
        """
        stop_timeout_s = self._assembly.settings.server.stop_timeout_s
        deadline = asyncio.get_running_loop().time() + stop_timeout_s
        try:
            async with asyncio.timeout_at(deadline - CLOSING_S):
                await self._finish()
        except TimeoutError:
            log.warning("stop_timed_out")
            await self._assembly.outbound.dispatcher.abandon()
        try:
            async with asyncio.timeout_at(deadline):
                await self._close()
        except TimeoutError:
            log.error("stop_cut_short", after_s=stop_timeout_s)
            sys.stderr.flush()
            # Threads that wait for the store would be waited for.
            os._exit(EXIT_CUT_SHORT)

    async def _finish(self) -> None:
        assembly = self._assembly
        assembly.outbound.dispatcher.stop_claiming()
        doors: list[Coroutine[Any, Any, None]] = []
        if self._http is not None:
            doors.append(self._http.stop(HTTP_GRACE_S))
        if self._smtp is not None:
            doors.append(self._smtp.stop(SMTP_GRACE_S))
        await asyncio.gather(*doors)
        await assembly.outbound.dispatcher.stop()

    async def _close(self) -> None:
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._assembly.close()
        if self._assembly.settings.server.workers == 1:
            self._folder.withdraw()
