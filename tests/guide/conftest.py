"""One server for the whole guide, with the guide's sending domain verified, and a reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guide.reader import Reader
from tests.running import RunningServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder runs real programs against a real process."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="session")
def guide_server() -> Iterator[RunningServer]:
    """A server as it comes."""
    with RunningServer() as server:
        yield server


@pytest.fixture(scope="session")
def reader(guide_server: RunningServer) -> Reader:
    """A reader who has verified `example.com` in Tokyo."""
    reader = Reader(guide_server)
    reader.client("sesv2").create_email_identity(EmailIdentity="example.com")
    return reader
