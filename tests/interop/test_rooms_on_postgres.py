"""The tests of rooms, companions, the API and the simulation again, with their worlds on PostgreSQL.

    HATOBIN_TEST_STORE=postgres .venv/bin/python -m pytest tests/capabilities

runs any of them by hand, and shows more.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.programs import require_program
from tests.tidy.source import ROOT

pytestmark = pytest.mark.interop

TIMEOUT_S = 400


@pytest.mark.parametrize("folder", ["capabilities", "companions", "simulation", "api"])
def test_they_pass_there_too(folder: str) -> None:
    require_program("postgres")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "--dist", "loadfile", f"tests/{folder}"],
        cwd=ROOT,
        env={**os.environ, "HATOBIN_TEST_STORE": "postgres"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert " passed" in done.stdout
