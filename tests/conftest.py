"""What holds for every test.

Property tests draw the same examples in every run of the suite, so that a
failure on CI is a failure at home and nothing fails by chance or by a slow
machine. `make fuzz` sets FUZZ_EXAMPLES and explores: many more, and new, examples.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import stores
from tests.peers import postgres

# awscrt is here for the product's checksums. botocore, which is imported later, would sign with it as soon as it
# is installed, and take the time for that from the system; these tests give the time.
os.environ.setdefault("BOTO_DISABLE_CRT", "true")

# As a server does by default: a line of every message would be most of the output.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))

_SLOW_IS_NO_FAULT = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW_IS_NO_FAULT
)
settings.register_profile(
    "explore",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20000")),
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_NO_FAULT,
)
settings.load_profile("explore" if "FUZZ_EXAMPLES" in os.environ else "suite")


@pytest.fixture(autouse=True)
def _stores_go_back() -> Iterator[None]:
    """Take back the stores that a test's worlds left open, as a simulated crash does."""
    yield
    stores.give_back()


def pytest_sessionfinish() -> None:
    """End the PostgreSQL that tests of this process shared."""
    stores.close_all()
    postgres.stop_shared()
