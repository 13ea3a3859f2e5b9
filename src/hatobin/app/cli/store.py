"""Opening the store from a command; a running server may use it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from hatobin.adapters.clock import SystemClock
from hatobin.adapters.entropy import OsEntropy
from hatobin.app.data_folder import DataFolder
from hatobin.app.master_key import KeyUnusable
from hatobin.app.store import StoreError, open_store
from hatobin.companions import iam
from hatobin.companions.kms import SealBroken, Vault
from hatobin.ports import Database, Session
from hatobin.words.settings import Settings

T = TypeVar("T")


def in_store(settings: Settings, folder: DataFolder, work: Callable[[Session, Vault, float], T]) -> T:
    """Run `work` in one transaction of the store, made if it is missing; ends with a sentence when it cannot."""
    now = SystemClock().now()
    return with_store(settings, folder, lambda database, vault: database.write(lambda s: work(s, vault, now)))


def with_store(settings: Settings, folder: DataFolder, work: Callable[[Database, Vault], Awaitable[T]]) -> T:
    """Run `work` over the store in as many transactions as it wants; otherwise as `in_store`."""
    folder.prepare()
    now = SystemClock().now()

    async def run() -> T:
        vault = Vault(folder.master_keys(), OsEntropy())
        database = open_store(settings, folder, worker=1)
        try:
            await database.write(lambda session: iam.ensure_first_key(session, vault, OsEntropy(), now=now))
            return await work(database, vault)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except (StoreError, KeyUnusable) as error:
        raise click.ClickException(str(error)) from error
    except SealBroken as error:
        raise click.ClickException(f"{error}: use the master key of this store's server") from error
