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
_COLUMNS = ("system", "accepted/s", "delivered/s", "CPU µs", "hatobin ÷ it", "of the RSA limit")


def _cells(row: Row) -> list[str]:
    cpu = row.figures["server_cpu_us_per_message"]
    return [
        row.system + (" *" if row.noisy else ""),
        str(row.figures.get("accepted_per_s", "")),
        str(row.figures.get("delivered_per_s", "")),
        f"{cpu.median:,.0f}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.rsa_share is None else f"{row.rsa_share:.0%}",
    ]


def _problems(result: Result) -> list[str]:
    return [f"no figure for {row.system}: {row.problem}" for row in result.rows if row.problem]


def show(console: Console, results: Sequence[Result]) -> None:
    """Print one table per case."""
    for result in results:
        console.print(f"\n[bold]{result.case.name}[/bold]  {result.case.meaning}", highlight=False)
        table = Table()
        for number, name in enumerate(_COLUMNS):
            table.add_column(name, justify="left" if number == 0 else "right")
        for row in result.rows:
            if not row.problem:
                table.add_row(*_cells(row), style="bold green" if row.system == OURS else None)
        if table.row_count:
            console.print(table)
        for text in _problems(result):
            console.print(text, style="yellow", highlight=False)
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


def markdown(results: Sequence[Result], machine: Machine) -> str:
    """Give the results as Markdown."""
    lines = [f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe(machine)}", ""]
    lines += [
        "| case | " + " | ".join(_COLUMNS) + " |",
        "|---|---|" + "---:|" * (len(_COLUMNS) - 1),
    ]
    for result in results:
        for row in result.rows:
            if not row.problem:
                lines.append(f"| {result.case.name} | " + " | ".join(_cells(row)) + " |")
    versions = {row.system: row.version for result in results for row in result.rows if row.version}
    counts = ", ".join(f"{result.case.name} {result.messages:,} × {result.repetitions}" for result in results)
    lines += ["", f"Messages × repetitions: {counts}.", ""]
    lines += [f"Versions: {'; '.join(f'{name}: {text}' for name, text in versions.items())}."]
    lines += [f"\n{result.case.name}: {text}." for result in results for text in _problems(result)]
    if any(row.noisy for result in results for row in result.rows):
        lines += ["", "\\* The machine was not idle before at least one repetition: indicative only."]
    return "\n".join(lines) + "\n"


def put_into_page(name: str, text: str) -> None:
    """Replace what stands between the marks `<!-- NAME -->` and `<!-- /NAME -->` of the page."""
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    new, count = pattern.subn(lambda found: f"{found[1]}{text}{found[2]}", page)
    if count != 1:
        raise LookupError(f"{PAGE.name} has no marks for {name}")
    PAGE.write_text(new, encoding="utf-8")
