"""Turns between the processes that write one file.

SQLite's own lock is not fair: a waiter looks again every millisecond, and a
busy writer has taken the lock back by then, so others starve for a second.
Here whoever wants to write first takes the gate, then the lock, and only then
opens the gate again. A writer that has just finished finds the gate held by
the one who waits, so two busy writers alternate.

Both are flock(2) locks beside the database, which the kernel drops when their
process dies. They add fairness only: SQLite's lock still guards the data.
"""

from __future__ import annotations

import fcntl
import os
import time

FIRST_LOOK_S = 0.00005
LAST_LOOK_S = 0.0005
"""A waiter looks again after the first time, then after up to the last."""

TURN_TIMEOUT_S = 10.0
"""A waiter gives up after this long: the holder is stopped, or its disk is."""


class WriteTurn:
    """One participant; each thread that writes has its own."""

    def __init__(self, path: str) -> None:
        self._gate = os.open(path + "-gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock = os.open(path + "-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, timeout_s: float = TURN_TIMEOUT_S) -> bool:
        """Wait for our turn to write; False when it did not come in time."""
        if not _wait(self._gate, timeout_s):
            return False
        taken = _wait(self._lock, timeout_s)
        fcntl.flock(self._gate, fcntl.LOCK_UN)
        return taken

    def give(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave; gives the turn back as well."""
        os.close(self._gate)
        os.close(self._lock)


def _wait(descriptor: int, timeout_s: float) -> bool:
    if _try(descriptor):
        return True
    delay_s = FIRST_LOOK_S
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        time.sleep(delay_s)
        if _try(descriptor):
            return True
        delay_s = min(delay_s * 2, LAST_LOOK_S)
    return False


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
