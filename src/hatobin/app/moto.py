"""moto beside the server, for local work: other AWS services as a child process, in memory.

The child ends with this process however that ends: an orderly stop terminates it, and after a kill the kernel does.

Refs: prctl(2), PR_SET_PDEATHSIG; moto documentation, "Server mode".
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import msgspec

from hatobin.words.settings import Remote, Settings

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.05
_PR_SET_PDEATHSIG = 1
# What moto takes for its caller; it verifies no signatures.
_KEY = "moto"


class MotoUnusable(Exception):
    """moto cannot be started; the text says why."""


@contextmanager
def running_moto(settings: Settings) -> Iterator[Settings]:
    """Start moto, and give the settings with it as `aws.default`; end it at the end. Raises `MotoUnusable`."""
    if find_spec("moto") is None or find_spec("flask") is None:
        raise MotoUnusable('--with-moto needs the extra: pip install "hatobin[aws-local]"')
    if settings.delivery.mode == "mx":
        raise MotoUnusable('--with-moto is for local work, and delivery.mode is "mx"')
    port = _free_port()
    parent = os.getpid()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: _end_with(parent),  # Nothing else runs in this process yet.
    )
    try:
        _wait_until_it_accepts(process, port)
        remote = Remote(endpoint_url=f"http://{HOST}:{port}", access_key_id=_KEY, secret_access_key=_KEY)
        yield msgspec.structs.replace(settings, aws=msgspec.structs.replace(settings.aws, default=remote))
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with(parent: int) -> None:
    """Let the kernel end this process when its parent dies, which may have happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_accepts(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise MotoUnusable(f"moto ended at its start with {process.returncode}: is hatobin[aws-local] whole?")
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return
    raise MotoUnusable(f"moto did not start within {START_TIMEOUT_S:g} s")
