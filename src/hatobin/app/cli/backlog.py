"""`hatobin backlog`: what has not left yet, for each destination of events, and what was given up."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.cli.store import in_store
from hatobin.flow.backlog import backlog as waiting_rows


@click.command()
@store_options
def backlog(config: str | None, data: Path | None, as_json: bool) -> None:
    """List the destinations of events that are behind, or have events that were given up."""
    settings, folder = read_settings(config, data)
    rows = in_store(settings, folder, lambda session, _, now: waiting_rows(session, now=now))
    if as_json:
        print_json(msgspec.to_builtins(rows))
        return
    for row in rows:
        age = "" if row.oldest_age_s is None else f", the oldest for {row.oldest_age_s:.0f} s"
        error = "" if row.last_error is None else f"  {row.last_error}"
        click.echo(f"{row.kind:10} {row.target}  {row.waiting} waiting{age}, {row.dead} dead{error}")
