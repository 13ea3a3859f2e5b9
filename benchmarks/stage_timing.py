"""Timing of one stage: the best of several rounds, because everything else on the machine can only add to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ROUNDS = 7
_MIN_ROUND_S = 0.15


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds per message: CPU of all threads of the process, and wall time with all waiting."""

    name: str
    meaning: str
    cpu_us: float
    wall_us: float


class _Best:
    """The best round so far."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = float("inf")

    def time(self, work: Callable[[], object], messages: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.cpu_s = min(self.cpu_s, (time.process_time() - cpu) / messages)
        self.wall_s = min(self.wall_s, (time.perf_counter() - wall) / messages)

    def cost(self, name: str, meaning: str) -> Cost:
        return Cost(name, meaning, self.cpu_s * 1e6, self.wall_s * 1e6)


def measure(name: str, meaning: str, work: Callable[[], object], *, each: int = 1) -> Cost:
    """Time work that can be done again and again; one call does `each` messages' worth."""
    count = _calls_per_round(work)

    def calls() -> None:
        for _ in range(count):
            work()

    best = _Best()
    for _ in range(_ROUNDS):
        best.time(calls, count * each)
    return best.cost(name, meaning)


def _calls_per_round(work: Callable[[], object]) -> int:
    count = 1
    while True:
        begun = time.perf_counter()
        for _ in range(count):
            work()
        spent_s = time.perf_counter() - begun
        if spent_s >= _MIN_ROUND_S:
            return count
        count = max(count + 1, int(count * min(10.0, 1.1 * _MIN_ROUND_S / max(spent_s, 1e-6))))


def measure_once_each(name: str, meaning: str, make: Callable[[], tuple[Sequence[Callable[[], object]], int]]) -> Cost:
    """Time work that can be done only once: `make` gives, outside the clock, a round's calls and their messages."""
    best = _Best()
    for _ in range(_ROUNDS):
        works, messages = make()

        def calls(works: Sequence[Callable[[], object]] = works) -> None:
            for work in works:
                work()

        best.time(calls, messages)
    return best.cost(name, meaning)
