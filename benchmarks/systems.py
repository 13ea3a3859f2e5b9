"""The systems under measurement, as values: what runs, where it listens, which processes count as it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Arrivals, Written


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is up.

    `smtp` and `http` are "host:port" or "". `kept` counts what the server
    keeps for its local inbox, where it does so. `dkim` gives the TXT records
    that its signatures are verified with: name to value. `data` is hatobin's
    folder, `submission` its listener with STARTTLS. `database` names the
    root processes of a database that runs beside the server, which are among
    `roots` too, and `written` counts what it has committed.
    """

    version: str
    roots: tuple[int, ...]
    smtp: str = ""
    http: str = ""
    kept: Arrivals | None = None
    dkim: Callable[[], dict[str, str]] | None = None
    data: Path | None = None
    submission: str = ""
    ready_after_s: float = 0.0
    database: tuple[int, ...] = ()
    written: Callable[[], Written] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system may write, and the port that it must relay everything to (0: nowhere)."""

    folder: Path
    sink_port: int


@dataclass(frozen=True, slots=True)
class System:
    """A system by its name; `start` brings it up and raises `Skipped` when this machine lacks it."""

    name: str
    start: Callable[[Place], AbstractContextManager[Running]]
    signs: bool = True


def first_line(*command: str) -> str:
    """Give the first line that a command prints, for versions; "" when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines and done.returncode == 0 else ""
