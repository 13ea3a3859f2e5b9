"""A store with a long past: filled with messages, then served, to see what a million of them cost at start.

    python -m benchmarks.fill --data DIR --due 1000000 --serve

Rows are written through the rooms' own functions in large transactions, so
the tool knows no table; a million due messages take about a minute. `--final`
makes delivered ones with their events, for retention and metrics.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.hatobin_server import ROOT, _environment, _ready_line
from benchmarks.processes import end
from hatobin.app.data_folder import DataFolder
from hatobin.app.store import open_store
from hatobin.capabilities import events, queue
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.ports import Database, Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings

ACCOUNT, REGION = "123456789012", "us-east-1"
ROWS_PER_TRANSACTION = 5_000
DOMAINS = 1_000
"""Recipients are spread over so many domains."""
FINAL_OVER_S = 30 * 86_400.0
"""Delivered messages are spread evenly over so long a past."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a server on this store looks like from outside."""

    ready_after_s: float
    rss_at_ready_mib: float
    rss_mib: float
    rss_peak_mib: float
    first_answer_ms: float
    metrics_ms: float


def made(number: int, accepted_at: float, content: bytes, chance: random.Random, *, final: bool) -> NewMessage:
    """Make a message to one recipient, accepted at `accepted_at`."""
    identifier = message_id(REGION, accepted_at, str(uuid.UUID(int=chance.getrandbits(128), version=4)))
    domain = f"d{number % DOMAINS}.example.net"
    state = RecipientState.DELIVERED if final else RecipientState.QUEUED
    return NewMessage(
        key=MessageKey(ACCOUNT, REGION, identifier),
        accepted_at=accepted_at,
        expires_at=accepted_at + 50_400,
        source="sender@example.com",
        reverse_path=f"{identifier}@hatobin.localhost",
        identity_arn=f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com",
        configuration_set=None,
        tls_required=False,
        dkim=None,
        tags="{}",
        mail="",
        content=content,
        blob_key=None,
        recipients=(NewRecipient(f"reader-{number}@{domain}", domain, state, "250 ok" if final else None),),
    )


def write(session: Session, messages: Sequence[NewMessage]) -> None:
    """Write messages as accepting (and delivering) them would have."""
    for message in messages:
        queue.enqueue(session, message, None)
        mail = MailJson(message.mail, message.tags)
        kinds = [EventKind.SEND]
        if message.recipients[0].state is RecipientState.DELIVERED:
            kinds.append(EventKind.DELIVERY)
        for kind in kinds:
            events.record(session, Event(message.key, None, kind, message.accepted_at, "{}", mail=mail))


async def fill(database: Database, messages: Iterator[NewMessage], progress: Callable[[int], object]) -> None:
    """Write all messages, many in each transaction."""
    while True:
        piece = [message for _, message in zip(range(ROWS_PER_TRANSACTION), messages, strict=False)]
        if not piece:
            return
        await database.write(lambda session, piece=piece: write(session, piece))  # type: ignore[misc]
        progress(len(piece))


def planned(due: int, final: int, size_bytes: int, now: float) -> Iterator[NewMessage]:
    """Give `final` delivered messages over the past and `due` ones of the last hour."""
    chance = random.Random(1)
    content = b"From: sender@example.com\r\nSubject: x\r\n\r\n".ljust(size_bytes - 2, b"x") + b"\r\n"
    for number in range(final):
        yield made(number, now - FINAL_OVER_S * (1 - number / final), content, chance, final=True)
    for number in range(due):
        yield made(number, now - 3600 * (1 - number / due), content, chance, final=False)


def fill_store(
    data: Path,
    *,
    due: int = 0,
    final: int = 0,
    size_bytes: int = 1024,
    progress: Callable[[int], object] = lambda count: None,
) -> None:
    """Fill the store of a data folder that nobody serves; `progress` hears how many more were written."""
    folder = DataFolder(data)
    folder.prepare()
    database = open_store(Settings(), folder)

    async def run() -> None:
        await fill(database, planned(due, final, size_bytes, time.time()), progress)
        await database.close()

    asyncio.run(run())


def serve(data: Path, settings: Mapping[str, str], watch_s: float) -> Standing:
    """Serve the store, look at the process for `watch_s` seconds, and end it."""
    environment = _environment("mailbox", 0, settings)
    command = [str(ROOT / ".venv/bin/python"), "-m", "hatobin", "serve", "--data", str(data)]
    begun = time.monotonic()
    with (data / "serving.stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr
        )
    try:
        ready = _ready_line(process, data / "serving.stderr")
        ready_after_s = time.monotonic() - begun
        at_ready = _memory_mib(process.pid, "VmRSS")
        first_answer_ms = _get_ms(f"http://{ready['http']}/healthz")
        time.sleep(watch_s)
        metrics_ms = _get_ms(f"http://{ready['http']}/metrics")
        rss, peak = _memory_mib(process.pid, "VmRSS"), _memory_mib(process.pid, "VmHWM")
        return Standing(
            *(round(figure, 2) for figure in (ready_after_s, at_ready, rss, peak, first_answer_ms, metrics_ms))
        )
    finally:
        end(process)
        if process.stdout is not None:
            process.stdout.close()


def _get_ms(url: str) -> float:
    begun = time.monotonic()
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()
    return (time.monotonic() - begun) * 1000


def _memory_mib(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), required=True, help="The data folder.")
@click.option("--due", type=click.IntRange(0), default=0, help="Due messages to add.")
@click.option("--final", type=click.IntRange(0), default=0, help="Delivered messages to add, over thirty days.")
@click.option("--size", "size_bytes", type=click.IntRange(100), default=1024, show_default=True)
@click.option("--serve", "serving", is_flag=True, help="Then serve the store and report on the process.")
@click.option("--watch", "watch_s", default=5.0, show_default=True, help="How long to look at it, seconds.")
@click.option("--set", "pairs", multiple=True, metavar="SECTION.KEY=VALUE", help="A setting of hatobin.")
def main(
    data: Path, due: int, final: int, size_bytes: int, serving: bool, watch_s: float, pairs: tuple[str, ...]
) -> None:
    """Fill a store quickly, and see how a server stands on it."""
    if due or final:
        begun = time.monotonic()
        with click.progressbar(length=due + final, label="messages") as shown:
            fill_store(data, due=due, final=final, size_bytes=size_bytes, progress=shown.update)
        took_s = time.monotonic() - begun
        click.echo(f"{due + final:,} messages in {took_s:.1f} s, {(due + final) / took_s:,.0f}/s")
    if serving:
        settings = dict(pair.split("=", 1) for pair in pairs)
        click.echo(json.dumps(asdict(serve(data, settings, watch_s)), indent=2))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.fill")
