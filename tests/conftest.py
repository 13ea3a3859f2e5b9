"""What holds for every test.

Property tests draw the same examples in every run of the suite, so that a
failure on CI is a failure at home and nothing fails by chance or by a slow
machine. `make fuzz` sets FUZZ_EXAMPLES and explores: many more, and new, examples.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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
