"""From repetitions to figures: medians with their range, ratios to the peers, the share of the RSA limit; as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cases import Case, Shown
from benchmarks.interleaving import Measured, Plan
from benchmarks.machine import Machine
from benchmarks.measuring import Run
from benchmarks.processes import QUIET_CORES

OURS = "hatobin"
FORMAT = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """A median and its range over the repetitions."""

    median: float
    low: float
    high: float
    runs: int
    unit: str

    @staticmethod
    def of(values: Sequence[float], unit: str) -> Figure:
        """Make a figure of at least one value."""
        return Figure(statistics.median(values), min(values), max(values), len(values), unit)

    def __str__(self) -> str:
        digits = 0 if self.median >= 100 else 1 if self.median >= 10 else 2
        if self.low == self.high:
            return f"{self.median:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f}–{self.high:,.{digits}f})"

    def as_json(self) -> dict[str, float | int | str]:
        """Give what the results file holds of it."""
        return {
            "median": round(self.median, 3),
            "min": round(self.low, 3),
            "max": round(self.high, 3),
            "runs": self.runs,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One system in one case, summed up; `problem` says why there is no figure.

    `ratio` is ours to it, `rsa_share` the part of the machine's RSA limit, of 1.
    """

    case: str
    system: str
    figure: Figure | None
    cpu_us: float | None = None
    ratio: float | None = None
    rsa_share: float | None = None
    version: str = ""
    noisy: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A case with its rows, those of what is shown beside it included."""

    case: str
    meaning: str
    messages: int
    rows: tuple[Row, ...]


def sum_up(case: Case, measured: Sequence[Measured], plan: Plan, machine: Machine, signing: set[str]) -> Result:
    """Make the rows of a case; `signing` names the systems that sign."""
    rows: list[Row] = []
    for shown in case.shown:
        rows += _rows(shown, measured, plan, machine, signing)
    return Result(case.name, case.meaning, case.rounded(plan.messages or case.messages), tuple(rows))


def _rows(shown: Shown, measured: Sequence[Measured], plan: Plan, machine: Machine, signing: set[str]) -> list[Row]:
    figures = {one.system: _figure(one.runs, shown) for one in measured if one.runs}
    ours = figures.get(OURS)
    is_rate = shown.unit.endswith("/s")
    rows = []
    for one in measured:
        found = figures.get(one.system)
        compared = is_rate and one.system != OURS and ours is not None and found is not None
        signs = shown.metric == "delivered_per_s" and one.system in signing and found is not None
        rows.append(
            Row(
                case=shown.name,
                system=one.system,
                figure=found,
                cpu_us=statistics.median(run.server_us for run in one.runs) if one.runs else None,
                ratio=ours.median / found.median if compared and ours and found else None,
                rsa_share=found.median / machine.rsa2048_per_s_all_cores if signs and found else None,
                version=one.version,
                noisy=any(run.cores_busy_before >= QUIET_CORES for run in one.runs),
                problem="" if len(one.runs) == plan.repetitions else one.problem or "not all repetitions",
            )
        )
    return rows


def _figure(runs: Sequence[Run], shown: Shown) -> Figure | None:
    value: Callable[[Run], float | None] = lambda run: getattr(run, shown.metric)  # noqa: E731
    values = [found for run in runs if (found := value(run)) is not None]
    return Figure.of(values, shown.unit) if values else None


def in_detail(case: Case, result: Result, measured: Sequence[Measured], plan: Plan, machine: Machine) -> dict[str, Any]:
    """Give everything that was measured, each repetition included."""
    return {
        "format": FORMAT,
        "case": case.name,
        "meaning": case.meaning,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "messages": result.messages,
        "message_bytes": plan.size_bytes,
        "repetitions": plan.repetitions,
        "machine": machine.as_json(),
        "systems": [
            {
                "system": one.system,
                "version": one.version,
                "signature": one.proof,
                "problem": one.problem,
                "runs": [asdict(run) for run in one.runs],
            }
            for one in measured
        ],
    }


def write(path: Path, content: object) -> None:
    """Write a results file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(path)


def renew(path: Path, results: Sequence[Result]) -> None:
    """Put figures into a results file: a map from case to system to figure.

    What was not measured now keeps its entry; a system that failed now loses it.
    """
    try:
        kept: dict[str, dict[str, Any]] = json.loads(path.read_text())
    except FileNotFoundError:
        kept = {}
    for row in (row for result in results for row in result.rows):
        systems = kept.setdefault(row.case, {})
        systems.pop(row.system, None)
        if row.figure is not None and not row.problem:
            systems[row.system] = row.figure.as_json()
    write(path, {case: systems for case, systems in kept.items() if systems})
