"""All eight ports answered by real adapters, as the composition root does it; the types are the test."""

from __future__ import annotations

from pathlib import Path

from hatobin.adapters.blobs import FileBlobs
from hatobin.adapters.clock import SystemClock
from hatobin.adapters.dns import StubResolver
from hatobin.adapters.entropy import OsEntropy
from hatobin.adapters.guard import LOOPBACK_NETWORKS, OutboundGuard
from hatobin.adapters.http import AiohttpHttp
from hatobin.adapters.network import AsyncioNetwork
from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.adapters.threads import ThreadPool
from hatobin.ports import Ports


async def test_adapters_fit_their_ports(tmp_path: Path) -> None:
    guard = OutboundGuard(LOOPBACK_NETWORKS)
    dns, database, blobs = StubResolver(), SqliteDatabase.open(":memory:"), FileBlobs(tmp_path)
    http, threads = AiohttpHttp(guard, dns=dns), ThreadPool()
    ports = Ports(
        clock=SystemClock(),
        dns=dns,
        network=AsyncioNetwork(guard),
        http=http,
        entropy=OsEntropy(),
        database=database,
        blobs=blobs,
        threads=threads,
    )
    assert await ports.threads.run(lambda: 1) == 1
    assert ports.clock.monotonic() > 0
    await http.close()
    await threads.close()
    await blobs.close()
    await database.close()
