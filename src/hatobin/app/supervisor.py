"""Several workers on one machine: started, watched, started again, stopped together.

The supervisor finds the ports, the workers share them (SO_REUSEPORT). Every
worker is the same program on its own slot of the store; one that dies is
started again at once, and its slot's rows are taken over by itself.

A store that cannot be used ends the first start, with the worker's own words:
somebody is there to read them. Later it is a store that went away, and the
workers wait for it as long as it takes.

Refs: house §5; Linux socket(7), SO_REUSEPORT; sysexits.h.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from hatobin.app.data_folder import DataFolder
from hatobin.app.listeners import LISTENERS, BoundListeners
from hatobin.app.logging import say, tell
from hatobin.words.settings import Settings

log = structlog.get_logger()

RESTART_DELAY_S = 0.2
MAX_RESTARTS = 20
"""A worker that dies this often in RESTART_WINDOW_S is broken: the supervisor gives up and says so."""
RESTART_WINDOW_S = 60.0
STOP_EXTRA_S = 2.0
STORE_UNUSABLE = 78
"""How a worker ends that cannot use its store (EX_CONFIG)."""
STORE_PAUSE_S = 1.0
"""Between two starts while the store is away."""


class WorkerOrder(msgspec.Struct, frozen=True):
    """What a worker process is told on its standard input."""

    settings: Settings
    data: str
    worker: int


class Supervisor:
    """Runs `settings.server.workers` worker processes until a signal comes."""

    def __init__(self, settings: Settings, folder: DataFolder, listeners: BoundListeners) -> None:
        self._settings = with_bound_ports(settings, listeners)
        self._folder = folder
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        self._store_is_made = asyncio.Event()
        self._ready: dict[int, dict[str, Any]] = {}
        """What each worker said when it was ready for the first time."""
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    async def run(self, welcome: Callable[[], str]) -> str | None:
        """Serve until told to stop; gives the reason where it ends by itself: no worker would stay alive.

        Once all workers accept, it says so, to people with the words of `welcome`.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        count = self._settings.server.workers
        watchers = [asyncio.ensure_future(self._watch(worker)) for worker in range(count)]
        if await self._are_ready(count, watchers):
            self._announce(welcome)
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait([stopping, *watchers], return_when=asyncio.FIRST_COMPLETED)
        reasons = [watcher.result() for watcher in watchers if watcher.done()]
        await self._end(watchers)
        stopping.cancel()
        return next(filter(None, reasons), None)

    def _told_to_stop(self) -> None:
        self._stop.set()
        self._changed.set()

    async def _are_ready(self, count: int, watchers: Sequence[asyncio.Future[str | None]]) -> bool:
        """Wait until so many workers accept; False when it will not come to that."""
        while not self._stop.is_set() and not any(watcher.done() for watcher in watchers):
            if len(self._ready) >= count:
                return True
            self._changed.clear()
            await self._changed.wait()
        return False

    def _announce(self, welcome: Callable[[], str]) -> None:
        if not self._folder.announce(self._ready[0]):
            log.warning("address_not_written", path=str(self._folder.address))
        tell(json.dumps(self._ready[0]))
        say(welcome())

    async def _watch(self, worker: int) -> str | None:
        """Keep one worker alive until we are told to stop; gives the reason where that does not work."""
        deaths: list[float] = []
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            process = await self._start(worker)
            code = await process.wait()
            if self._stop.is_set():
                break
            if code == STORE_UNUSABLE:
                if not self._ready:
                    self._changed.set()
                    return "no worker can start with this store; the reason stands above"
                log.warning("worker_waits_for_the_store", worker=worker)
                await asyncio.sleep(STORE_PAUSE_S)
                continue
            log.error("worker_died", worker=worker, exit_code=code)
            deaths = [at for at in deaths if loop.time() - at < RESTART_WINDOW_S] + [loop.time()]
            if len(deaths) >= MAX_RESTARTS:
                log.error("worker_given_up", worker=worker, deaths=len(deaths), window_s=RESTART_WINDOW_S)
                self._changed.set()
                return "a worker does not stay alive; its log says why"
            await asyncio.sleep(RESTART_DELAY_S)
        return None

    async def _start(self, worker: int) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hatobin",
            "worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A group of its own: Ctrl-C reaches the supervisor, which stops the workers in order.
            start_new_session=True,
        )
        self._processes[worker] = process
        if self._stop.is_set():
            process.terminate()  # Told to stop just now, and `_end` could not know this one.
        order = WorkerOrder(self._settings, str(self._folder.root), worker)
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - pipes were asked for
        # The first one makes what is missing in the store; the others load their program meanwhile.
        if worker != 0:
            await self._store_is_made.wait()
        # The pipe stays open: its end tells the worker that the supervisor is gone.
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        line = await process.stdout.readline()
        if line:
            self._ready.setdefault(worker, json.loads(line))
            self._store_is_made.set()
            self._changed.set()
        return process

    async def _end(self, watchers: Sequence[asyncio.Future[str | None]]) -> None:
        self._stop.set()
        for process in self._processes.values():
            if process.returncode is None:
                process.terminate()
        self._store_is_made.set()  # Nobody is left waiting for it.
        patience_s = self._settings.server.stop_timeout_s + STOP_EXTRA_S
        _, late = await asyncio.wait(watchers, timeout=patience_s)
        for process in self._processes.values():
            if process.returncode is None:
                log.warning("worker_killed", pid=process.pid)
                process.kill()
        if late:
            await asyncio.wait(late)
        self._folder.withdraw()


def with_bound_ports(settings: Settings, listeners: BoundListeners) -> Settings:
    """Put the ports that were really bound into the settings, so that every worker binds the same."""
    bound: dict[str, Any] = {
        name: [listeners.format(one) for one in listeners.sockets[name]] if name in listeners.sockets else ""
        for name in LISTENERS
    }
    return msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, **bound))
