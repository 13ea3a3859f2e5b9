"""What machines ask: is it alive, does it work, and in what figures.

`/metrics` is Prometheus's text format, version 0.0.4. What is queued is
counted on its indexes, which takes some tens of milliseconds for a million
recipients, so the figures are kept for a while: longer, the longer the
counting took. What became of recipients are totals that only grow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from hatobin.capabilities import events, queue
from hatobin.capabilities.queue import QueueTotals, ReadyQueue
from hatobin.companions import firehose
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.local.answers import json_answer

READY_TIMEOUT_S = 2.0
"""How long the database may take to answer a readiness check."""
FIGURES_LIFE_S = 5.0
"""Figures are counted again after this long at the earliest …"""
FIGURES_SHARE = 20.0
"""… and after this many times what counting them took, so that it takes 5 % of one reader at most."""

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted, and when by the monotonic clock."""

    recipients: QueueTotals
    outbox: int
    streams: firehose.Totals
    counted_at: float
    took_s: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of another part for `/metrics`, read at every scrape.

    With a `label`, `read` gives one figure for each of its values.
    """

    name: str
    meaning: str
    kind: Literal["gauge", "counter"]
    read: Callable[[], float | Mapping[str, float]]
    label: str = ""

    def lines(self) -> list[str]:
        """Write it down in Prometheus's text format."""
        figure = self.read()
        if not isinstance(figure, Mapping):
            return _sample(self.name, self.meaning, figure, self.kind)
        lines = [f"# HELP {self.name} {self.meaning}", f"# TYPE {self.name} {self.kind}"]
        return lines + [f'{self.name}{{{self.label}="{value}"}} {count}' for value, count in figure.items()]


class HealthPaths:
    """The endpoints."""

    def __init__(self, ports: Ports, *, ready: ReadyQueue | None = None, measures: Sequence[Measure] = ()) -> None:
        self._ports = ports
        self._ready = ready
        self._measures = measures
        self._figures: Figures | None = None
        self._counting = asyncio.Lock()

    async def alive(self, request: Request) -> Response:
        """Say that the event loop turns."""
        return json_answer({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether the database answers."""
        try:
            await self._ports.clock.within(READY_TIMEOUT_S, self._ports.database.read(_ask))
        except (DatabaseUnavailable, TimeoutError):
            return json_answer({"status": "unavailable", "message": "The database does not answer."}, status=503)
        return json_answer({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Give the figures."""
        figures = await self._fresh_figures()
        lines = _recipient_lines(figures.recipients)
        lines += _counter(
            "hatobin_possible_duplicates_total",
            "Attempts whose end is unknown, summed over recipients.",
            figures.recipients.possible_duplicates,
        )
        lines += _gauge("hatobin_outbox_events", "Events that wait to be published.", figures.outbox)
        lines += _stream_lines(figures.streams)
        age_s = round(self._ports.clock.monotonic() - figures.counted_at, 3)
        lines += _gauge("hatobin_figures_age_seconds", "How long ago the figures above were counted.", age_s)
        if self._ready is not None:
            lines += _gauge("hatobin_ready_messages", "Messages in this worker's ready queue.", self._ready.messages)
            lines += _gauge("hatobin_ready_bytes", "Octets of content in this worker's ready queue.", self._ready.bytes)
        for measure in self._measures:
            lines += measure.lines()
        return Response("\n".join([*lines, ""]), 200, {"cache-control": "no-store"}, _METRICS_TYPE)

    async def _fresh_figures(self) -> Figures:
        async with self._counting:
            kept = self._figures
            now = self._ports.clock.monotonic()
            if kept is not None and now - kept.counted_at < max(FIGURES_LIFE_S, kept.took_s * FIGURES_SHARE):
                return kept
            recipients, outbox, streams = await self._ports.database.read(_count)
            counted_at = self._ports.clock.monotonic()
            self._figures = Figures(recipients, outbox, streams, counted_at, counted_at - now)
            return self._figures


def _ask(session: Session) -> None:
    session.one("SELECT 1")


def _count(session: Session) -> tuple[QueueTotals, int, firehose.Totals]:
    return queue.totals(session), events.backlog(session), firehose.totals(session)


def _stream_lines(streams: firehose.Totals) -> list[str]:
    return [
        *_gauge("hatobin_stream_records", "Records in delivery streams that are not in S3 yet.", streams.records),
        *_gauge("hatobin_stream_bytes", "Octets of these records.", streams.size),
        *_gauge("hatobin_stream_lost_records", "Records that streams gave up after a day.", streams.lost_records),
    ]


def _recipient_lines(totals: QueueTotals) -> list[str]:
    lines = _gauge("hatobin_queued_recipients", "Recipients that are still to be served.", totals.queued)
    lines += _gauge("hatobin_leased_recipients", "Those of them that a worker holds in memory.", totals.leased)
    name = "hatobin_recipients_total"
    lines += [f"# HELP {name} Recipients that have come to a final state.", f"# TYPE {name} counter"]
    return lines + [f'{name}{{state="{state.name.lower()}"}} {count}' for state, count in totals.final.items()]


def _gauge(name: str, meaning: str, value: float) -> list[str]:
    return _sample(name, meaning, value, "gauge")


def _counter(name: str, meaning: str, value: float) -> list[str]:
    return _sample(name, meaning, value, "counter")


def _sample(name: str, meaning: str, value: float, kind: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f"{name} {value}"]
