"""Fixtures of the API tests: a server in this process, and clients of it.

    def test_something(make_client):
        ses = make_client("sesv2", region="eu-west-1")

A test that needs the server too asks for `api`, one that needs other settings
gives them as the fixture's parameter:

    @pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.harness import Api


@pytest.fixture
def api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A fresh server with the default settings, or those of the test's parameter."""
    server = Api(getattr(request, "param", None))
    # botocore takes the time for its signatures from nowhere else.
    monkeypatch.setattr("botocore.auth.get_current_datetime", server.now)
    yield server
    server.close()


@pytest.fixture
def make_client(api: Api) -> Callable[..., Any]:
    """Make boto3 clients of the server: `make_client("sesv2", region=…, account_id=…)`."""
    return api.client
