"""From what one message costs to what a service needs: the tables of docs/scaling.md.

    python -m benchmarks.scaling --node-price 40 --database-price 300

Reads what `make bench CASES=smtp_delivered` has left in the work folder about
`hatobin_postgres`, and only multiplies.
"""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.hatobin_server import ROOT, default_work
from benchmarks.report import put_into_page

PAGE = ROOT / "docs" / "scaling.md"
VOLUMES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
DAY_S = 86_400
DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """What one message takes: CPU seconds of a node and of its database, transactions, octets written and kept."""

    node_s: float
    database_s: float
    commits: float
    wal_bytes: float
    stored_bytes: float


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is decided and not measured; prices are of one machine for a month, in any currency."""

    peak_factor: float = 4.0
    busy: float = 0.6
    history_days: float = 14.0
    node_cores: int = 4
    node_price: float = 40.0
    database_cores: int = 16
    database_price: float = 300.0
    wal_mb_s: float = 200.0
    """What one database server writes of its log."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a volume needs."""

    per_day: int
    peak_per_s: float
    node_cores: float
    nodes: int
    database_cores: float
    wal_mb_s: float
    history_gb: float
    databases: int
    price_per_thousand: float


def one_database_per_s(cost: Cost, given: Assumptions) -> float:
    """Give the messages a second of one PostgreSQL: what its cores allow, or its log, whichever is less."""
    by_cores = given.database_cores * given.busy / cost.database_s
    by_log = given.wal_mb_s * 1e6 / cost.wal_bytes
    return min(by_cores, by_log)


def need(per_day: int, cost: Cost, given: Assumptions) -> Need:
    """Multiply: peak rate, cores, machines with one spare node, a standby for every database, price."""
    peak = per_day / DAY_S * given.peak_factor
    node_cores = peak * cost.node_s / given.busy
    nodes = math.ceil(node_cores / given.node_cores) + 1
    databases = math.ceil(peak / one_database_per_s(cost, given))
    month = nodes * given.node_price + 2 * databases * given.database_price
    return Need(
        per_day=per_day,
        peak_per_s=peak,
        node_cores=node_cores,
        nodes=nodes,
        database_cores=peak * cost.database_s / given.busy,
        wal_mb_s=peak * cost.wal_bytes / 1e6,
        history_gb=per_day * given.history_days * cost.stored_bytes / 1e9,
        databases=databases,
        price_per_thousand=month / (per_day * DAYS_A_MONTH / 1000),
    )


def measured(path: Path) -> Cost:
    """Read the medians of `hatobin_postgres`. Raises `click.ClickException` when they are not there."""
    try:
        systems: list[dict[str, Any]] = json.loads(path.read_text())["systems"]
    except FileNotFoundError:
        raise click.ClickException(f"{path.name} is missing: make bench CASES=smtp_delivered") from None
    found = (system["runs"] for system in systems if system["system"] == "hatobin_postgres")
    runs: list[dict[str, float]] = next(found, [])
    if not runs:
        raise click.ClickException("hatobin_postgres was not measured")

    def median(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    node_us = statistics.median(run["server_us"] - run["database_us"] for run in runs)
    return Cost(
        node_us / 1e6, median("database_us") / 1e6, median("commits"), median("wal_bytes"), median("stored_bytes")
    )


def markdown(cost: Cost, given: Assumptions) -> str:
    """Give the tables."""
    lines = [
        "| what one message of 4 KB takes on PostgreSQL | measured |",
        "|---|---:|",
        f"| CPU of a node, RSA-2048 signature included | {cost.node_s * 1e6:,.0f} µs |",
        f"| CPU of PostgreSQL | {cost.database_s * 1e6:,.0f} µs |",
        f"| transactions (groups share them; readers' included) | {cost.commits:.2f} |",
        f"| CPU of PostgreSQL per transaction | {cost.database_s * 1e6 / cost.commits:,.0f} µs |",
        f"| write-ahead log | {cost.wal_bytes / 1000:,.1f} kB |",
        f"| kept after delivery, until its history is over | {cost.stored_bytes / 1000:,.1f} kB |",
        "",
        "| messages a day | at peak /s | node cores | nodes | database cores | log MB/s | history GB | PostgreSQL "
        "| 1,000 mails |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for volume in VOLUMES:
        one = need(volume, cost, given)
        lines.append(
            f"| {one.per_day:,} | {one.peak_per_s:,.0f} | {one.node_cores:,.1f} | {one.nodes} "
            f"| {one.database_cores:,.1f} | {one.wal_mb_s:,.1f} | {one.history_gb:,.0f} | {one.databases} "
            f"| {one.price_per_thousand:.5f} |"
        )
    limit = one_database_per_s(cost, given)
    lines += [
        "",
        f"Assumed: the peak is {given.peak_factor:g} times the mean; cores are {given.busy:.0%} busy then; a node "
        f"has {given.node_cores} cores and costs {given.node_price:g} a month; a database server has "
        f"{given.database_cores} cores, writes {given.wal_mb_s:g} MB/s of log and costs {given.database_price:g}; one "
        "node is spare, every database has a standby of the same size; history is kept "
        f"{given.history_days:g} days. One PostgreSQL then carries {limit:,.0f} messages a second at the peak, "
        f"{limit * DAY_S / given.peak_factor / 1e6:,.0f} million a day.",
    ]
    return "\n".join(lines) + "\n"


def put_into_docs(work: Path, given: Assumptions) -> str:
    """Put the tables into docs/scaling.md, from what the bench left in its work folder, and give them."""
    text = markdown(measured(work / "results-smtp_delivered.json"), given)
    put_into_page("scaling", text, PAGE)
    return text


_GIVEN = Assumptions()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--peak-factor", default=_GIVEN.peak_factor, show_default=True)
@click.option("--busy", default=_GIVEN.busy, show_default=True, help="How busy cores may be at the peak, of 1.")
@click.option("--history-days", default=_GIVEN.history_days, show_default=True)
@click.option("--node-cores", default=_GIVEN.node_cores, show_default=True)
@click.option("--node-price", default=_GIVEN.node_price, show_default=True, help="A month.")
@click.option("--database-cores", default=_GIVEN.database_cores, show_default=True)
@click.option("--database-price", default=_GIVEN.database_price, show_default=True, help="A month.")
@click.option("--wal-mb-s", default=_GIVEN.wal_mb_s, show_default=True, help="Log that one database server writes.")
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=default_work)
def main(work: Path, **assumed: Any) -> None:
    """Say how many nodes and databases carry how many messages, and what they cost; put it into docs/scaling.md."""
    click.echo(put_into_docs(work, Assumptions(**assumed)))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scaling")
