"""`hatobin messages`: what happened to a mail, found in the log of this server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hatobin.adapters.clock import SystemClock
from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import with_store
from hatobin.capabilities import message_log
from hatobin.capabilities.message_log import LogEntry, LogPage, LogQuery, Outcome
from hatobin.ports import Database
from hatobin.servers.local import (
    BadQuery,
    bare_message_id,
    explain,
    explanation_json,
    log_query,
    page_json,
    state_name,
)
from hatobin.words.instant import iso_ms
from hatobin.words.outcome import RecipientState

T = TypeVar("T")

MAX_LIMIT = 10_000
_STYLES = {
    RecipientState.QUEUED: "yellow",
    RecipientState.DELIVERED: "green",
    RecipientState.SUPPRESSED: "dim",
    RecipientState.CANCELLED: "dim",
}


@click.group()
def messages() -> None:
    """Search the message log, or show the story of one message."""


@messages.command()
@store_options
@click.option("--to", help="Address of a recipient.")
@click.option("--from", "from_", help="Address that sent.")
@click.option("--subject", help="Part of the subject.")
@click.option("--identity", help="Identity, by name or ARN.")
@click.option("--set", "set_", help="Configuration set.")
@click.option("--tag", help="Tag: NAME or NAME=VALUE.")
@click.option("--tenant", help="Tenant, by name.")
@click.option("--outcome", type=click.Choice([one.value for one in Outcome]), help="What became of it.")
@click.option("--since", help="Accepted from then on: 2026-11-28, 2026-11-28T09:00Z, or 24h for a day ago.")
@click.option("--until", help="Accepted before then.")
@click.option("--account", help="Account id.")
@click.option("--region", help="Region.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True, help="Most messages.")
@click.option("--before", help="Go on below a page: the cursor that it ended with.")
def search(config: str | None, data: Path | None, as_json: bool, limit: int, **given: str | None) -> None:
    """Find messages, the newest first."""
    settings, folder = read_settings(config, data)
    names = {"from": "from_", "set": "set_"}
    try:
        query = log_query(lambda name: given.get(names.get(name, name)), limit=limit, now=SystemClock().now())
    except BadQuery as bad:
        raise click.ClickException(str(bad)) from bad
    page = with_store(settings, folder, lambda database, _: _all(database, query))
    if as_json:
        print_json(page_json(page))
        return
    _console().print(_table(page))
    if page.next_before is not None:
        click.echo(f"More: --before {page.next_before}")


@messages.command()
@store_options
@click.argument("message_id")
def show(config: str | None, data: Path | None, as_json: bool, message_id: str) -> None:
    """Tell the story of one message: its recipients and its events."""
    settings, folder = read_settings(config, data)
    identifier = bare_message_id(message_id)
    found = with_store(settings, folder, lambda database, _: database.read(lambda s: explain(s, identifier)))
    if found is None:
        raise click.ClickException(f"no message with the id {identifier} is kept")
    story = explanation_json(found)
    if as_json:
        print_json(story)
        return
    console = _console()
    facts = Table.grid(padding=(0, 2))
    for name, value in story["message"].items():
        facts.add_row(Text(name, "bold"), Text(_plain(value)))
    recipients = Table("recipient", "state", "attempts", "settled", "reply")
    for one in found.recipients:
        settled = "" if one.settled_at is None else iso_ms(one.settled_at)
        recipients.add_row(Text(one.address), _state(one.state), str(one.attempts), settled, Text(one.reply or ""))
    events = Table("event", "at", "detail")
    for event in story["events"]:
        events.add_row(event["type"], event["at"], Text(_plain(event["detail"])))
    for part in (facts, recipients, events):
        console.print(part)


async def _all(database: Database, query: LogQuery) -> LogPage:
    """Search on until the limit is reached or everything was looked at: one search looks at a bounded part."""
    found: list[LogEntry] = []
    while True:
        asked = msgspec.structs.replace(query, limit=min(500, query.limit - len(found)))
        page = await database.read(lambda session, asked=asked: message_log.search(session, asked))  # type: ignore[misc]
        found += page.entries
        if page.next_before is None or len(found) >= query.limit:
            return LogPage(tuple(found), page.next_before)
        query = msgspec.structs.replace(query, before=page.next_before)


def _console() -> Console:
    # A pipe gets whole lines: who cuts columns out of them wants no frame for eighty characters.
    console = Console()
    return console if console.is_terminal else Console(width=240)


def _table(page: LogPage) -> Table:
    table = Table("accepted", "id", "from", "to", "subject", "state", "afterwards")
    for one in page.entries:
        message = one.message
        table.add_row(
            iso_ms(message.accepted_at),
            message.key.message_id,
            Text(message.source),
            Text("\n".join(recipient.address for recipient in one.recipients)),
            Text(message.subject),
            Text("\n").join(_state(recipient.state) for recipient in one.recipients),
            "\n".join(f"{heard.kind.value} {heard.count}" for heard in one.engagement),
        )
    return table


def _state(state: RecipientState) -> Text:
    return Text(state_name(state), _STYLES.get(state, "red"))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
