"""The system clock keeps the promises of the port."""

from __future__ import annotations

import pytest

from hatobin.adapters.clock import SystemClock
from hatobin.testing.clock import CLOCK_CHECKS, ClockCheck


@pytest.mark.parametrize("check", CLOCK_CHECKS, ids=lambda check: check.__name__)
async def test_system_clock(check: ClockCheck) -> None:
    await check(SystemClock())
