"""What one child logs: lines on their way to CloudWatch Logs, and the last of them for whoever invokes.

Refs: developer guide "Using Lambda with CloudWatch Logs" (START, END, REPORT, names of groups and streams).
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime

import structlog

from hatobin.companions import logs
from hatobin.companions.lambda_.model import LATEST, TAIL_BYTES, Function
from hatobin.ports import Ports
from hatobin.ports.database import DatabaseUnavailable

MAX_OUTPUT_BYTES = 8 * 1024 * 1024
"""What is kept of the output of one invocation; the rest is dropped, and the log says how much."""
MAX_WAITING_BYTES = 16 * 1024 * 1024
"""What waits in memory while the store is away; then it is dropped."""
_MAX_LINE_BYTES = logs.MAX_EVENT_BYTES - 64

_log = structlog.get_logger("hatobin.lambda")


def stream_name(now: float, unique: str) -> str:
    """Name the log stream of a child.

    >>> stream_name(0.0, "5f")
    '1970/01/01/[$LATEST]5f'
    """
    return f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d}/[{LATEST}]{unique}"


class Logbook:
    """Gathers the output of a child, and writes it."""

    def __init__(self, ports: Ports, function: Function, stream: str, *, max_group_bytes: int) -> None:
        key = function.key
        self.group = logs.GroupKey(key.account_id, key.region, f"/aws/lambda/{key.name}")
        self.stream = stream
        self._ports = ports
        self._memory_mb = function.configuration.memory_mb
        self._max_group_bytes = max_group_bytes
        self._waiting: list[logs.LogEvent] = []
        self._waiting_bytes = 0
        self._partial = b""
        self._taken = self._dropped = 0
        self._tail = bytearray()
        self._writing = asyncio.Lock()

    @property
    def tail(self) -> bytes:
        """The last octets of the log, from a whole character on."""
        return bytes(self._tail[-TAIL_BYTES:]).decode("utf-8", "ignore").encode()

    def begin(self, request_id: str) -> None:
        """Note that an invocation begins."""
        self._tail.clear()
        self._taken = self._dropped = 0
        self._note(f"START RequestId: {request_id} Version: {LATEST}\n")

    def take(self, data: bytes) -> None:
        """Take what the child has written; a line is an event."""
        room = max(0, MAX_OUTPUT_BYTES - self._taken)
        self._taken += len(data)
        self._dropped += max(0, len(data) - room)
        *lines, self._partial = (self._partial + data[:room]).split(b"\n")
        for line in lines:
            self._line(line + b"\n")
        while len(self._partial) >= _MAX_LINE_BYTES:
            self._line(self._partial[:_MAX_LINE_BYTES])
            self._partial = self._partial[_MAX_LINE_BYTES:]

    def end(
        self, request_id: str, *, took_s: float, init_s: float | None, peak_memory_bytes: int, status: str = ""
    ) -> None:
        """Note that an invocation is over."""
        self._finish_line()
        if self._dropped:
            self._note(f"{self._dropped} bytes of output were dropped\n")
        self._note(f"END RequestId: {request_id}\n")
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {took_s * 1000:.2f} ms",
            f"Billed Duration: {max(1, math.ceil((took_s + (init_s or 0.0)) * 1000))} ms",
            f"Memory Size: {self._memory_mb} MB",
            f"Max Memory Used: {min(self._memory_mb, math.ceil(peak_memory_bytes / 1_048_576))} MB",
        ]
        if init_s is not None:
            parts.append(f"Init Duration: {init_s * 1000:.2f} ms")
        if status:
            parts.append(status)
        self._note("\t".join([*parts, "\n"]))

    def note(self, text: str) -> None:
        """Add a line of the service's own."""
        self._finish_line()
        self._note(text)

    async def write(self) -> None:
        """Bring what waits to the store; while that is away it waits on, up to a bound."""
        async with self._writing:
            events, self._waiting, self._waiting_bytes = self._waiting, [], 0
            if not events:
                return
            now = self._ports.clock.now()
            try:
                await self._ports.database.write(
                    lambda session: logs.append(
                        session, self.group, self.stream, events, now=now, max_group_bytes=self._max_group_bytes
                    ),
                    turn=f"logs {self.group.arn}",
                )
            except DatabaseUnavailable as error:
                _log.warning("logs wait for the store", group=self.group.name, error=str(error))
                size = sum(event.size for event in events)
                if size + self._waiting_bytes <= MAX_WAITING_BYTES:
                    self._waiting = events + self._waiting
                    self._waiting_bytes += size

    def _finish_line(self) -> None:
        if self._partial:
            self._line(self._partial + b"\n")
            self._partial = b""

    def _line(self, line: bytes) -> None:
        # The runtime parts the lines of one error by carriage returns.
        self._note(line.decode("utf-8", "replace").replace("\r", "\n"))

    def _note(self, text: str) -> None:
        self._tail += text.encode()
        del self._tail[: -2 * TAIL_BYTES]
        event = logs.LogEvent(int(self._ports.clock.now() * 1000), text)
        if self._waiting_bytes + event.size > MAX_WAITING_BYTES:
            return
        self._waiting.append(event)
        self._waiting_bytes += event.size
