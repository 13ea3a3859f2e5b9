"""Our own database adapters keep the promises of the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hatobin.adapters.postgres import PostgresDatabase
from hatobin.adapters.sqlite import SqliteDatabase
from hatobin.ports.database import Database
from hatobin.testing.database import DATABASE_CHECKS, DatabaseCheck, MakeDatabase, run_database_check
from tests.peers import postgres


@pytest.fixture
def make_postgres() -> MakeDatabase:
    url = postgres.shared().create_database("conformance")

    @asynccontextmanager
    async def database() -> AsyncIterator[Database]:
        opened = PostgresDatabase.open(url)
        yield opened
        await opened.close()

    return database


@pytest.mark.interop
@pytest.mark.parametrize("check", DATABASE_CHECKS, ids=lambda check: check.__name__)
async def test_postgres(make_postgres: MakeDatabase, check: DatabaseCheck) -> None:
    await run_database_check(make_postgres, check)


@pytest.fixture(params=["memory", "file"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeDatabase:
    path = ":memory:" if request.param == "memory" else str(tmp_path / "store.db")

    @asynccontextmanager
    async def database() -> AsyncIterator[Database]:
        opened = SqliteDatabase.open(path)
        yield opened
        await opened.close()

    return database


@pytest.mark.parametrize("check", DATABASE_CHECKS, ids=lambda check: check.__name__)
async def test_sqlite(make: MakeDatabase, check: DatabaseCheck) -> None:
    await run_database_check(make, check)
