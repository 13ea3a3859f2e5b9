"""A node that somebody keeps running, as a service manager does: whatever ends it, it is started again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.running import RunningServer, ServerFailed

_START_AGAIN_S = 0.3


class Node:
    """Keeps one server running from a thread of its own; faults end its processes from outside."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.failed_starts = 0
        """Starts that gave no ready line: killed before it, or the store was away."""
        self._ended = False
        self._away = 0
        self._changed = threading.Condition()
        self._up = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Node:
        self.server.__enter__()
        self._up.set()
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        try:
            if error is None and self.is_up:
                # In order: it must give back its leases in time, with status 0.
                self.server.stop()
            else:
                self.kill(self.processes())
        finally:
            self._keeper.join(60)
            self.server.__exit__(kind, error, trace)

    # ── what faults do ───────────────────────────────────────────────────────

    @property
    def is_up(self) -> bool:
        """Whether it said that it serves, and its process still lives."""
        return self._up.is_set() and self.server.running

    def workers(self) -> list[int]:
        """Give the process ids of the workers now."""
        return self.processes()[1:]

    def processes(self) -> list[int]:
        """Give the process ids of the supervisor and its workers; [] while nothing runs."""
        with suppress(AssertionError, OSError):
            pid = self.server.pid
            return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        return []

    def kill_whole(self) -> bool:
        """End the supervisor and all workers at once with SIGKILL; False where nothing runs."""
        found = self.processes()
        if not found:
            return False
        # Stopped first, so that it starts no worker between our look and our kill.
        self.signal(found[0], signal.SIGSTOP)
        self.kill(self.processes() or found)
        return True

    def kill(self, pids: Iterable[int]) -> None:
        """SIGKILL, for those that still live."""
        for pid in pids:
            self.signal(pid, signal.SIGKILL)

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process of this node, if it still lives."""
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def stay_away(self) -> None:
        """Do not start it until `come_back`; calls nest."""
        with self._changed:
            self._away += 1

    def come_back(self) -> None:
        """Let it be started again."""
        with self._changed:
            self._away -= 1
            self._changed.notify_all()

    def comes_up(self, timeout_s: float) -> bool:
        """Wait until it serves; False when it does not in this time."""
        deadline = time.monotonic() + timeout_s
        while not self.is_up:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    # ── the keeper ───────────────────────────────────────────────────────────

    def _keep(self) -> None:
        while True:
            self.server.wait()
            self._up.clear()
            with self._changed:
                self._changed.wait_for(lambda: self._ended, _START_AGAIN_S)
                self._changed.wait_for(lambda: self._ended or not self._away)
                if self._ended:
                    return
            try:
                self.server.start()
            except ServerFailed:
                self.failed_starts += 1
            else:
                self._up.set()
