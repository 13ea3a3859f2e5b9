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

    def prepare(self) -> None:
        """Make ready what the clock must not see; `messages` is settled afterwards. Raises `Invalid`."""
        ...

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
class Written:
    """What a database has written so far: transactions, octets of its log, octets of its files."""

    commits: int
    wal_bytes: int
    stored_bytes: int

    def __sub__(self, before: Written) -> Written:
        return Written(
            self.commits - before.commits,
            self.wal_bytes - before.wal_bytes,
            self.stored_bytes - before.stored_bytes,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What one repetition showed. Rates are messages per second, `_us` CPU microseconds per message."""

    messages: int
    accepted_per_s: float | None
    """None where nothing is sent: events leave by themselves."""
    delivered_per_s: float | None
    server_us: float
    server_cores: float
    database_us: float | None
    """Of `server_us`, what the database beside the server took."""
    commits: float | None
    """Transactions of that database per message, readers' included."""
    wal_bytes: float | None
    """What it wrote to its log per message."""
    stored_bytes: float | None
    """How much it grew per message."""
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
    database: Sequence[int]
    written: Callable[[], Written] | None
    watched: bool
    """Whether arrivals may be counted while the load runs: counting is cheap and disturbs nobody."""


@dataclass(frozen=True, slots=True)
class _Spent:
    """What has been spent so far: CPU seconds, and what the database beside the server has written."""

    server_s: float
    database_s: float
    sink_s: float
    written: Written

    @staticmethod
    def by(trial: Trial) -> _Spent:
        written = trial.written() if trial.written else Written(0, 0, 0)
        return _Spent(cpu_s(trial.roots), cpu_s(trial.database), trial.arrivals.cpu_s(), written)

    def __sub__(self, before: _Spent) -> _Spent:
        return _Spent(
            self.server_s - before.server_s,
            self.database_s - before.database_s,
            self.sink_s - before.sink_s,
            self.written - before.written,
        )


def measure(load: Load, trial: Trial, *, timeout_s: float, busy_before: float, progress: Callable[[int], None]) -> Run:
    """Run one repetition. Raises `Invalid` when it failed, or took longer than `timeout_s`."""
    arrivals = trial.arrivals
    series: list[tuple[float, int]] = [(0.0, 0)]
    accepted_s: float | None = None
    try:
        load.prepare()
        total, base, before = load.messages, arrivals.count(), _Spent.by(trial)
        begun = time.perf_counter()
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
        spent = _Spent.by(trial) - before
    finally:
        load.close()
    if trial.counts_arrivals:
        time.sleep(_AFTERWARDS_S)
        if (arrived := arrivals.count() - base) != total:
            raise Invalid(f"{arrived} messages arrived where {total} were sent")
    latencies = sorted(load.latencies_s)
    return Run(
        messages=total,
        accepted_per_s=total / accepted_s if load.answered else None,
        delivered_per_s=total / series[-1][0] if trial.counts_arrivals else None,
        server_us=spent.server_s / total * 1e6,
        server_cores=spent.server_s / wall_s,
        database_us=spent.database_s / total * 1e6 if trial.database else None,
        commits=spent.written.commits / total if trial.database else None,
        wal_bytes=spent.written.wal_bytes / total if trial.database else None,
        stored_bytes=spent.written.stored_bytes / total if trial.database else None,
        generator_us=load.cpu_s() / total * 1e6,
        sink_us=spent.sink_s / total * 1e6,
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
