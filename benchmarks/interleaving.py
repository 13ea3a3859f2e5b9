"""One case: all its systems up at once, their repetitions interleaved, so that drift of the machine meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.measuring import Arrivals, Invalid, Nowhere, Run, Trial, measure
from benchmarks.processes import free_port, wait_idle
from benchmarks.proof import prove_signature
from benchmarks.sink import running_sink
from benchmarks.systems import Place, Running, System

WARM_UP_MESSAGES = 100
PATIENCE = 4
"""How many times the limit of waiting for quiet a case may wait in all: on a busy machine it would be most of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: bounded in count and in time."""

    messages: int | None
    repetitions: int
    size_bytes: int
    timeout_s: float
    idle_limit_s: float
    work: Path


@dataclass(slots=True)
class Measured:
    """What one system showed in one case; `problem` says why it shows nothing."""

    system: str
    version: str = ""
    proof: str = ""
    runs: list[Run] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom to tell how far it is: a step's text and size, its progress, and a finished repetition."""

    step: Callable[[str, int], None]
    progress: Callable[[int], None]
    finished: Callable[[Measured, Run], None]


@dataclass(frozen=True, slots=True)
class _Up:
    """A system that runs, with what it needs."""

    measured: Measured
    running: Running
    trial: Trial


def run_case(case: Case, systems: Sequence[System], plan: Plan, watch: Watch) -> list[Measured]:
    """Measure a case. A system that is missing or fails says why; the others go on."""
    messages = case.rounded(plan.messages or case.messages)
    results: list[Measured] = []
    with ExitStack() as stack:
        up: list[_Up] = []
        for system in systems:
            watch.step(f"{case.name}: starting {system.name}", 1)
            measured = Measured(system.name)
            results.append(measured)
            try:
                up.append(_bring_up(case, system, measured, plan, stack))
                _repeat(case, up[-1], case.rounded(min(messages, WARM_UP_MESSAGES)), plan, watch, busy_before=0.0)
            except Exception as error:  # Whatever keeps one system from coming up, the others are measured.
                measured.problem = str(error)
        patience_s = plan.idle_limit_s * PATIENCE
        for repetition in range(plan.repetitions):
            # The order turns, so that nobody always comes after the same neighbour.
            for one in up[repetition % max(1, len(up)) :] + up[: repetition % max(1, len(up))]:
                if one.measured.problem:
                    continue
                watch.step(f"{case.name}: {one.measured.system}, {repetition + 1} of {plan.repetitions}", messages)
                begun = time.monotonic()
                busy = wait_idle(max(0.0, min(plan.idle_limit_s, patience_s))) if plan.idle_limit_s else 0.0
                patience_s -= time.monotonic() - begun
                try:
                    run = _repeat(case, one, messages, plan, watch, busy_before=busy)
                except (Invalid, OSError) as error:
                    one.measured.problem = str(error)
                    continue
                one.measured.runs.append(run)
                watch.finished(one.measured, run)
    return results


def _bring_up(case: Case, system: System, measured: Measured, plan: Plan, stack: ExitStack) -> _Up:
    port = free_port() if case.arrivals == "sink" else 0
    folder = plan.work / case.name / system.name
    folder.mkdir(parents=True, exist_ok=True)
    running = stack.enter_context(system.start(Place(folder, port)))
    measured.version = running.version
    arrivals: Arrivals = running.kept or Nowhere()
    if port:
        if system.signs and running.smtp:
            measured.proof = prove_signature(running, port, size_bytes=plan.size_bytes)
        arrivals = stack.enter_context(running_sink(port, folder))
    trial = Trial(
        running.roots,
        arrivals,
        counts_arrivals=not isinstance(arrivals, Nowhere),
        database=running.database,
        written=running.written,
        watched=case.arrivals in ("sink", "subscriber"),
    )
    return _Up(measured, running, trial)


def _repeat(case: Case, up: _Up, messages: int, plan: Plan, watch: Watch, *, busy_before: float) -> Run:
    load = case.load(up.running, messages, plan.size_bytes)
    return measure(load, up.trial, timeout_s=plan.timeout_s, busy_before=busy_before, progress=watch.progress)
