"""From repetitions to figures: medians with their range, ratios to the peers, the share of the RSA limit; as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.interleaving import Measured, Plan
from benchmarks.machine import Machine
from benchmarks.measuring import Run
from benchmarks.processes import QUIET_CORES

OURS = "hatobin"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A median and its range over the repetitions."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(runs: Sequence[Run], value: Callable[[Run], float | None]) -> Figure | None:
        """Make a figure of one value of all repetitions; None where it was not measured."""
        values = [found for run in runs if (found := value(run)) is not None]
        return Figure(statistics.median(values), min(values), max(values)) if values else None

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.median:,.0f}"
        return f"{self.median:,.0f} ({self.low:,.0f}–{self.high:,.0f})"


_METRICS: dict[str, Callable[[Run], float | None]] = {
    "accepted_per_s": lambda run: run.accepted_per_s,
    "delivered_per_s": lambda run: run.delivered_per_s,
    "server_cpu_us_per_message": lambda run: run.server_us,
    "server_cores": lambda run: run.server_cores,
    "generator_cpu_us_per_message": lambda run: run.generator_us,
    "sink_cpu_us_per_message": lambda run: run.sink_us,
    "server_resident_mib": lambda run: run.server_mib,
    "p50_ms": lambda run: run.p50_ms,
    "p99_ms": lambda run: run.p99_ms,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One system in one case, summed up. `ratio` is ours to it in the case's headline, `rsa_share` of 1."""

    system: str
    version: str
    problem: str
    figures: dict[str, Figure]
    ratio: float | None
    rsa_share: float | None
    noisy: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A case with its rows."""

    case: Case
    messages: int
    repetitions: int
    rows: tuple[Row, ...]


def sum_up(case: Case, measured: Sequence[Measured], plan: Plan, machine: Machine, signing: set[str]) -> Result:
    """Make the rows of a case; `signing` names the systems that sign."""
    figures = [
        {name: figure for name, value in _METRICS.items() if (figure := Figure.of(one.runs, value)) is not None}
        for one in measured
    ]
    ours = next((f.get(case.headline) for one, f in zip(measured, figures, strict=True) if one.system == OURS), None)
    rows = []
    for one, found in zip(measured, figures, strict=True):
        theirs = found.get(case.headline)
        compared = one.system != OURS and ours is not None and theirs is not None
        delivered = found.get("delivered_per_s")
        signs = one.system in signing and delivered is not None
        rows.append(
            Row(
                system=one.system,
                version=one.version,
                problem="" if one.runs and len(one.runs) == plan.repetitions else one.problem or "not all repetitions",
                figures=found,
                ratio=ours.median / theirs.median if compared and ours and theirs else None,
                rsa_share=delivered.median / machine.rsa2048_per_s_all_cores if signs and delivered else None,
                noisy=any(run.cores_busy_before >= QUIET_CORES for run in one.runs),
            )
        )
    return Result(case, case.rounded(plan.messages or case.messages), plan.repetitions, tuple(rows))


def as_json(result: Result, measured: Sequence[Measured], plan: Plan, machine: Machine) -> dict[str, Any]:
    """Give everything that was measured, each repetition included."""
    systems = []
    for row, one in zip(result.rows, measured, strict=True):
        systems.append(
            {
                "system": row.system,
                "version": row.version,
                "signature": one.proof,
                "problem": row.problem,
                "metrics": {name: _figure(figure) for name, figure in row.figures.items()},
                "hatobin_to_this": None if row.ratio is None else round(row.ratio, 3),
                "share_of_rsa_limit": None if row.rsa_share is None else round(row.rsa_share, 4),
                "machine_was_busy": row.noisy,
                "runs": [asdict(run) for run in one.runs],
            }
        )
    return {
        "format": FORMAT,
        "case": result.case.name,
        "meaning": result.case.meaning,
        "headline": result.case.headline,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "messages": result.messages,
        "message_bytes": plan.size_bytes,
        "repetitions": plan.repetitions,
        "machine": machine.as_json(),
        "systems": systems,
    }


def _figure(figure: Figure) -> dict[str, float]:
    return {"median": round(figure.median, 3), "min": round(figure.low, 3), "max": round(figure.high, 3)}


def write(path: Path, content: object) -> None:
    """Write a results file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(path)
