"""`hatobin migrate`: bring the store's schema up to date before the servers of a new version start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hatobin.app.cli.options import print_json, read_settings, store_options
from hatobin.app.schema import migrations
from hatobin.app.store import StoreError, open_store


@click.command()
@store_options
def migrate(config: str | None, data: Path | None, as_json: bool) -> None:
    """Bring the store's schema up to date.

    `hatobin serve` does the same when it starts, one worker at a time; this
    command is for those who want it to happen before, and see that it did. A
    schema is never changed backwards: make a backup first.
    """
    settings, folder = read_settings(config, data)
    folder.prepare()

    async def run() -> None:
        await open_store(settings, folder, worker=1).close()

    try:
        asyncio.run(run())
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    steps = migrations()
    if as_json:
        print_json({"schema": steps[-1].number, "name": steps[-1].name})
    else:
        click.echo(f"The store has schema {steps[-1].number} ({steps[-1].name}).")
