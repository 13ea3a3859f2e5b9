"""A private PostgreSQL: its own folder, its own socket, no TCP. The system's clusters are never touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.programs import require_program

USER = "hatobin"
_PORT = 5432
"""Only part of the socket's name; nothing listens on it."""

_START_TIMEOUT_S = 30.0
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "lc_messages": "C",
    "deadlock_timeout": "50ms",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """A server with one superuser and no passwords, reachable through its socket.

    It forgets what a power cut would take, which makes tests fast; `kill` and
    `restart` lose nothing even so. `durable` servers sync as in production.
    """

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        self._postgres = require_program("postgres")
        self._settings = {**_SETTINGS, **({} if durable else _FORGETFUL), **settings}
        self._resources = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        # Neither initdb nor postgres runs as root.
        self._owner = "postgres" if os.geteuid() == 0 else None

    def __enter__(self) -> Postgres:
        # Below /tmp, because a socket's path has at most 107 characters.
        folder = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-pg-", dir="/tmp"))
        self._folder = Path(folder)
        try:
            self._initialize()
            self._resources.callback(self.stop)
            self.start()
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def url(self, database: str = "postgres") -> str:
        """Say where a database is."""
        return f"postgresql://{USER}@/{database}?host={self._folder}&port={_PORT}"

    def connect(self, database: str = "postgres") -> Any:
        """Open a connection of psycopg in autocommit."""
        import psycopg

        return psycopg.connect(self.url(database), autocommit=True)

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """Make a database, dropping one of that name, and give its URL."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [self._postgres, "-D", self._folder / "data", "-k", self._folder, "-p", str(_PORT)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_owner()
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL does not start:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT ends connections and shuts down, SIGQUIT leaves everything as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=30)

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and start."""
        self.stop(how)
        self.start()

    def log(self) -> str:
        """What the server says."""
        return (self._folder / "log").read_text(errors="replace")

    def _initialize(self) -> None:
        if self._owner is not None:
            shutil.chown(self._folder, self._owner)
        initdb = self._postgres.with_name("initdb")
        command = [initdb, "-D", self._folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        done = subprocess.run([*command, "--locale=C.UTF-8"], capture_output=True, text=True, **self._as_owner())
        if done.returncode != 0:
            raise AssertionError(f"initdb: {done.stdout}{done.stderr}")

    def _as_owner(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}}
        if self._owner is not None:
            account = pwd.getpwnam(self._owner)
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return options

    def _answers(self) -> bool:
        import psycopg

        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


_shared_resources = ExitStack()


@cache
def shared() -> Postgres:
    """Give the one server of this test process, started when it is first asked for."""
    return _shared_resources.enter_context(Postgres())


def stop_shared() -> None:
    """End that server, if it was started."""
    _shared_resources.close()
    shared.cache_clear()
