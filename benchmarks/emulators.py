"""Emulators of SES for development: they accept, deliver nothing and keep nothing on disk.

Their rates are no peers of a durable server; they say what users of an
emulator are used to.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version as version_of
from pathlib import Path

from benchmarks.api_requests import client
from benchmarks.processes import Skipped, end, free_port, require, wait_for_port
from benchmarks.systems import Place, Running, System


@contextmanager
def _running(place: Place, name: str, command: Sequence[str], version: str, port: int) -> Iterator[Running]:
    with (place.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for_port(port, process, timeout_s=30)
        yield Running(version, (process.pid,), http=f"127.0.0.1:{port}")
    finally:
        end(process)


@contextmanager
def _moto(place: Place) -> Iterator[Running]:
    program, port = require("moto_server", brought_by="it is in requirements-dev.lock"), free_port()
    version = f"moto {version_of('moto')}"
    command = [program, "-H", "127.0.0.1", "-p", str(port)]
    with _running(place, "moto", command, version, port) as running:
        try:
            client(f"http://{running.http}").create_email_identity(EmailIdentity="example.com")
        except Exception as error:
            raise Skipped(f"moto does not make identities: {error}") from error
        yield running


@contextmanager
def _ses_v2_local(place: Place) -> Iterator[Running]:
    program, port = require("aws-ses-v2-local", brought_by="scripts/bench-services, which needs npm"), free_port()
    command = [program, "--host", "127.0.0.1", "--port", str(port)]
    with _running(place, "ses_v2_local", command, _npm_version(program), port) as running:
        yield running


def _npm_version(program: str) -> str:
    package = Path(program).resolve().parents[1] / "package.json"
    return f"aws-ses-v2-local {json.loads(package.read_text())['version']}" if package.exists() else "aws-ses-v2-local"


EMULATORS = (
    System("moto", _moto, signs=False),
    System("ses_v2_local", _ses_v2_local, signs=False),
)
