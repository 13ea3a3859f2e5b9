"""One repetition: a load, a server, and what arrives at the other end. No rate without all N messages.

Accepted is the time until the last message was answered, delivered the time
until the last one arrived, both from the same beginning. The server's CPU time
counts until everything has arrived, so that work put off is counted too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from benchmarks.processes import cpu_s, resident_bytes

_STEP_S = 0.005
_AFTERWARDS_S = 0.25
"""How long a repetition listens for messages too many: duplicates."""
_PARTS = 4


class Invalid(Exception):
    """A repetition in which not everything went well; it is never turned into a rate."""


class Load(Protocol):
    """Something that sends N messages, bounded in count."""

    messages: int
    answered: int
    latencies_s: list[float]

    def start(self) -> None:
        """Begin."""
        ...

    def step(self, timeout_s: float) -> bool:
        """Go on for about this long; True when all is answered. Raises `Invalid`."""
        ...

    def cpu_s(self) -> float:
        """CPU seconds of the generator."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


class Arrivals(Protocol):
    """Counts what has arrived at the other end since it was started."""

    def count(self) -> int:
        """How many messages."""
        ...

    def cpu_s(self) -> float:
        """CPU seconds of the receiver, zero where it is part of the server."""
        ...


class Nowhere:
    """For servers that keep nothing: an accepted message has arrived."""

    def count(self) -> int:
        """Nothing ever arrives here."""
        return 0

    def cpu_s(self) -> float:
        """Nothing is done either."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one repetition showed. Rates are messages per second, `_us` CPU microseconds per message."""

    messages: int
    accepted_per_s: float
    delivered_per_s: float | None
    server_us: float
    server_cores: float
    generator_us: float
    sink_us: float
    delivered_per_s_by_quarter: tuple[float, ...]
    p50_ms: float | None
    p99_ms: float | None
    server_mib: float
    cores_busy_before: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a repetition runs against: the server's root processes and where its messages arrive."""

    roots: Sequence[int]
    arrivals: Arrivals
    counts_arrivals: bool
    watched: bool
    """Whether arrivals may be counted while the load runs: counting is cheap and disturbs nobody."""


def measure(load: Load, trial: Trial, *, timeout_s: float, busy_before: float, progress: Callable[[int], None]) -> Run:
    """Run one repetition. Raises `Invalid` when it failed, or took longer than `timeout_s`."""
    arrivals, total = trial.arrivals, load.messages
    base = arrivals.count()
    server, sink = cpu_s(trial.roots), arrivals.cpu_s()
    series: list[tuple[float, int]] = [(0.0, 0)]
    accepted_s: float | None = None
    begun = time.perf_counter()
    try:
        load.start()
        while accepted_s is None or (trial.counts_arrivals and series[-1][1] < total):
            if accepted_s is None:
                done = load.step(_STEP_S)
                elapsed = time.perf_counter() - begun
                accepted_s = elapsed if done else None
            else:
                time.sleep(_STEP_S)
                elapsed = time.perf_counter() - begun
            if trial.counts_arrivals and (trial.watched or accepted_s is not None):
                series.append((elapsed, arrivals.count() - base))
            progress(series[-1][1] if trial.watched and trial.counts_arrivals else load.answered)
            if elapsed > timeout_s:
                raise Invalid(_late(load, series[-1][1], timeout_s, accepted=accepted_s is not None))
        wall_s = time.perf_counter() - begun
        server, sink = cpu_s(trial.roots) - server, arrivals.cpu_s() - sink
    finally:
        load.close()
    if trial.counts_arrivals:
        time.sleep(_AFTERWARDS_S)
        if (arrived := arrivals.count() - base) != total:
            raise Invalid(f"{arrived} messages arrived where {total} were sent")
    latencies = sorted(load.latencies_s)
    return Run(
        messages=total,
        accepted_per_s=total / accepted_s,
        delivered_per_s=total / series[-1][0] if trial.counts_arrivals else None,
        server_us=server / total * 1e6,
        server_cores=server / wall_s,
        generator_us=load.cpu_s() / total * 1e6,
        sink_us=sink / total * 1e6,
        delivered_per_s_by_quarter=_by_quarter(series, total) if trial.watched else (),
        p50_ms=latencies[len(latencies) // 2] * 1e3 if latencies else None,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1e3 if latencies else None,
        server_mib=resident_bytes(trial.roots) / 2**20,
        cores_busy_before=busy_before,
    )


def _late(load: Load, arrived: int, timeout_s: float, *, accepted: bool) -> str:
    answered = load.messages if accepted else load.answered
    return f"not done after {timeout_s:g} s: {answered} of {load.messages} accepted, {arrived} delivered"


def _by_quarter(series: Sequence[tuple[float, int]], total: int) -> tuple[float, ...]:
    """Give the rate of each quarter of the messages: a rate that falls as tables grow shows here."""
    marks = [0.0]
    for part in range(1, _PARTS + 1):
        wanted = total * part / _PARTS
        marks.append(next((at for at, count in series if count >= wanted), series[-1][0]))
    each = total / _PARTS
    return tuple(round(each / (end - start), 1) if end > start else 0.0 for start, end in pairwise(marks))
