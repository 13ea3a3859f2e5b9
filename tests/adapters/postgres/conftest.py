"""Databases on the private server of this test process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from hatobin.adapters.postgres import PostgresDatabase
from tests.peers import postgres


@pytest.fixture
def url() -> str:
    """An empty database."""
    return postgres.shared().create_database("adapter")


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Callable[..., PostgresDatabase]]:
    """Open stores on that database, closed after the test."""
    databases: list[PostgresDatabase] = []

    def open_store(**options: object) -> PostgresDatabase:
        database = PostgresDatabase.open(url, **options)  # type: ignore[arg-type]
        databases.append(database)
        return database

    yield open_store
    for database in databases:
        await database.close()
