"""By which dice: CHAOS_SEED (default 1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.postgres import Postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder kills processes on purpose."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture(scope="session")
def seed() -> int:
    """Where the dice begin. A failure names it; the moments of the kills follow from it, the machine's do not."""
    return int(os.environ.get("CHAOS_SEED", "1"))


@dataclass(frozen=True, slots=True)
class Store:
    """Where the server keeps its state: the settings for it, and the PostgreSQL behind it if it is one."""

    settings: dict[str, str]
    postgres: Postgres | None = None
    database: str = "chaos"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Give the embedded store, and then a PostgreSQL of this test's own."""
    with ExitStack() as resources:
        if request.param == "sqlite":
            yield Store({})
            return
        running = resources.enter_context(Postgres())
        yield Store({"store.url": running.create_database("chaos")}, running)
