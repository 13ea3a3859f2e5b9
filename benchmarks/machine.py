"""What this machine is, and how many RSA-2048 signatures a second it can make: the limit of every signing server."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import apsw
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PAYLOAD = b"d" * 600
"""About what a DKIM signature is made over: the canonical header fields."""

_RUNS = 5


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts that a figure means nothing without."""

    cores: int
    model: str
    memory_gib: float
    system: str
    filesystem: str
    python: str
    libraries: dict[str, str]
    rsa2048_per_s_one_core: float
    rsa2048_per_s_all_cores: float
    """The median of `rsa2048_runs`: the limit that shares are counted of."""
    rsa2048_runs: tuple[float, ...]
    fsync_us: float

    def as_json(self) -> dict[str, object]:
        """Give the facts for a results file."""
        return asdict(self)


def describe(folder: Path, *, seconds: float) -> Machine:
    """Look at the machine; `seconds` is how long each limit is measured, `folder` where servers will write."""
    cores = len(os.sched_getaffinity(0))
    one_core = signatures_per_s(1, seconds)
    all_cores = tuple(round(_signatures_per_s(cores, seconds / 3)) for _ in range(_RUNS))
    return Machine(
        cores=cores,
        model=_model(),
        memory_gib=round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        system=f"{_distribution()}, Linux {platform.release()}",
        filesystem=_filesystem(folder),
        python=platform.python_version(),
        libraries={name: version(name) for name in ("cryptography", "apsw", "uvloop", "uvicorn", "msgspec")}
        | {"OpenSSL": backend.openssl_version_text().split()[1], "SQLite": apsw.sqlite_lib_version()},
        rsa2048_per_s_one_core=round(one_core),
        rsa2048_per_s_all_cores=statistics.median(all_cores),
        rsa2048_runs=all_cores,
        fsync_us=round(_fsync_us(folder), 1),
    )


def signatures_per_s(threads: int, seconds: float) -> float:
    """Sign as fast as this many threads can, for three times a third of the time; the best third is the limit."""
    return max(_signatures_per_s(threads, seconds / 3) for _ in range(3))


def _signatures_per_s(threads: int, seconds: float) -> float:
    """OpenSSL releases the interpreter lock."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    counts = [0] * threads
    begun = time.perf_counter()
    deadline = begun + seconds

    def work(number: int) -> None:
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        while time.perf_counter() < deadline:
            for _ in range(20):
                key.sign(_PAYLOAD, scheme, digest)
            counts[number] += 20

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - begun)


def _fsync_us(folder: Path) -> float:
    """Mean time of appending 4 KiB and fsync."""
    path, count = folder / "fsync.probe", 300
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        begun = time.perf_counter()
        for _ in range(count):
            os.write(descriptor, b"\0" * 4096)
            os.fsync(descriptor)
        return (time.perf_counter() - begun) / count * 1e6
    finally:
        os.close(descriptor)
        path.unlink()


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def _filesystem(folder: Path) -> str:
    if shutil.which("findmnt") is None:
        return "unknown"
    found = subprocess.run(
        ["findmnt", "-no", "FSTYPE", "--target", str(folder)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
