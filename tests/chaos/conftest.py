"""How long and by which dice: CHAOS_ROUNDS (kills per test, default 6) and CHAOS_SEED (default 1)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder kills processes on purpose."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many kills each test makes; each takes about two seconds."""
    return int(os.environ.get("CHAOS_ROUNDS", "6"))


@pytest.fixture(scope="session")
def seed() -> int:
    """Where the dice begin. A failure names it; the moments of the kills follow from it, the machine's do not."""
    return int(os.environ.get("CHAOS_SEED", "1"))
