"""Probes, figures, and the simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from hatobin.flow.outbound import Histogram
from hatobin.ports import Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.local import LocalApp, Measure, WorkerFigures, WorkerPlace
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


def measured() -> list[Measure]:
    durations = Histogram((0.1, 1.0))
    for duration_s in (0.1, 0.5, 3.0):
        durations.add(duration_s)
    return [
        Measure("hatobin_sessions", "Sessions.", "gauge", lambda: 4),
        Measure("hatobin_timeouts_total", "Ends.", "counter", lambda: {"head": 1, 'b"d': 0}, "part"),
        Measure("hatobin_attempts_total", "Tries.", "counter", lambda: {("a", "b"): 2}, ("to", "end")),
        Measure("hatobin_commit_seconds", "Commits.", "histogram", lambda: durations),
    ]


async def test_figures_in_prometheus_text(world: World) -> None:
    key = await world.accept(simple(), ["a@example.net", "b@example.net"])
    await world.bounce(key, 0, "550 no")
    await world.clock.advance(30)
    answer = await get(world, "/metrics", workers=WorkerFigures(world.ports, measured(), WorkerPlace()))
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for line in (
        "hatobin_store_up 1.0",
        "# TYPE hatobin_queued_recipients gauge",
        "hatobin_queued_recipients 1.0",
        "hatobin_queue_oldest_age_seconds 30.0",
        "# TYPE hatobin_recipients_total counter",
        'hatobin_recipients_total{state="bounced"} 1.0',
        'hatobin_recipients_total{state="delivered"} 0.0',
        "hatobin_possible_duplicates_total 0.0",
        "hatobin_outbox_events 0.0",
        'hatobin_events_waiting{destination="outbox"} 0.0',
        "hatobin_stream_records 0.0",
        "hatobin_stream_lost_records 0.0",
        'hatobin_paused{kind="account"} 0.0',
        "# HELP hatobin_sessions Sessions.",
        'hatobin_sessions{worker="0"} 4.0',
        "# TYPE hatobin_timeouts_total counter",
        'hatobin_timeouts_total{part="head",worker="0"} 1.0',
        'hatobin_timeouts_total{part="b\\"d",worker="0"} 0.0',
        'hatobin_attempts_total{end="b",to="a",worker="0"} 2.0',
        'hatobin_commit_seconds_bucket{le="0.1",worker="0"} 1.0',
        'hatobin_commit_seconds_bucket{le="1.0",worker="0"} 2.0',
        'hatobin_commit_seconds_bucket{le="+Inf",worker="0"} 3.0',
        'hatobin_commit_seconds_sum{worker="0"} 3.6',
    ):
        assert line in lines, line


async def test_while_the_store_is_away_a_worker_tells_of_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(work: Callable[[Session], T]) -> T:
        raise DatabaseUnavailable("disk full")

    monkeypatch.setattr(world.database, "read", refuse)
    workers = WorkerFigures(world.ports, measured(), WorkerPlace("", 1, 2))
    lines = (await get(world, "/metrics", workers=workers)).text.splitlines()
    assert "hatobin_store_up 0.0" in lines
    assert 'hatobin_sessions{worker="1"} 4.0' in lines
    assert not any(line.startswith("hatobin_queued_recipients") for line in lines)


async def test_workers_of_a_node_answer_for_each_other_and_no_counter_goes_back(world: World) -> None:
    counted = [0, 10]
    measures = [
        [Measure("hatobin_mails_total", "Mails.", "counter", lambda worker=worker: counted[worker])]  # type: ignore[misc]
        for worker in (0, 1)
    ]
    workers = [WorkerFigures(world.ports, measures[worker], WorkerPlace("n", worker, 2)) for worker in (0, 1)]
    elsewhere = WorkerFigures(world.ports, measures[0], WorkerPlace("other", 0, 2))
    for one in (*workers, elsewhere):
        await one.tell()
    counted[:] = [5, 15]

    async def scraped(worker: int) -> list[str]:
        lines = (await get(world, "/metrics", workers=workers[worker])).text.splitlines()
        return [line for line in lines if line.startswith("hatobin_mails_total")]

    told = ['hatobin_mails_total{worker="0"} 0.0', 'hatobin_mails_total{worker="1"} 10.0']
    assert await scraped(0) == await scraped(1) == told, "also of the one that answers what it told, not what it knows"
    await workers[0].tell()
    assert await scraped(1) == ['hatobin_mails_total{worker="0"} 5.0', told[1]]
    await world.clock.advance(61)
    await workers[0].tell()
    assert await scraped(0) == ['hatobin_mails_total{worker="0"} 5.0'], "the other one is gone"


async def test_figures_are_kept_for_some_seconds(world: World) -> None:
    app = LocalApp(world.ports, mode("mx"), waiters=world.waiters)

    async def queued() -> str:
        lines = (await call(app, "GET", "/metrics")).text.splitlines()
        return next(line for line in lines if line.startswith("hatobin_queued_recipients ")).split()[1]

    assert await queued() == "0.0"
    await world.accept(simple())
    await world.clock.advance(4)
    assert await queued() == "0.0"
    await world.clock.advance(2)
    assert await queued() == "1.0"


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
