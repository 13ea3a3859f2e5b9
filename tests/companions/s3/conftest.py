"""A house with a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.companions.s3.house import House


@pytest.fixture
def house(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An S3 with the default settings, or those of the test's parameter."""
    made = House(getattr(request, "param", None))
    # botocore takes the time for its signatures from nowhere else.
    monkeypatch.setattr("botocore.auth.get_current_datetime", made.now)
    yield made
    made.close()


@pytest.fixture
def mine(house: House) -> Any:
    """The owner's client, and a bucket `letters`."""
    client = house.client()
    client.create_bucket(Bucket="letters")
    return client
