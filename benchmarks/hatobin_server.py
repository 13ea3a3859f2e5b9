"""hatobin as it is served, in a data folder of its own: plain SMTP on `server.trusted`, HTTP beside it.

Each case starts with an empty store. The identity example.com is made with
boto3; it gets its RSA-2048 key at once and is verified instantly.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks.api_requests import KEY, REGION, SECRET, client, store_template
from benchmarks.postgres_server import Postgres, running_postgres
from benchmarks.processes import closed_to_others, end
from benchmarks.systems import Place, Running, System
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.outcome import RecipientState

ROOT = Path(__file__).resolve().parents[1]
_READY_TIMEOUT_S = 30.0
_DOMAIN = "example.com"
LOGIN = (KEY, smtp_password(SECRET, REGION))
"""User and password for SMTP."""


def default_work() -> Path:
    """Give where everything is written: `bench-work`, or where other users get to, because peers run as such."""
    beside = ROOT / "bench-work"
    return beside if closed_to_others(ROOT) is None else Path("/var/tmp/hatobin-bench")


THROUGHPUT_WORKERS = 2
"""Workers where rates are measured: what an operator of a machine with two cores runs. `--set` may say otherwise."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How hatobin is called and set up: the command, settings on top of the case's, the size of the bulk template."""

    command: str = f"{shlex.quote(sys.executable)} -m hatobin"
    settings: Mapping[str, str] | None = None
    size_bytes: int = 4096


@dataclass(frozen=True, slots=True)
class Variant:
    """What a case wants of the server.

    `mode` is "relay" or "mailbox"; `secure` opens the listener with STARTTLS
    and AUTH; `data` is a folder that stays as it is, instead of an empty one.
    """

    mode: str
    workers: int = THROUGHPUT_WORKERS
    secure: bool = False
    postgres: bool = False
    data: Path | None = None


def hatobin(name: str, serving: Serving, variant: Variant) -> System:
    """Give hatobin as a case wants it."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with ExitStack() as stack:
            postgres = stack.enter_context(running_postgres(place.folder)) if variant.postgres else None
            running = stack.enter_context(_serving(serving, place, variant, postgres))
            yield running

    return System(name, start, signs=variant.mode == "relay")


class _Inbox:
    """Counts what mailbox mode has delivered, with a reading connection beside the server."""

    def __init__(self, database: Path) -> None:
        self._connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.set_busy_timeout(10_000)

    def count(self) -> int:
        """Scans a table: not while the clock runs."""
        statement = "SELECT COUNT(*) FROM queue_recipient WHERE state = ?"
        count: int = self._connection.execute(statement, (int(RecipientState.DELIVERED),)).get
        return count

    def cpu_s(self) -> float:
        """It is part of the server."""
        return 0.0

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _serving(serving: Serving, place: Place, variant: Variant, postgres: Postgres | None) -> Iterator[Running]:
    data = variant.data or place.folder / "hatobin"
    if variant.data is None:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
    environment = environment_of(variant, place.sink_port, serving.settings or {}, postgres)
    inbox = None
    with served(serving.command, data, environment, place.folder / "hatobin.stderr") as up:
        url = f"http://{up.ready['http']}"
        if variant.data is None:
            client(url).create_email_identity(EmailIdentity=_DOMAIN)
            store_template(url, size_bytes=serving.size_bytes)
        if variant.mode == "mailbox" and postgres is None:
            inbox = _Inbox(data / "hatobin.sqlite")
        try:
            yield Running(
                version=_version() + (f" on {postgres.version}" if postgres else ""),
                roots=(up.pid, *((postgres.pid,) if postgres else ())),
                smtp=up.ready.get("trusted", ""),
                http=up.ready["http"],
                kept=inbox,
                dkim=lambda: _dkim_records(serving, data, environment),
                data=data,
                submission=up.ready.get("submission", ""),
                ready_after_s=up.ready_after_s,
                database=(postgres.pid,) if postgres else (),
                written=postgres.written if postgres else None,
            )
        finally:
            if inbox is not None:
                inbox.close()


@dataclass(frozen=True, slots=True)
class Served:
    """A server that accepts: its root process, its start line, and how long that took."""

    pid: int
    ready: Mapping[str, str]
    ready_after_s: float


@contextmanager
def served(command: str, data: Path, environment: Mapping[str, str], stderr: Path) -> Iterator[Served]:
    """Serve a data folder and end the server afterwards. Raises `RuntimeError` when it does not start."""
    begun = time.monotonic()
    with stderr.open("wb") as output:
        process = subprocess.Popen(
            [*shlex.split(command), "serve", "--data", str(data)],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
        )
    try:
        ready = _ready_line(process, stderr)
        yield Served(process.pid, ready, time.monotonic() - begun)
    finally:
        end(process)
        if process.stdout is not None:
            process.stdout.close()


def environment_of(
    variant: Variant, sink_port: int, settings: Mapping[str, str], postgres: Postgres | None = None
) -> dict[str, str]:
    """Give the environment that hatobin is started in: its settings, and nothing of the caller's own."""
    wanted = {
        "server.http": "127.0.0.1:0",
        "server.trusted": "127.0.0.1:0",
        "server.https": "",
        "server.submission": "127.0.0.1:0" if variant.secure else "",
        "server.submission_tls": "",
        "server.reception": "",
        "server.workers": str(variant.workers),
        "store.url": postgres.url if postgres else "",
        "delivery.mode": variant.mode,
        "delivery.relay": f"127.0.0.1:{sink_port}" if variant.mode == "relay" else "",
        # One signature, as the peers make one.
        "delivery.service_signature": "false",
        "account.verification": "instant",
        "log.level": "warning",
        **settings,
    }
    own = {f"HATOBIN_{key.upper().replace('.', '__')}": value for key, value in wanted.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HATOBIN_"))}
    return kept | {"PYTHONPATH": str(ROOT / "src")} | own


def _ready_line(process: subprocess.Popen[bytes], stderr: Path) -> dict[str, str]:
    """Read the start line; the process is ended when it does not come in time."""
    assert process.stdout is not None, "it is a pipe"
    timer = threading.Timer(_READY_TIMEOUT_S, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    try:
        ready: dict[str, str] = json.loads(line)
    except ValueError:
        raise RuntimeError(f"hatobin did not start; it said:\n{stderr.read_text()[-2000:]}") from None
    return ready


def _dkim_records(serving: Serving, data: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Ask hatobin for the key records, with its CNAMEs followed, as a verifier would find them."""
    done = subprocess.run(
        [*shlex.split(serving.command), "dns", _DOMAIN, "--data", str(data), "--json"],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"hatobin dns failed: {done.stderr.strip()[-500:]}")
    records = json.loads(done.stdout)
    texts = {record["name"].rstrip("."): record["value"] for record in records if record["type"] == "TXT"}
    aliases = {
        record["name"].rstrip("."): record["value"].rstrip(".") for record in records if record["type"] == "CNAME"
    }
    return texts | {name: texts[target] for name, target in aliases.items() if target in texts}


def _version() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "of this checkout"
