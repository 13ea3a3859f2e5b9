"""Opening the configured store."""

from __future__ import annotations

from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.app.data_folder import DataFolder
from hatobin.app.schema import schema
from hatobin.words.settings import Settings


class UnknownStore(Exception):
    """`store.url` names a kind of store that this version does not know."""


def open_store(settings: Settings, folder: DataFolder, *, worker: int = 0) -> SqliteDatabase:
    """Open the configured store and bring its schema up to date. Raises `UnknownStore`.

    Worker 0 alone checkpoints the write-ahead log (house §5).
    """
    url = settings.store.url
    if url and not url.startswith("sqlite:"):
        raise UnknownStore(f'store.url = "{url}": this version knows "sqlite:PATH"')
    database = SqliteDatabase.open(
        url.removeprefix("sqlite:") or str(folder.database),
        group_commit_items=settings.store.group_commit_items,
        group_commit_delay_s=settings.store.group_commit_delay_s,
        checkpoints=worker == 0,
    )
    database.apply_schema(schema())
    return database
