"""A store with a long past: filled with messages, then served, to see what a million of them cost at start.

    python -m benchmarks.fill --data DIR --due 1000000 --serve

Rows are written through the rooms' own functions in large transactions, so
the tool knows no table; a million due messages take about a minute. `--final`
makes delivered ones with their events, for retention and metrics; `--later`
makes messages that were deferred once and are due in a month; `--suppressed`
fills the suppression list. `benchmarks.growth` measures on such a store.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click
from msgspec import structs

from benchmarks.hatobin_server import Serving, Variant, environment_of, served
from hatobin.app.data_folder import DataFolder
from hatobin.app.store import open_store
from hatobin.capabilities import events, queue, suppression
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.queue import Lease, MessageKey, NewMessage, NewRecipient
from hatobin.ports import Database, Session
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings, Store

T = TypeVar("T")

ACCOUNT, REGION = "123456789012", "us-east-1"
ROWS_PER_TRANSACTION = 5_000
DOMAINS = 1_000
"""Recipients are spread over so many domains."""
LATER_S = 30 * 86_400.0
"""Deferred messages are due about so far ahead, and live as long again."""
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


def write_later(session: Session, messages: Sequence[NewMessage]) -> None:
    """Write messages whose first attempt was deferred."""
    held = Lease(worker=1_000_000, epoch=1)
    queue.enqueue_all(session, [(message, held) for message in messages])
    for message in messages:
        mail = MailJson(message.mail, message.tags)
        events.record(session, Event(message.key, None, EventKind.SEND, message.accepted_at, "{}", mail=mail))
        queue.defer(session, message.key, 0, held, due_at=message.accepted_at + LATER_S, reply="450 later")


def suppress(session: Session, numbers: Sequence[int], now: float) -> None:
    """Put addresses on the suppression list."""
    for number in numbers:
        suppression.add(session, ACCOUNT, REGION, f"gone-{number}@d{number % DOMAINS}.example.org", "BOUNCE", now)


async def _fill(
    database: Database,
    items: Iterator[T],
    write_piece: Callable[[Session, Sequence[T]], None],
    progress: Callable[[int], object],
) -> None:
    """Write all items, many in each transaction."""
    while piece := list(islice(items, ROWS_PER_TRANSACTION)):
        await database.write(partial(_written, write_piece, piece))
        progress(len(piece))


def _written(write_piece: Callable[[Session, Sequence[T]], None], piece: Sequence[T], session: Session) -> None:
    write_piece(session, piece)


@dataclass(frozen=True, slots=True)
class Past:
    """What a store is to hold."""

    due: int = 0
    final: int = 0
    later: int = 0
    suppressed: int = 0
    size_bytes: int = 1024

    @property
    def rows(self) -> int:
        """How many things that are."""
        return self.due + self.final + self.later + self.suppressed


def _planned(count: int, over_s: float, past: Past, now: float, *, final: bool) -> Iterator[NewMessage]:
    """Give messages accepted evenly over so many seconds until now."""
    chance = random.Random(count)
    content = b"From: sender@example.com\r\nSubject: x\r\n\r\n".ljust(past.size_bytes - 2, b"x") + b"\r\n"
    for number in range(count):
        yield made(number, now - over_s * (1 - number / count), content, chance, final=final)


def _lasting(message: NewMessage) -> NewMessage:
    return structs.replace(message, expires_at=message.accepted_at + 2 * LATER_S)


def fill_store(
    data: Path, past: Past, *, url: str = "", progress: Callable[[int], object] = lambda count: None
) -> None:
    """Fill the store of a data folder that nobody serves, or the one at `url`.

    `progress` hears how many more were written.
    """
    folder = DataFolder(data)
    folder.prepare()
    database = open_store(Settings(store=Store(url=url)), folder)
    now = time.time()

    async def run() -> None:
        await _fill(database, _planned(past.final, FINAL_OVER_S, past, now, final=True), write, progress)
        await _fill(database, _planned(past.due, 3600, past, now, final=False), write, progress)
        later = map(_lasting, _planned(past.later, 3600, past, now, final=False))
        await _fill(database, later, write_later, progress)
        await _fill(
            database, iter(range(past.suppressed)), lambda session, some: suppress(session, some, now), progress
        )
        await database.close()

    asyncio.run(run())


def serve(data: Path, settings: Mapping[str, str], watch_s: float) -> Standing:
    """Serve the store, look at the process for `watch_s` seconds, and end it."""
    environment = environment_of(Variant("mailbox", workers=1), 0, settings)
    with served(Serving().command, data, environment, data / "serving.stderr") as up:
        at_ready = _memory_mib(up.pid, "VmRSS")
        first_answer_ms = _get_ms(f"http://{up.ready['http']}/healthz")
        time.sleep(watch_s)
        metrics_ms = _get_ms(f"http://{up.ready['http']}/metrics")
        rss, peak = _memory_mib(up.pid, "VmRSS"), _memory_mib(up.pid, "VmHWM")
        return Standing(
            *(round(figure, 2) for figure in (up.ready_after_s, at_ready, rss, peak, first_answer_ms, metrics_ms))
        )


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
@click.option("--later", type=click.IntRange(0), default=0, help="Deferred messages to add, due in a month.")
@click.option("--suppressed", type=click.IntRange(0), default=0, help="Suppressed addresses to add.")
@click.option("--size", "size_bytes", type=click.IntRange(100), default=1024, show_default=True)
@click.option("--serve", "serving", is_flag=True, help="Then serve the store and report on the process.")
@click.option("--watch", "watch_s", default=5.0, show_default=True, help="How long to look at it, seconds.")
@click.option("--set", "pairs", multiple=True, metavar="SECTION.KEY=VALUE", help="A setting of hatobin.")
def main(data: Path, serving: bool, watch_s: float, pairs: tuple[str, ...], **amounts: int) -> None:
    """Fill a store quickly, and see how a server stands on it."""
    past = Past(**amounts)
    if past.rows:
        begun = time.monotonic()
        with click.progressbar(length=past.rows, label="rows") as shown:
            fill_store(data, past, progress=shown.update)
        took_s = time.monotonic() - begun
        click.echo(f"{past.rows:,} in {took_s:.1f} s, {past.rows / took_s:,.0f}/s")
    if serving:
        settings = dict(pair.split("=", 1) for pair in pairs)
        click.echo(json.dumps(asdict(serve(data, settings, watch_s)), indent=2))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.fill")
