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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks.api_requests import client, store_template
from benchmarks.processes import end
from benchmarks.systems import Place, Running, System
from hatobin.words.outcome import RecipientState

ROOT = Path(__file__).resolve().parents[1]
_READY_TIMEOUT_S = 30.0
_DOMAIN = "example.com"


@dataclass(frozen=True, slots=True)
class Serving:
    """How hatobin is called and set up: the command, settings on top of the case's, the size of the bulk template."""

    command: str = f"{shlex.quote(sys.executable)} -m hatobin"
    settings: Mapping[str, str] | None = None
    size_bytes: int = 4096


def hatobin(name: str, serving: Serving, *, mode: str) -> System:
    """Give hatobin in a delivery mode ("relay" or "mailbox")."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with _serving(serving, place, mode) as running:
            yield running

    return System(name, start, signs=mode == "relay")


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
def _serving(serving: Serving, place: Place, mode: str) -> Iterator[Running]:
    data = place.folder / "hatobin"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    command = [*shlex.split(serving.command), "serve", "--data", str(data)]
    environment = _environment(mode, place.sink_port, serving.settings or {})
    with (place.folder / "hatobin.stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr
        )
    inbox = None
    try:
        ready = _ready_line(process, place.folder / "hatobin.stderr")
        url = f"http://{ready['http']}"
        client(url).create_email_identity(EmailIdentity=_DOMAIN)
        store_template(url, size_bytes=serving.size_bytes)
        if mode == "mailbox":
            inbox = _Inbox(data / "hatobin.sqlite")
        yield Running(
            version=_version(),
            roots=(process.pid,),
            smtp=ready.get("trusted", ""),
            http=ready["http"],
            kept=inbox,
            dkim=lambda: _dkim_records(serving, data, environment),
        )
    finally:
        if inbox is not None:
            inbox.close()
        end(process)
        if process.stdout is not None:
            process.stdout.close()


def _environment(mode: str, sink_port: int, settings: Mapping[str, str]) -> dict[str, str]:
    wanted = {
        "server.http": "127.0.0.1:0",
        "server.trusted": "127.0.0.1:0",
        "server.https": "",
        "server.submission": "",
        "server.submission_tls": "",
        "server.reception": "",
        "delivery.mode": mode,
        "delivery.relay": f"127.0.0.1:{sink_port}" if mode == "relay" else "",
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
