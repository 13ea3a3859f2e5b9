"""The surroundings of one chaos run: a store, a bucket, a receiver, nodes, and the faults they can have."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.chaos.disk import MayNotMount, SmallDisk, small_disk
from tests.chaos.faults import (
    BucketLost,
    DatabaseCrash,
    DiskFull,
    Fault,
    NodeKilled,
    NodeStopped,
    Weather,
    WorkerFrozen,
    WorkerKilled,
)
from tests.chaos.node import Node
from tests.chaos.receiver import CountingSink
from tests.peers.object_store import ObjectStore
from tests.peers.postgres import Postgres
from tests.running import RunningServer

WORKERS = 2
DEAD_AFTER_S = 10.0
MASTER_KEY = "5e" * 32
_SESSIONS = 8
_DISK_BYTES = 256 * 1024 * 1024
_DISK_BYTES_PER_FAULT = 768 * 1024
# Longer than a silent worker counts as alive: the other node takes over.
_LONG_S = DEAD_AFTER_S + 5


@dataclass(frozen=True, slots=True)
class Parts:
    """What a world is made of."""

    sink: CountingSink
    nodes: Sequence[Node]
    faults: Sequence[Fault]
    left_out: str
    """Which fault this machine does not allow, and why; "" where all are there."""


class World:
    """A context that starts everything and ends it again; `parts` while it is open."""

    def __init__(self, store: str, *, faults: int, logs: Path | None = None) -> None:
        """`store` is "sqlite" or "postgres"; the small disk grows with the number of `faults`.

        What servers say is kept in the folder `logs`, if there is one.
        """
        self._store = store
        self._logs = logs
        self._disk_bytes = _DISK_BYTES + faults * _DISK_BYTES_PER_FAULT
        self._resources = ExitStack()

    def __enter__(self) -> Parts:
        try:
            return self._open()
        except BaseException:
            self._resources.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.__exit__(kind, error, trace)

    def _open(self) -> Parts:
        enter = self._resources.enter_context
        sink = enter(CountingSink(delay_s=0.02))
        objects = enter(ObjectStore())
        objects.client().create_bucket(Bucket="bodies")
        settings = self._settings(sink, objects)
        sky = threading.Lock()
        faults: list[Fault] = [BucketLost(objects), *(Weather(sink, kind, sky) for kind in ("stall", "reset", "storm"))]
        if self._store == "postgres":
            database = enter(Postgres())
            settings["store.url"] = database.create_database("chaos")
            variables = {"HATOBIN_MASTER_KEY": MASTER_KEY}
            servers = [self._server(number, settings, variables=variables) for number in range(2)]
            faults.append(DatabaseCrash(database))
            left_out = ""
        else:
            disk, left_out = self._disk()
            servers = [self._server(0, settings, data=None if disk is None else disk.folder)]
            faults += [] if disk is None else [DiskFull(disk)]
        nodes = [enter(Node(server)) for server in servers]
        faults += [WorkerKilled(nodes), NodeStopped(nodes)]
        long_s = _LONG_S if len(nodes) > 1 else 2.0
        faults += [NodeKilled(nodes, longest_s=long_s), WorkerFrozen(nodes, longest_s=long_s)]
        return Parts(sink, nodes, sorted(faults, key=lambda fault: fault.name), left_out)

    def _server(self, number: int, settings: dict[str, str], **more: Any) -> RunningServer:
        stderr = None if self._logs is None else self._logs / f"node-{number}.log"
        return RunningServer(settings, stderr=stderr, **more)

    def _settings(self, sink: CountingSink, objects: ObjectStore) -> dict[str, str]:
        return {
            "server.workers": str(WORKERS),
            "server.dead_after_s": str(DEAD_AFTER_S),
            "store.blobs": objects.url("bodies"),
            "store.inline_body_bytes": "2500",
            "delivery.mode": "relay",
            "delivery.relay": sink.address,
            "delivery.sessions_per_site": str(_SESSIONS),
            # Small, so that rows also wait unleased in the database.
            "delivery.ready_messages": "100",
            "delivery.retry_delays_s": "[0.2, 0.4, 0.8, 1.6, 3.0]",
            "delivery.retry_jitter": "0.2",
            "delivery.reply_timeout_s": "2",
            "delivery.final_reply_timeout_s": "2",
            "account.verification": "instant",
        }

    def _disk(self) -> tuple[SmallDisk | None, str]:
        folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-disk-")))
        try:
            return self._resources.enter_context(small_disk(folder / "data", self._disk_bytes)), ""
        except MayNotMount as reason:
            return None, f"no full disk: it needs the right to mount ({reason})"
