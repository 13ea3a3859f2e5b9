"""What the store says about all accounts and workers, as figures for operators.

What is queued is counted on its indexes, which takes some tens of
milliseconds for a million recipients, so the figures are kept for a while:
longer, the longer the counting took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from hatobin.capabilities import events, queue, reputation
from hatobin.capabilities.queue import QueueTotals
from hatobin.companions import cloudwatch, firehose, lambda_
from hatobin.ports import Ports, Session
from hatobin.servers.local.measures import Family, family

FIGURES_LIFE_S = 5.0
"""Figures are counted again after this long at the earliest …"""
FIGURES_SHARE = 20.0
"""… and after this many times what counting them took, so that it takes 5 % of one reader at most."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted at one moment."""

    now: float
    recipients: QueueTotals
    outbox: int
    outbox_at: float | None
    destinations: Mapping[str, events.Waiting]
    streams: firehose.Totals
    invocations: int
    reputations: reputation.ReputationFigures
    alarms: Mapping[str, int]
    beats: list[float]


class StoreFigures:
    """Counts, and keeps what was counted for a while."""

    def __init__(self, ports: Ports, dead_after_s: float) -> None:
        self._ports = ports
        self._dead_after_s = dead_after_s
        self._counting = asyncio.Lock()
        self._kept: _Counted | None = None
        self._counted_at = self._took_s = 0.0

    async def families(self) -> list[Family]:
        """Give the figures. Raises `DatabaseUnavailable`."""
        counted = await self._fresh()
        age_s = round(self._ports.clock.monotonic() - self._counted_at, 3)
        return [
            *_of_queue(counted),
            *_of_events(counted),
            *_of_reputations(counted),
            family("hatobin_alarms", "Alarms by state.", "gauge", counted.alarms, ("state",)),
            family("hatobin_workers", "Workers of all nodes.", "gauge", self._workers(counted), ("state",)),
            family("hatobin_figures_age_seconds", "How long ago the figures above were counted.", "gauge", age_s),
        ]

    def _workers(self, counted: _Counted) -> dict[str, float]:
        alive = sum(counted.now - beat <= self._dead_after_s for beat in counted.beats)
        return {"alive": alive, "silent": len(counted.beats) - alive}

    async def _fresh(self) -> _Counted:
        async with self._counting:
            clock = self._ports.clock
            begun = clock.monotonic()
            life_s = max(FIGURES_LIFE_S, self._took_s * FIGURES_SHARE)
            if self._kept is None or begun - self._counted_at >= life_s:
                now = clock.now()
                self._kept = await self._ports.database.read(lambda session: _count(session, now))
                self._counted_at = clock.monotonic()
                self._took_s = self._counted_at - begun
            return self._kept


def _count(session: Session, now: float) -> _Counted:
    return _Counted(
        now,
        queue.totals(session),
        events.backlog(session),
        events.oldest_at(session),
        events.by_destination(session),
        firehose.totals(session),
        lambda_.backlog(session),
        reputation.figures(session, now),
        cloudwatch.alarm_states(session),
        queue.workers(session),
    )


def _since(counted: _Counted, at: float | None) -> float:
    return 0.0 if at is None else round(max(0.0, counted.now - at), 3)


def _of_queue(counted: _Counted) -> list[Family]:
    totals = counted.recipients
    final = {state.name.lower(): count for state, count in totals.final.items()}
    return [
        family("hatobin_queued_recipients", "Recipients that are still to be served.", "gauge", totals.queued),
        family("hatobin_leased_recipients", "Those of them that a worker holds in memory.", "gauge", totals.leased),
        family(
            "hatobin_queue_oldest_age_seconds",
            "How long ago the oldest of them was accepted.",
            "gauge",
            _since(counted, totals.oldest_at),
        ),
        family(
            "hatobin_queue_overdue_seconds",
            "How long the first recipient that no worker holds has been due.",
            "gauge",
            _since(counted, totals.due_at),
        ),
        family("hatobin_recipients_total", "Recipients that have come to a final state.", "counter", final, ("state",)),
        family(
            "hatobin_possible_duplicates_total",
            "Attempts whose end is unknown, summed over recipients.",
            "counter",
            totals.possible_duplicates,
        ),
    ]


def _of_events(counted: _Counted) -> list[Family]:
    waiting = {kind: one.waiting for kind, one in counted.destinations.items()}
    dead = {kind: one.dead for kind, one in counted.destinations.items()}
    streams = counted.streams
    return [
        family("hatobin_outbox_events", "Events that wait to be published.", "gauge", counted.outbox),
        family(
            "hatobin_outbox_oldest_age_seconds",
            "How long ago the oldest of them became true.",
            "gauge",
            _since(counted, counted.outbox_at),
        ),
        family(
            "hatobin_events_waiting",
            "Events that a destination has not got yet, by its kind.",
            "gauge",
            waiting,
            ("destination",),
        ),
        family(
            "hatobin_events_dead", "Events that were given up, while that is known.", "gauge", dead, ("destination",)
        ),
        family(
            "hatobin_stream_records", "Records in delivery streams that are not in S3 yet.", "gauge", streams.records
        ),
        family("hatobin_stream_bytes", "Octets of these records.", "gauge", streams.size),
        family(
            "hatobin_stream_lost_records", "Records that streams gave up after a day.", "gauge", streams.lost_records
        ),
        family(
            "hatobin_function_events",
            "Asynchronous invocations of functions that are not done.",
            "gauge",
            counted.invocations,
        ),
    ]


def _of_reputations(counted: _Counted) -> list[Family]:
    of = counted.reputations
    return [
        family(
            "hatobin_reputation_bounce_ratio",
            "Hard bounces of what an account sent, over the representative volume; those that sent most lately.",
            "gauge",
            {account: rates[0] for account, rates in of.rates.items()},
            ("account", "region"),
        ),
        family(
            "hatobin_reputation_complaint_ratio",
            "Complaints, likewise.",
            "gauge",
            {account: rates[1] for account, rates in of.rates.items()},
            ("account", "region"),
        ),
        family("hatobin_paused", "Who may not send because of reputation, by kind.", "gauge", of.paused, ("kind",)),
        family("hatobin_findings", "Open recommendations.", "gauge", of.findings, ("type", "impact")),
    ]
