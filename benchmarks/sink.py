"""The receiving end: Postfix's smtp-sink, which counts what arrives and throws it away."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import cpu_s, end, require, wait_for_port

_COUNT = re.compile(rb"mesg=(\d+)\r")
_TAIL_BYTES = 200
_BACKLOG = 1000
_MAX_SESSIONS = 500


class Sink:
    """One running smtp-sink."""

    def __init__(self, process: subprocess.Popen[bytes], counter: Path) -> None:
        self._process = process
        self._counter = open(counter, "rb")  # noqa: SIM115 - closed by `close`

    def count(self) -> int:
        """How many messages have arrived since the start; smtp-sink writes it after each one."""
        size = os.fstat(self._counter.fileno()).st_size
        self._counter.seek(max(0, size - _TAIL_BYTES))
        seen = _COUNT.findall(self._counter.read())
        return int(seen[-1]) if seen else 0

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        return cpu_s([self._process.pid])

    def close(self) -> None:
        """End the process."""
        end(self._process)
        self._counter.close()


@contextmanager
def running_sink(port: int, folder: Path) -> Iterator[Sink]:
    """Run a sink on a loopback port. Raises `Skipped` where Postfix is not installed."""
    counter = folder / f"sink-{port}.count"
    # It refuses to be root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [require("smtp-sink"), *user, "-c", "-m", str(_MAX_SESSIONS), f"127.0.0.1:{port}", str(_BACKLOG)]
    with counter.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
    sink = None
    try:
        wait_for_port(port, process)
        sink = Sink(process, counter)
        yield sink
    finally:
        if sink is not None:
            sink.close()
        end(process)
        counter.unlink(missing_ok=True)
