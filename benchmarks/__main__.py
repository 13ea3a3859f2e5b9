"""`benchmarks/run`: the command line."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import report, results, scaling, stages
from benchmarks.cases import GIVEN_LOAD, QUICK_MESSAGES, Case, cases
from benchmarks.growth import make_grown, standing
from benchmarks.hatobin_server import ROOT, Serving, default_work
from benchmarks.interleaving import Measured, Plan, Watch, run_case
from benchmarks.machine import describe
from benchmarks.measuring import Run
from benchmarks.processes import wait_idle
from benchmarks.systems import System

RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
_LIMIT_S, _QUICK_LIMIT_S = 1.5, 0.3
_QUICK = {"repetitions": 1, "timeout_s": 15.0, "idle_limit_s": 0.0}
GROWTH, STANDING, RSA_LIMIT = "growth_delivered", ("growth_start", "idle_memory"), "rsa2048_limit"


def _settings(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or "." not in key:
            raise click.BadParameter(f"{pair!r} is not SECTION.KEY=VALUE", param_hint="--set")
        found[key] = value
    return found


def _wanted(every: Sequence[Case], names: Sequence[str]) -> set[str]:
    """Give the names of cases to run. Raises `click.BadParameter` for one that is not there."""
    known = [shown.name for case in every for shown in case.shown] + [*STANDING, RSA_LIMIT]
    wanted = {name.strip() for text in names for name in text.split(",") if name.strip()}
    if unknown := sorted(wanted - set(known)):
        raise click.BadParameter(f"{', '.join(unknown)}; there are {', '.join(known)}", param_hint="--case")
    return wanted or set(known)


class _Screen:
    """The progress bars, and one line per finished repetition."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._all = progress.add_task("all", total=total)
        self._step = progress.add_task("", total=1)
        self._shown_at = 0.0

    def watch(self) -> Watch:
        return Watch(self._begin, self._advance, self._finished)

    def _begin(self, text: str, size: int) -> None:
        self._progress.reset(self._step, total=size, description=text)

    def _advance(self, count: int) -> None:
        # Drawing costs the machine that is being measured: five times a second is enough.
        now = time.monotonic()
        if now - self._shown_at >= 0.2:
            self._shown_at = now
            self._progress.update(self._step, completed=count)

    def _finished(self, measured: Measured, run: Run) -> None:
        self._progress.advance(self._all)
        accepted = "" if run.accepted_per_s is None else f"{run.accepted_per_s:8,.0f} accepted/s "
        delivered = "" if run.delivered_per_s is None else f"{run.delivered_per_s:8,.0f} delivered/s "
        waited = "" if run.p99_ms is None else f"p99 {run.p99_ms:.1f} ms "
        self._progress.console.print(
            f"  {measured.system:18} {accepted}{delivered}{waited}"
            f"{run.server_us:8,.0f} µs CPU on {run.server_cores:.2f} cores",
            highlight=False,
        )


