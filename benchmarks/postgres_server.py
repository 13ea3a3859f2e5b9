"""A private PostgreSQL for hatobin's other store: durable as in production, reachable through its socket only.

Refs: initdb(1), postgres(1); runtime-config-wal (fsync and synchronous_commit stay on).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.measuring import Written
from benchmarks.processes import Skipped, closed_to_others

_USER, _DATABASE, _PORT = "hatobin", "hatobin", 5432
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin")
_START_TIMEOUT_S, _STOP_TIMEOUT_S = 30.0, 30.0
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "100",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs: its database's URL and its root process."""

    url: str
    pid: int
    version: str

    def written(self) -> Written:
        """Look at the counters; the servers' processes add to them about once a second.

        Bodies are left out of what is stored: they go when their message is delivered.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(
                """SELECT xact_commit, pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
                  pg_database_size(datname) - pg_total_relation_size('queue_body')
                FROM pg_stat_database WHERE datname = current_database()"""
            ).fetchall()[0]
            return Written(*(int(figure) for figure in row))


def _programs() -> Path:
    """Give the folder of initdb and postgres. Raises `Skipped`."""
    found = [Path(program).resolve().parent for name in ("postgres",) if (program := shutil.which(name))]
    for pattern in _PLACES:
        found += sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)
    for folder in found:
        if (folder / "initdb").exists():
            return folder
    raise Skipped("PostgreSQL is not installed (scripts/bench-services)")


def _as_owner() -> dict[str, Any]:
    """Neither initdb nor postgres runs as root."""
    options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return options


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Make a cluster in a folder, on its disk, and serve it. Raises `Skipped` where PostgreSQL is missing."""
    programs = _programs()
    if closed := closed_to_others(folder):
        raise Skipped(f"{closed} is closed to other users; give another folder with --work")
    home = folder / "postgres"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    # A socket's path has at most 107 characters (unix(7)), so it does not lie with the data.
    with TemporaryDirectory(prefix="hatobin-pg-") as sockets:
        if os.geteuid() == 0:
            shutil.chown(home, "postgres")
            shutil.chown(sockets, "postgres")
        command = [str(programs / "initdb"), "-D", str(home / "data"), "-U", _USER]
        command += ["-A", "trust", "-E", "UTF8", "--locale=C"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_owner())
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr.strip()[-500:]}")
        with _serving(programs, home, Path(sockets)) as postgres:
            yield postgres


@contextmanager
def _serving(programs: Path, home: Path, sockets: Path) -> Iterator[Postgres]:
    command = [str(programs / "postgres"), "-D", str(home / "data"), "-k", str(sockets), "-p", str(_PORT)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as_owner())
    base = f"postgresql://{_USER}@/{{}}?host={sockets}&port={_PORT}"
    try:
        version = _made(base.format("postgres"), process, home / "log")
        yield Postgres(base.format(_DATABASE), process.pid, version)
    finally:
        # SIGINT: connections are ended, then the server (pg_ctl's "fast").
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_TIMEOUT_S)


def _made(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server answers, make the database, give the version."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{_DATABASE}"')
                return f"PostgreSQL {connection.info.server_version // 10000}"
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-500:]}") from None
            time.sleep(0.05)
