"""`hatobin serve`: run the server."""

from __future__ import annotations

import asyncio
import gc
import importlib
import resource
import sys
from pathlib import Path

import click
import msgspec

from hatobin.app.cli.options import read_settings
from hatobin.app.data_folder import DataFolder, SlotTaken
from hatobin.app.listeners import ListenError, bind
from hatobin.app.master_key import KeyUnusable
from hatobin.app.store import StoreError
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.settings import Settings

GC_THRESHOLDS = (20_000, 20, 50)
OPEN_FILES = 65_536
"""Descriptors that a worker asks for: six listeners with a thousand connections each, deliveries and files."""


@click.command()
@click.option("--config", type=click.Path(dir_okay=False), help="TOML file with the settings.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the database, keys and mail (default: $HATOBIN_DATA, else ./hatobin-data).",
)
@click.option("--workers", type=click.IntRange(1, 64), help="How many worker processes share the store.")
@click.option("--http", metavar="HOST:PORT", help="Where the API and the console listen (port 0: a free one).")
@click.option("--with-moto", is_flag=True, help="Start moto for other AWS services, in memory (hatobin[aws-local]).")
def serve(config: str | None, data: Path | None, workers: int | None, http: str | None, with_moto: bool) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    One JSON line on stdout says when all listeners accept; the text for people goes to stderr.
    """
    settings, folder = read_settings(config, data)
    server = settings.server
    if http is not None:
        server = msgspec.structs.replace(server, http=http)
    if workers is not None:
        server = msgspec.structs.replace(server, workers=workers)
    settings = msgspec.structs.replace(settings, server=server)
    if with_moto:
        _serve_with_moto(settings, folder)
    else:
        _serve(settings, folder)


def _serve(settings: Settings, folder: DataFolder) -> None:
    if settings.server.workers == 1:
        run(settings, folder)
    else:
        supervise(settings, folder)


def _serve_with_moto(settings: Settings, folder: DataFolder) -> None:
    from hatobin.app.moto import MotoUnusable, running_moto

    try:
        with running_moto(settings) as with_default:
            click.echo(
                f"Other AWS services are moto's at {with_default.aws.default.endpoint_url}: what they hold is in"
                " memory, and gone when this server ends.",
                err=True,
            )
            _serve(with_default, folder)
    except MotoUnusable as error:
        raise click.ClickException(str(error)) from error


class StoreUnusable(click.ClickException):
    """The store cannot be used, as it is or as it is configured; the text says why."""


@click.command(hidden=True)
def worker() -> None:
    """Serve one worker of a supervisor, as ordered on standard input."""
    # What takes the time of a start, while the first worker makes what is missing in the store.
    importlib.import_module("hatobin.app.server")
    from hatobin.app.supervisor import STORE_UNUSABLE, WorkerOrder

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return  # The supervisor is gone, perhaps in the middle of its word.
    order = msgspec.json.decode(line, type=WorkerOrder)
    try:
        run(order.settings, DataFolder(Path(order.data)), worker=order.worker)
    except StoreUnusable as error:
        error.show()
        sys.exit(STORE_UNUSABLE)


def supervise(settings: Settings, folder: DataFolder) -> None:
    """Serve several workers on the same ports and the same store."""
    from hatobin.app.logging import configure_logging
    from hatobin.app.supervisor import Supervisor

    configure_logging(settings.log)
    _prepare(folder)
    try:
        listeners = bind(settings.server, reuse_port=True, listen=False)
    except ListenError as error:
        raise click.ClickException(str(error)) from error

    def text() -> str:
        # Loaded when the workers run: they are not kept waiting for it.
        from hatobin.app.welcome import welcome
        from hatobin.app.wiring import with_public_urls

        return welcome(with_public_urls(settings, listeners), listeners)

    if reason := asyncio.run(Supervisor(settings, folder, listeners).run(text)):
        raise click.ClickException(reason)


def _prepare(folder: DataFolder) -> None:
    try:
        folder.prepare()
    except OSError as error:
        raise click.ClickException(f"the data folder cannot be used: {error}") from error


def _calm_collector() -> None:
    """Take what was made at start out of the garbage collector's sight, and let it look less often.

    The values on the hot path hold no cycles, so looking for some after every
    700 of them only costs time: a tenth of the throughput.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _raise_file_limit() -> None:
    """Ask for more descriptors than the usual 1024, as far as this system lets us (getrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(settings: Settings, folder: DataFolder, *, worker: int = 0) -> None:
    """Serve one worker in this process; ends with a sentence when it cannot."""
    import uvloop

    from hatobin.app.logging import configure_logging

    configure_logging(settings.log)
    _raise_file_limit()
    _prepare(folder)
    try:
        folder.lock_slot(worker)
        listeners = bind(settings.server, reuse_port=settings.server.workers > 1)
    except (SlotTaken, ListenError) as error:
        raise click.ClickException(str(error)) from error

    async def main() -> None:
        from hatobin.app.server import RunningServer
        from hatobin.app.wiring import assemble

        try:
            assembly = await assemble(settings, folder, listeners, worker=worker)
        except (StoreError, KeyUnusable, DatabaseUnavailable) as error:
            raise StoreUnusable(str(error)) from error
        except OSError as error:
            raise StoreUnusable(f"the data folder cannot be used: {error}") from error
        _calm_collector()
        await RunningServer(assembly, listeners, folder).serve(supervised=settings.server.workers > 1)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
    sys.stdout.flush()
