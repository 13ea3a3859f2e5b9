"""What people see: tables on the terminal, and the same as Markdown inside docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.results import OURS, Result, Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_COLUMNS = ("case", "system", "figure", "unit", "CPU µs", "hatobin ÷ it", "of the RSA limit")
_LEFT = (0, 1, 3)


def _cells(row: Row) -> list[str]:
    return [
        row.case,
        row.system + (" *" if row.noisy else ""),
        str(row.figure),
        "" if row.figure is None else row.figure.unit,
        "" if row.cpu_us is None else f"{row.cpu_us:,.0f}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.rsa_share is None else f"{row.rsa_share:.0%}",
    ]


def _problems(result: Result) -> list[str]:
    return list(dict.fromkeys(f"no figure for {row.system}: {row.problem}" for row in result.rows if row.problem))


def show(console: Console, results: Sequence[Result]) -> None:
    """Print one table of all cases."""
    table = Table()
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="left" if number in _LEFT else "right")
    for result in results:
        for row in result.rows:
            if not row.problem:
                table.add_row(*_cells(row), style="bold green" if row.system == OURS else None)
    console.print(table)
    for result in results:
        for text in _problems(result):
            console.print(f"{result.case}: {text}", style="yellow", highlight=False)
    if any(row.noisy for result in results for row in result.rows):
        console.print("* The machine was not idle before at least one repetition: indicative only.", style="yellow")


def describe(machine: Machine) -> str:
    """Say in one paragraph what was measured on."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.libraries.items())
    return (
        f"{machine.cores} cores of {machine.model}, {machine.memory_gib:g} GiB, {machine.system}, "
        f"{machine.filesystem}; Python {machine.python}, {versions}. "
        f"RSA-2048 signatures: {machine.rsa2048_per_s_one_core:,.0f}/s on one core, "
        f"{machine.rsa2048_per_s_all_cores:,.0f}/s on all; 4 KiB append and fsync: {machine.fsync_us:,.0f} µs."
    )


def markdown(results: Sequence[Result], machine: Machine, repetitions: int) -> str:
    """Give the results as Markdown."""
    lines = [f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe(machine)}", ""]
    lines += [
        "| " + " | ".join(_COLUMNS) + " |",
        "|" + "".join("---|" if number in _LEFT else "---:|" for number in range(len(_COLUMNS))),
    ]
    for result in results:
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in result.rows if not row.problem]
    counts = ", ".join(f"{result.case} {result.messages:,}" for result in results if result.messages)
    lines += ["", f"Messages in one repetition: {counts}; repetitions: {repetitions}.", ""]
    versions = {row.system: row.version for result in results for row in result.rows if row.version}
    lines += [f"Versions: {'; '.join(f'{name}: {text}' for name, text in versions.items())}."]
    lines += [f"\n{result.case}: {text}." for result in results for text in _problems(result)]
    if any(row.noisy for result in results for row in result.rows):
        lines += ["", "\\* The machine was not idle before at least one repetition: indicative only."]
    return "\n".join(lines) + "\n"


def put_into_page(name: str, text: str, page: Path = PAGE) -> None:
    """Replace what stands between the marks `<!-- NAME -->` and `<!-- /NAME -->` of a page."""
    content = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    new, count = pattern.subn(lambda found: f"{found[1]}{text}{found[2]}", content)
    if count != 1:
        raise LookupError(f"{page.name} has no marks for {name}")
    page.write_text(new, encoding="utf-8")
