"""Opening the configured store: the database, and where large bodies lie."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Protocol, TypeVar

from hatobin.adapters.blobs import FileBlobs
from hatobin.adapters.migrations import Migration, SchemaTooNew
from hatobin.adapters.sqlite import SqliteDatabase, SqliteTooOld
from hatobin.app.data_folder import DataFolder
from hatobin.app.schema import VOLATILE_TABLES, migrations
from hatobin.companions.s3 import LocalObjects
from hatobin.ports import Blobs, Database, Ports
from hatobin.ports.database import DatabaseUnavailable, Session
from hatobin.ports.objects import Objects
from hatobin.words.settings import Settings

T = TypeVar("T")

POSTGRES_SCHEMES = ("postgresql:", "postgres:")
MAX_CLOCK_SKEW = 1 / 12
"""Nodes judge each other's heartbeats by their own clocks: they may differ by this part of `server.dead_after_s`."""


class StoreError(Exception):
    """The store cannot be used as it is configured; the text says why, and what to do."""


class OpenDatabase(Database, Protocol):
    """The database port, and what only the composition root does with it."""

    def migrate(self, migrations: Sequence[Migration]) -> int:
        """Bring the schema up to date and give its version. Raises `SchemaTooNew`."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go."""
        ...


class OpenBlobs(Blobs, Protocol):
    """The blobs port, and its end."""

    async def close(self) -> None:
        """Finish what is queued and let go."""
        ...


def on_postgres(settings: Settings) -> bool:
    """Say whether the store is one that several nodes may share."""
    return settings.store.url.startswith(POSTGRES_SCHEMES)


def open_store(settings: Settings, folder: DataFolder, *, worker: int = 0) -> OpenDatabase:
    """Open the configured store and bring its schema up to date; blocks.

    Worker 0 alone checkpoints SQLite's write-ahead log (house §5). Raises `StoreError`.
    """
    try:
        database = _open_database(settings, folder, worker)
    except (DatabaseUnavailable, SqliteTooOld, ValueError) as error:
        raise StoreError(f"the store cannot be opened: {error}") from error
    try:
        database.migrate(migrations())
    except SchemaTooNew as error:
        raise StoreError(f"{error}: start the newer version, or restore the backup made before it") from error
    except DatabaseUnavailable as error:
        raise StoreError(f"the store's schema cannot be brought up to date: {error}") from error
    return database


def _open_database(settings: Settings, folder: DataFolder, worker: int) -> OpenDatabase:
    store = settings.store
    if on_postgres(settings):
        _require("psycopg", "postgres", store.url.partition(":")[0])
        from hatobin.adapters.postgres import PostgresDatabase, PostgresTooOld

        try:
            return PostgresDatabase.open(
                store.url,
                group_commit_items=store.group_commit_items,
                group_commit_delay_s=store.group_commit_delay_s,
            )
        except PostgresTooOld as error:
            raise StoreError(str(error)) from error
    if store.url and not store.url.startswith("sqlite:"):
        raise StoreError('store.url is "sqlite:PATH" or "postgresql://USER:PASSWORD@HOST/NAME"')
    return SqliteDatabase.open(
        store.url.removeprefix("sqlite:") or str(folder.database),
        group_commit_items=store.group_commit_items,
        group_commit_delay_s=store.group_commit_delay_s,
        checkpoints=worker == 0,
        volatile=VOLATILE_TABLES,
    )


def open_blobs(settings: Settings, folder: DataFolder) -> OpenBlobs:
    """Open the store of large bodies. Raises `StoreError`."""
    url = settings.store.blobs
    if url.startswith("s3:"):
        _require("obstore", "s3", "s3")
        from hatobin.adapters.s3_blobs import S3Blobs

        try:
            return S3Blobs(url, os.environ)
        except ValueError as error:
            raise StoreError(f"store.blobs: {error}") from error
    if url and not url.startswith("file:"):
        raise StoreError('store.blobs is "file:PATH" or "s3://BUCKET/PREFIX?region=…&endpoint=…"')
    return FileBlobs(url.removeprefix("file:") or folder.blobs)


def open_objects(settings: Settings, ports: Ports, environment: Mapping[str, str] = os.environ) -> Objects:
    """Give the buckets that the product itself uses: those kept here, or a real S3's. Raises `StoreError`."""
    s3 = settings.aws.s3
    if not s3.endpoint_url:
        return LocalObjects(ports)
    if find_spec("obstore") is None:
        raise StoreError('aws.s3.endpoint_url needs the extra: pip install "hatobin[s3]"')
    from hatobin.adapters.s3_objects import S3Login, S3Objects

    key, secret, token = s3.access_key_id, s3.secret_access_key, ""
    if not key:  # What the AWS SDKs read; obstore itself would also take an endpoint from there, which may be ours.
        key = environment.get("AWS_ACCESS_KEY_ID", "")
        secret = environment.get("AWS_SECRET_ACCESS_KEY", "")
        token = environment.get("AWS_SESSION_TOKEN", "")
    return S3Objects(S3Login(s3.endpoint_url, s3.region, key, secret, token))


async def clock_skew_s(database: Database, wall_clock: Callable[[], float] = time.time) -> float:
    """Measure how far this machine's clock is ahead of the database server's; 0 on SQLite."""

    def ask(session: Session) -> float:
        if session.dialect != "postgres":
            return 0.0
        before = wall_clock()
        row = session.one("SELECT extract(epoch FROM clock_timestamp())")
        return (before + wall_clock()) / 2 - float(row[0]) if row else 0.0

    return await database.read(ask)


def _require(module: str, extra: str, kind: str) -> None:
    if find_spec(module) is None:
        raise StoreError(f'a store of kind "{kind}:" needs the extra: pip install "hatobin[{extra}]"')
