"""Probes, figures, and the simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from hatobin.capabilities.queue import ReadyQueue
from hatobin.ports import Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.local import LocalApp, Measure
from hatobin.servers.local.clock_path import parse_duration
from tests.asgi import Answer, call
from tests.servers.world import World, mode, simple

T = TypeVar("T")


async def get(world: World, target: str, **options: Any) -> Answer:
    return await call(LocalApp(world.ports, mode("mx"), waiters=world.waiters, **options), "GET", target)


async def test_alive_and_ready(world: World) -> None:
    assert (await get(world, "/healthz")).json() == {"status": "ok"}
    assert (await get(world, "/readyz")).json() == {"status": "ready"}


async def test_not_ready_while_the_database_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(work: Callable[[Session], T]) -> T:
        raise DatabaseUnavailable("disk full")

    monkeypatch.setattr(world.database, "read", refuse)
    answer = await get(world, "/readyz")
    assert answer.status == 503
    assert "disk full" not in answer.text
    assert (await get(world, "/healthz")).status == 200


async def test_figures_in_prometheus_text(world: World) -> None:
    key = await world.accept(simple(), ["a@example.net", "b@example.net"])
    await world.bounce(key, 0, "550 no")
    ready = ReadyQueue(max_messages=10, max_bytes=1000)
    ready.reserve("m1", 2, 300)
    measures = [
        Measure("hatobin_sessions", "Sessions.", "gauge", lambda: 4),
        Measure("hatobin_timeouts_total", "Ends.", "counter", lambda: {"head": 1, "body": 0}, "part"),
    ]
    answer = await get(world, "/metrics", ready=ready, measures=measures)
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for line in (
        "# TYPE hatobin_queued_recipients gauge",
        "hatobin_queued_recipients 1",
        "# TYPE hatobin_recipients_total counter",
        'hatobin_recipients_total{state="bounced"} 1',
        'hatobin_recipients_total{state="delivered"} 0',
        "hatobin_possible_duplicates_total 0",
        "hatobin_outbox_events 0",
        "hatobin_stream_records 0",
        "hatobin_stream_lost_records 0",
        "hatobin_ready_messages 2",
        "hatobin_ready_bytes 300",
        "# HELP hatobin_sessions Sessions.",
        "hatobin_sessions 4",
        "# TYPE hatobin_timeouts_total counter",
        'hatobin_timeouts_total{part="head"} 1',
        'hatobin_timeouts_total{part="body"} 0',
    ):
        assert line in lines, line


async def test_figures_are_kept_for_some_seconds(world: World) -> None:
    app = LocalApp(world.ports, mode("mx"), waiters=world.waiters)

    async def queued() -> str:
        lines = (await call(app, "GET", "/metrics")).text.splitlines()
        return next(line for line in lines if line.startswith("hatobin_queued_recipients "))[-1]

    assert await queued() == "0"
    await world.accept(simple())
    await world.clock.advance(4)
    assert await queued() == "0"
    await world.clock.advance(2)
    assert await queued() == "1"


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"advance":"14h"}', 50400.0),
        (b'{"advance":"90s"}', 90.0),
        (b'{"advance":"2m"}', 120.0),
        (b'{"advance":30}', 30.0),
    ],
)
async def test_a_simulated_clock_moves(world: World, body: bytes, seconds: float) -> None:
    app = LocalApp(world.ports, mode("mailbox"), waiters=world.waiters, advance=world.clock.advance)
    before = world.clock.now()
    answer = await call(app, "POST", "/_hatobin/clock", body=body)
    assert answer.status == 200
    assert answer.json()["advanced_s"] == seconds
    assert world.clock.now() == before + seconds


async def test_real_time_cannot_be_moved(world: World) -> None:
    app = LocalApp(world.ports, mode("mailbox"), waiters=world.waiters)
    answer = await call(app, "POST", "/_hatobin/clock", body=b'{"advance":"14h"}')
    assert answer.status == 404
    assert "simulated" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"14h",
        b"{}",
        b'{"advance":null}',
        b'{"advance":"soon"}',
        b'{"advance":"-1h"}',
        b'{"advance":-1}',
        b'{"advance":1e300}',
    ],
)
async def test_what_is_no_duration_is_refused(world: World, body: bytes) -> None:
    app = LocalApp(world.ports, mode("mailbox"), waiters=world.waiters, advance=world.clock.advance)
    before = world.clock.now()
    assert (await call(app, "POST", "/_hatobin/clock", body=body)).status == 400
    assert world.clock.now() == before


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400.0), ("1d", 86400.0), ("250ms", 0.25), ("1.5h", 5400.0), (" 2 m ", 120.0), ("10", 10.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1x", "1h-", "--1", "1 2 y", "1e3", "١s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)
