"""Conformance suites for whoever implements a port of hatobin, as plain async functions.

`await check_database(make)` raises `AssertionError` with a sentence when an
adapter breaks a promise that hatobin relies on. Each suite also lists its
checks one by one (`DATABASE_CHECKS`, …), so that a test runner can name them.
They need no test framework.
"""

from __future__ import annotations

from hatobin.testing.blobs import BLOBS_CHECKS, check_blobs
from hatobin.testing.clock import CLOCK_CHECKS, check_clock
from hatobin.testing.database import DATABASE_CHECKS, check_database

__all__ = ["BLOBS_CHECKS", "CLOCK_CHECKS", "DATABASE_CHECKS", "check_blobs", "check_clock", "check_database"]
