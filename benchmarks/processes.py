"""Processes under measurement: the CPU time of whole trees, a quiet machine, ports, and an end to what was started.

Refs: proc(5), /proc/PID/stat and /proc/stat.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
QUIET_CORES = 0.12
"""A machine that uses less than this of one core is called idle."""
_LOOK_S = 0.4
_END_TIMEOUT_S = 10.0


class Skipped(Exception):
    """Something that a case needs is not on this machine; the text says what."""


PEERS = "HATOBIN_BENCH_PEERS"
"""Names the folder that npm has put peers into; scripts/bench-services says which one it uses."""


def require(program: str, *, brought_by: str = "scripts/bench-services") -> str:
    """Give the path of a program, from PATH or the folder of peers.

    Raises `Skipped`, with what brings it, when it is not installed.
    """
    places = os.environ.get("PATH", os.defpath)
    if peers := os.environ.get(PEERS):
        places += f":{peers}/node_modules/.bin"
    found = shutil.which(program, path=places)
    if found is None:
        raise Skipped(f"{program} is not installed ({brought_by})")
    return found


def closed_to_others(folder: Path) -> Path | None:
    """Give the nearest folder on the way that users other than its owner cannot pass; None where all is open."""
    places = (folder, *folder.parents)
    return next((place for place in places if place.exists() and not place.stat().st_mode & 0o001), None)


def _fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on; the name before them may contain anything."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found[int(_fields(int(name))[1])].append(int(name))
            except OSError:
                pass  # It ended while we looked.
    return found


def tree(roots: Iterable[int]) -> list[int]:
    """Give the roots and all their living descendants."""
    children = _children()
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def cpu_s(roots: Iterable[int]) -> float:
    """CPU seconds, user and system, of the trees so far: all their threads, and the children that have ended."""
    ticks = 0
    for pid in tree(roots):
        try:
            # utime, stime, cutime, cstime: the children's time moves to the parent when they end.
            ticks += sum(int(field) for field in _fields(pid)[11:15])
        except OSError:
            pass
    return ticks / _TICKS_PER_S


def resident_bytes(roots: Iterable[int]) -> int:
    """Resident memory of the trees now; shared pages are counted for each process."""
    pages = 0
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/statm") as file:
                pages += int(file.read().split()[1])
        except OSError:
            pass
    return pages * os.sysconf("SC_PAGE_SIZE")


def _busy_s() -> float:
    with open("/proc/stat") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS_PER_S


def wait_idle(limit_s: float) -> float:
    """Wait until the machine is idle, at most `limit_s`; give how many cores were busy at the last look."""
    deadline = time.monotonic() + limit_s
    while True:
        busy, begun = _busy_s(), time.monotonic()
        time.sleep(_LOOK_S)
        cores = (_busy_s() - busy) / (time.monotonic() - begun)
        if cores < QUIET_CORES or time.monotonic() >= deadline:
            return cores


def free_port() -> int:
    """Find a TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, *, timeout_s: float = 15.0) -> None:
    """Wait until somebody listens. Raises `RuntimeError` when nobody does in time, or the process ended."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process is not None and process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended with status {process.returncode}") from None
            if time.monotonic() > deadline:
                raise RuntimeError(f"nobody listens on port {port} after {timeout_s:g} s") from None
            time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to end, and kill it when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_TIMEOUT_S)
