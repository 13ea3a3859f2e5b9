"""Servers that the interop tests share, each started once, and torn down with a look at its stderr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.certificates import self_signed
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

DOMAIN = "example.com"
"""Verified on the shared servers."""

_ALONE = frozenset(
    {
        *("imports", "nodes", "postgres_upkeep", "s3", "slow_clients", "slow_smtp_clients"),
        *("stopping", "takeover", "throttling", "workers"),
    }
)
"""Modules whose tests would see what runs beside them."""
_QUICK_RETRIES = {"delivery.retry_delays_s": "[0.3, 0.5, 0.5, 1.0]", "delivery.retry_jitter": "0"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder talks to real peers; what is about time, memory or whole nodes does it alone."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.interop)
            if item.path.stem.removeprefix("test_") in _ALONE:
                item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def mailbox() -> Iterator[RunningServer]:
    """A server as it comes: mail stays in the local inbox. `example.com` is verified."""
    with RunningServer() as server:
        server.client("sesv2").create_email_identity(EmailIdentity=DOMAIN)
        yield server


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpSink]:
    """A receiver with STARTTLS and 8BITMIME."""
    with SmtpSink(self_signed(tmp_path_factory.mktemp("sink"), "sink.example").server_context()) as running:
        yield running


@pytest.fixture(scope="session")
def relaying(sink: SmtpSink) -> Iterator[RunningServer]:
    """A server whose mail goes to `sink`; retries come quickly. `example.com` is verified."""
    settings = {"delivery.mode": "relay", "delivery.relay": sink.address, "account.verification": "instant"}
    with RunningServer(settings | _QUICK_RETRIES) as server:
        server.client("sesv2").create_email_identity(EmailIdentity=DOMAIN)
        yield server
