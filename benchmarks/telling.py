"""`python -m benchmarks.telling`: what it costs to tell of mail, so that a drifting machine does not hide it.

One server, and two senders: one whose default set tracks opens and clicks,
counts all events in CloudWatch and sends them to a topic with a queue, and one
without a set. Slices of mail of the one and of the other take turns, each until
the last message arrived, and neighbours are compared: rates of separate runs
on a shared machine differ by more than what is looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

import click
from msgspec import Struct

from benchmarks.api_requests import client, single
from benchmarks.event_load import watched
from benchmarks.hatobin_server import THROUGHPUT_WORKERS, Serving, Variant, default_work, hatobin
from benchmarks.http_load import HttpLoad
from benchmarks.measuring import Arrivals, Load
from benchmarks.processes import cpu_s, free_port
from benchmarks.sink import running_sink
from benchmarks.smtp_load import SENDER, SmtpLoad
from benchmarks.systems import Place, Running

UNTOLD = "sender@example.org"
SIZE_BYTES = 4096
_WARM_UP = 1000
_TIMEOUT_S = 60.0


class Slice(Struct, frozen=True):
    """What one slice came to: messages a second, and CPU microseconds a message."""

    rate: float
    cpu_us: float


def _load(server: Running, door: str, sender: str, messages: int, connections: int) -> Load:
    if door == "smtp":
        return SmtpLoad(server.smtp, messages=messages, sessions=connections, size_bytes=SIZE_BYTES, sender=sender)
    requests = single(server.http, size_bytes=SIZE_BYTES, sender=sender)
    return HttpLoad(server.http, requests, count=messages, connections=connections, success=b"MessageId")


def _send(server: Running, arrivals: Arrivals, load: Load, messages: int) -> Slice:
    """Send a slice and wait until the last message arrived."""
    load.prepare()
    before, cpu_before, begun = arrivals.count(), cpu_s(server.roots), time.monotonic()
    try:
        load.start()
        while not load.step(1.0):
            pass
        while arrivals.count() < before + messages:
            if time.monotonic() > begun + _TIMEOUT_S:
                raise RuntimeError(f"not everything was delivered within {_TIMEOUT_S:g} s")
            time.sleep(0.005)
        took_s, cpu = time.monotonic() - begun, cpu_s(server.roots) - cpu_before
    finally:
        load.close()
    return Slice(messages / took_s, cpu * 1e6 / messages)


def measure(
    work: Path, *, door: str, pairs: int, messages: int, connections: int, workers: int
) -> list[tuple[Slice, Slice]]:
    """Give pairs of neighbouring slices: told, and untold."""
    with ExitStack() as resources:
        port = free_port()
        sink = resources.enter_context(running_sink(port, work))
        system = watched(hatobin("hatobin", Serving(), Variant(mode="relay", workers=workers)))
        server = resources.enter_context(system.start(Place(work, port)))
        client(f"http://{server.http}").create_email_identity(EmailIdentity=UNTOLD.partition("@")[2])

        def slice_of(sender: str, count: int) -> Slice:
            return _send(server, sink, _load(server, door, sender, count, connections), count)

        for sender in (SENDER, UNTOLD):
            slice_of(sender, _WARM_UP)
        found: list[tuple[Slice, Slice]] = []
        for number in range(pairs):
            order = (SENDER, UNTOLD) if number % 2 else (UNTOLD, SENDER)
            taken = {sender: slice_of(sender, messages) for sender in order}
            found.append((taken[SENDER], taken[UNTOLD]))
        return found


def _row(door: str, found: Sequence[tuple[Slice, Slice]]) -> str:
    def middle(pick: Callable[[Slice, Slice], float], form: str) -> str:
        return format(median(pick(told, untold) for told, untold in found), form)

    def spread(pick: Callable[[Slice, Slice], float]) -> str:
        low, half, high = quantiles((pick(told, untold) for told, untold in found), n=4)
        return f"{half:.2f} ({low:.2f}–{high:.2f})"

    cells = [
        door,
        middle(lambda told, _: told.rate, ",.0f"),
        middle(lambda _, untold: untold.rate, ",.0f"),
        spread(lambda told, untold: told.rate / untold.rate),
        middle(lambda told, _: told.cpu_us, ",.0f"),
        middle(lambda _, untold: untold.cpu_us, ",.0f"),
        spread(lambda told, untold: untold.cpu_us / told.cpu_us),
    ]
    return f"| {' | '.join(cells)} |"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--door", "doors", type=click.Choice(["smtp", "api"]), multiple=True, default=("smtp", "api"))
@click.option("--pairs", type=click.IntRange(2, 1000), default=24, show_default=True, help="Slices of each kind.")
@click.option("--messages", type=click.IntRange(50, 100_000), default=1000, show_default=True, help="In a slice.")
@click.option("--connections", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=THROUGHPUT_WORKERS, show_default=True)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=default_work)
def main(doors: tuple[str, ...], pairs: int, messages: int, connections: int, workers: int, work: Path) -> None:
    """Print rates and CPU time of mail that is told of beside mail that is not, as Markdown: medians and quartiles."""
    work.mkdir(parents=True, exist_ok=True)
    click.echo("| door | told/s | untold/s | told ÷ untold | told, CPU µs | untold, CPU µs | untold ÷ told |")
    click.echo("|---|---:|---:|---:|---:|---:|---:|")
    for door in doors:
        found = measure(work, door=door, pairs=pairs, messages=messages, connections=connections, workers=workers)
        click.echo(_row(door, found))


if __name__ == "__main__":
    main()