_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--case", "names", multiple=True, help="Only these, separated by commas. --list names them.")
@click.option("--only", multiple=True, help="Only this system; may be repeated.")
@click.option("--quick", is_flag=True, help="A smoke run: few messages, one repetition, no long past.")
@click.option("--messages", type=click.IntRange(50), help="Messages of one repetition (default: the case's own).")
@click.option("--repetitions", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--size", "size_bytes", type=click.IntRange(100, 1_000_000), default=4096, show_default=True)
@click.option("--load", "load_per_s", type=click.IntRange(2), default=GIVEN_LOAD, help="Twice api_p99's.")
@click.option("--timeout", "timeout_s", default=60.0, show_default=True, help="Of one repetition, seconds.")
@click.option("--idle", "idle_limit_s", default=10.0, show_default=True, help="How long to wait for quiet, seconds.")
@click.option("--set", "pairs", multiple=True, metavar="SECTION.KEY=VALUE", help="A setting of hatobin.")
@click.option("--hatobin", "command", help="Another way to call hatobin, to compare two checkouts.")
@click.option("--work", type=_FOLDER, help="Where everything is written (default: bench-work).")
@click.option("--results", "results_file", type=_FILE, help="Default: benchmarks/results/latest.json.")
@click.option(
    "--docs", is_flag=True, help="Also put the tables of a whole run into docs/performance.md and docs/scaling.md."
)
@click.option("--list", "listing", is_flag=True, help="List the cases and stop.")
def main(
    names: tuple[str, ...],
    only: tuple[str, ...],
    quick: bool,
    pairs: tuple[str, ...],
    command: str | None,
    results_file: Path | None,
    docs: bool,
    listing: bool,
    load_per_s: int,
    **amounts: Any,
) -> None:
    """Measure hatobin beside its peers, on this machine, in one interleaved run (docs/performance.md)."""
    if docs and (names or only or quick):
        raise click.UsageError("--docs puts a whole run into the page; leave the other choices out.")
    serving = Serving(settings=_settings(pairs), size_bytes=amounts["size_bytes"])
    if command:
        serving = replace(serving, command=command)
    plan = _plan(amounts, quick=quick)
    every = cases(serving, grown=plan.work / "grown", load_per_s=load_per_s)
    console = Console(width=None if sys.stdout.isatty() else 140)
    if listing:
        for case in every:
            console.print(f"{', '.join(shown.name for shown in case.shown):32} {case.meaning}", highlight=False)
        return
    # Whoever ends us in the middle wants the servers ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wanted = _wanted(every, names)
    if quick and not names:
        wanted -= {GROWTH, "growth_memory", *STANDING}
    plan.work.mkdir(parents=True, exist_ok=True)
    # Figures of a smoke run are nobody's reference.
    kept = results_file or (plan.work / "quick.json" if quick else RESULTS)
    bench = _Bench(plan, serving, only, console)
    chosen = [case for case in every if wanted & {shown.name for shown in case.shown}]
    done = []
    for result in bench.run(chosen, wanted):
        # At once, so that a run that is broken off has not been for nothing.
        results.renew(kept, [result])
        done.append(result)
    report.show(console, done)
    if docs:
        report.put_into_page("results", report.markdown(done, bench.machine, plan.repetitions))
        if any(row.system == "hatobin_postgres" and row.figure for result in done for row in result.rows):
            scaling.put_into_docs(plan.work, scaling.Assumptions())
        stages.put_into_docs(plan.work, plan.size_bytes, bench.machine)
    if any(row.system == results.OURS and row.problem for result in done for row in result.rows):
        raise click.ClickException("hatobin failed a case")


def _plan(amounts: dict[str, Any], *, quick: bool) -> Plan:
    if quick:
        amounts = {**amounts, "messages": amounts["messages"] or QUICK_MESSAGES, **_QUICK}
    return Plan(**{**amounts, "work": (amounts["work"] or default_work()).resolve()})


class _Bench:
    """One run: the machine first, then case after case."""

    def __init__(self, plan: Plan, serving: Serving, only: Sequence[str], console: Console) -> None:
        self._plan = plan
        self._serving = serving
        self._only = only
        self._console = console
        wait_idle(plan.idle_limit_s)
        self.machine = describe(plan.work, seconds=_LIMIT_S if plan.idle_limit_s else _QUICK_LIMIT_S)
        self._say(report.describe(self.machine))

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False)

    def run(self, chosen: Sequence[Case], wanted: set[str]) -> Iterator[results.Result]:
        """Measure, and give what came out, case by case; details go into the work folder."""
        limit = results.Row(RSA_LIMIT, "machine", results.Figure.of(self.machine.rsa2048_runs, "signatures/s"))
        yield results.Result(RSA_LIMIT, "", 0, (limit,))
        if wanted & {GROWTH, "growth_memory", "growth_start"}:
            make_grown(self._plan.work / "grown", self._serving, self._say)
        picked = [(case, [system for system in case.systems if self._is_wanted(system)]) for case in chosen]
        total = sum(len(systems) for _, systems in picked) * self._plan.repetitions
        columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            screen = _Screen(progress, total)
            for case, systems in picked:
                if systems:
                    yield self._measure(case, systems, screen)
        if wanted & set(STANDING) and (not self._only or results.OURS in self._only):
            yield standing(self._plan.work, self._serving, self._plan.repetitions, self._say)

    def _is_wanted(self, system: System) -> bool:
        return not self._only or system.name in self._only

    def _measure(self, case: Case, systems: Sequence[System], screen: _Screen) -> results.Result:
        self._console.print(f"[bold]{case.name}[/bold]  {case.meaning}", highlight=False)
        measured = run_case(case, systems, self._plan, screen.watch())
        signing = {system.name for system in systems if system.signs}
        result = results.sum_up(case, measured, self._plan, self.machine, signing)
        detail = results.in_detail(case, result, measured, self._plan, self.machine)
        results.write(self._plan.work / f"results-{case.name}.json", detail)
        return result


if __name__ == "__main__":
    main(prog_name="benchmarks/run")
