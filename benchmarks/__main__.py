"""`benchmarks/run`: the command line."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import report, results
from benchmarks.cases import QUICK_MESSAGES, Case, cases
from benchmarks.hatobin_server import ROOT, Serving
from benchmarks.interleaving import Measured, Plan, Watch, run_case
from benchmarks.machine import Machine, describe
from benchmarks.measuring import Run
from benchmarks.processes import wait_idle

_DEFAULT_WORK = ROOT / "bench-work"
_LIMIT_S, _QUICK_LIMIT_S = 1.5, 0.3
_QUICK = {"repetitions": 1, "timeout_s": 15.0, "idle_limit_s": 0.0}


def _settings(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or "." not in key:
            raise click.BadParameter(f"{pair!r} is not SECTION.KEY=VALUE", param_hint="--set")
        found[key] = value
    return found


def _chosen(every: Sequence[Case], names: Sequence[str]) -> list[Case]:
    known = {case.name for case in every}
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"{', '.join(unknown)}; there are {', '.join(known)}", param_hint="--case")
    return [case for case in every if not names or case.name in names]


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
        delivered = "" if run.delivered_per_s is None else f"{run.delivered_per_s:8,.0f} delivered/s "
        self._progress.console.print(
            f"  {measured.system:18} {run.accepted_per_s:8,.0f} accepted/s {delivered}"
            f"{run.server_us:8,.0f} µs CPU on {run.server_cores:.2f} cores",
            highlight=False,
        )


_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--case", "names", multiple=True, help="Only this case; may be repeated. --list names them.")
@click.option("--only", multiple=True, help="Only this system; may be repeated.")
@click.option("--quick", is_flag=True, help="A smoke run of less than a minute: few messages, one repetition.")
@click.option("--messages", type=click.IntRange(50), help="Messages of one repetition (default: the case's own).")
@click.option("--repetitions", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--size", "size_bytes", type=click.IntRange(100, 1_000_000), default=4096, show_default=True)
@click.option("--timeout", "timeout_s", default=60.0, show_default=True, help="Of one repetition, seconds.")
@click.option("--idle", "idle_limit_s", default=10.0, show_default=True, help="How long to wait for quiet, seconds.")
@click.option("--set", "pairs", multiple=True, metavar="SECTION.KEY=VALUE", help="A setting of hatobin.")
@click.option("--hatobin", "command", help="Another way to call hatobin, to compare two checkouts.")
@click.option("--work", type=_FOLDER, default=_DEFAULT_WORK, help="Where everything is written (./bench-work).")
@click.option("--json", "json_file", type=_FILE, help="One results file for all cases.")
@click.option("--docs", is_flag=True, help="Also put the tables into docs/performance.md.")
@click.option("--list", "listing", is_flag=True, help="List the cases and stop.")
def main(
    names: tuple[str, ...],
    only: tuple[str, ...],
    quick: bool,
    pairs: tuple[str, ...],
    command: str | None,
    json_file: Path | None,
    docs: bool,
    listing: bool,
    **amounts: Any,
) -> None:
    """Measure hatobin beside its peers, on this machine, in one interleaved run (docs/performance.md)."""
    serving = Serving(settings=_settings(pairs), size_bytes=amounts["size_bytes"])
    if command:
        serving = replace(serving, command=command)
    every = cases(serving, emulators=not quick)
    console = Console(width=None if sys.stdout.isatty() else 140)
    if listing:
        for case in every:
            console.print(f"{case.name:16} {case.meaning}", highlight=False)
        return
    # Whoever ends us in the middle wants the servers ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    plan = _plan(amounts, quick=quick)
    wait_idle(plan.idle_limit_s)
    machine = describe(plan.work, seconds=_QUICK_LIMIT_S if quick else _LIMIT_S)
    console.print(report.describe(machine), highlight=False)
    done, written = _measure(_chosen(every, names), only, plan, machine, console)
    report.show(console, done)
    for result in done:
        if json_file is None:
            results.write(plan.work / f"results-{result.case.name}.json", written[result.case.name])
    if json_file is not None:
        results.write(json_file, {"cases": list(written.values())})
    if docs:
        report.put_into_page("results", report.markdown(done, machine))
    if not any(row.figures and not row.problem for result in done for row in result.rows):
        raise click.ClickException("nothing could be measured")
    if any(row.system == results.OURS and row.problem for result in done for row in result.rows):
        raise click.ClickException("hatobin failed a case")


def _plan(amounts: dict[str, Any], *, quick: bool) -> Plan:
    if quick:
        amounts = {**amounts, "messages": amounts["messages"] or QUICK_MESSAGES, **_QUICK}
    work = amounts["work"].resolve()
    work.mkdir(parents=True, exist_ok=True)
    return Plan(**{**amounts, "work": work})


def _measure(
    chosen: Sequence[Case], only: Sequence[str], plan: Plan, machine: Machine, console: Console
) -> tuple[list[results.Result], dict[str, Any]]:
    done: list[results.Result] = []
    written: dict[str, Any] = {}
    picked = [(case, [system for system in case.systems if not only or system.name in only]) for case in chosen]
    picked = [(case, systems) for case, systems in picked if systems]
    total = sum(len(systems) for _, systems in picked) * plan.repetitions
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        screen = _Screen(progress, total)
        for case, systems in picked:
            console.print(f"[bold]{case.name}[/bold]  {case.meaning}", highlight=False)
            measured = run_case(case, systems, plan, screen.watch())
            signing = {system.name for system in systems if system.signs}
            result = results.sum_up(case, measured, plan, machine, signing)
            done.append(result)
            written[case.name] = results.as_json(result, measured, plan, machine)
    return done, written


if __name__ == "__main__":
    main(prog_name="benchmarks/run")
