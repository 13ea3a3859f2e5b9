"""What `/metrics` says of one worker: everything that its parts count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hatobin.app.http_listeners import http_measures
from hatobin.app.outbound import Outbound
from hatobin.app.smtp_listeners import SmtpTraffic
from hatobin.capabilities.queue import ReadyQueue
from hatobin.flow.outbound import OutboundFigures
from hatobin.servers.api import BodyBudget, HttpTraffic
from hatobin.servers.local import Measure
from hatobin.servers.tracking import tracking_measures


@dataclass(frozen=True, slots=True)
class Beat:
    """When the lease of this worker was renewed last, by the monotonic clock; the server's loop writes it."""

    now: Callable[[], float]
    at: list[float]

    def renewed(self, begun: float) -> None:
        """Note a beat that was recorded; `begun` is from before."""
        self.at[:] = [begun]

    @property
    def age_s(self) -> float:
        """How long ago that was."""
        return round(self.now() - self.at[0], 3)


def worker_measures(
    outbound: Outbound, traffic: HttpTraffic, bodies: BodyBudget, smtp: SmtpTraffic, beat: Beat
) -> list[Measure]:
    """Give all of them."""
    return [
        *_outbound_measures(outbound.figures),
        *_ready_measures(outbound.ready),
        Measure(
            "hatobin_lease_age_seconds", "How long ago the worker's lease was renewed.", "gauge", lambda: beat.age_s
        ),
        Measure("hatobin_smtp_sessions", "Open SMTP sessions of clients.", "gauge", lambda: smtp.sessions),
        Measure("hatobin_smtp_held_bytes", "Octets of unfinished messages in them.", "gauge", lambda: smtp.held_bytes),
        *http_measures(traffic, bodies),
        *tracking_measures(outbound.engagements.figures),
        Measure(
            "hatobin_functions_running",
            "Functions that run in this worker.",
            "gauge",
            lambda: outbound.fleet.running,
        ),
    ]


def _outbound_measures(figures: OutboundFigures) -> list[Measure]:
    return [
        Measure("hatobin_messages_accepted_total", "Messages accepted.", "counter", lambda: figures.accepted),
        Measure(
            "hatobin_messages_refused_total", "Messages refused, by why.", "counter", lambda: figures.refused, "reason"
        ),
        Measure(
            "hatobin_attempts_total",
            "Recipients of attempts that were recorded, by the provider and the outcome.",
            "counter",
            lambda: figures.attempts,
            ("provider", "outcome"),
        ),
        Measure(
            "hatobin_accept_commit_seconds",
            "From handing accepted messages to the store until they are durable.",
            "histogram",
            lambda: figures.accept_commits,
        ),
        Measure(
            "hatobin_settle_commit_seconds",
            "From handing outcomes to the store until they are durable.",
            "histogram",
            lambda: figures.settle_commits,
        ),
    ]


def _ready_measures(ready: ReadyQueue) -> list[Measure]:
    return [
        Measure("hatobin_ready_messages", "Messages in the worker's ready queue.", "gauge", lambda: ready.messages),
        Measure("hatobin_ready_bytes", "Octets of content in it.", "gauge", lambda: ready.bytes),
    ]
