"""Load by HTTP at a given rate, whatever the server does: what a user waits while others keep sending.

A closed loop waits for a slow answer before it sends again, and so leaves out
the very moments in which many would have waited. Here each request has its
time on a schedule, and its latency counts from that time, also where it had
to wait for a connection first.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from benchmarks.http_load import Connection, HttpLoad


class OpenLoad(HttpLoad):
    """Sends `count` requests, `rate_per_s` of them each second, over at most `connections` connections."""

    def __init__(
        self,
        address: str,
        requests: Sequence[bytes],
        *,
        count: int,
        connections: int,
        success: bytes,
        rate_per_s: float,
    ) -> None:
        """Each request carries one message."""
        super().__init__(address, requests, count=count, connections=connections, success=success)
        self._rate_per_s = rate_per_s
        self._idle: deque[int] = deque()
        self._started = 0.0

    def start(self) -> None:
        """Connect; the schedule begins now."""
        for _ in range(self._parallel):
            self._idle.append(self._connect().socket.fileno())
        self._started = time.perf_counter()

    def _due_in_s(self) -> float:
        if self._sent >= self._count or not self._idle:
            return 1.0
        return self._started + self._sent / self._rate_per_s - time.perf_counter()

    def _before_waiting(self) -> float:
        """Send what is due; give how long nothing else will be."""
        while self._idle and self._sent < self._count and self._due_in_s() <= 0:
            due = self._started + self._sent / self._rate_per_s
            connection = self._connections[self._idle.popleft()]
            super()._send_next(connection)
            connection.begun = due
        return max(0.0, self._due_in_s())

    def _send_next(self, connection: Connection) -> None:
        """Let an answered connection wait for its next request's time."""
        self._idle.append(connection.socket.fileno())
