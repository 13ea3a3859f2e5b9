"""hatobin as a real process: started, watched, killed and started again.

`RunningServer` starts `python -m hatobin serve` on free ports and a data
folder of its own, waits for the ready line, and gives clients and addresses.
Whatever the process writes to stderr is kept and read at the end: a trace
there fails the test, also when every answer was right.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw
import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
ACCESS_KEY_ID = SECRET = "test"

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_LISTENERS = ("http", "https", "submission", "submission_tls", "reception", "trusted")
# Signs of a fault of ours in what the process said: a trace as text, a trace in a JSON line, asyncio's complaints.
_FAULTS = (
    "Traceback (most recent call last)",
    '"exception": [',
    "was never retrieved",
    "was never awaited",
    "was destroyed but it is",
)


class ServerFailed(AssertionError):
    """The process did not start, did not stop, or wrote a trace; the text has the end of its stderr."""


def smtp_password(secret: str, region: str) -> str:
    """Derive the SMTP password as the AWS developer guide describes it, apart from the product's own code."""
    signature = ("AWS4" + secret).encode()
    for text in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, text.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode()


class RunningServer:
    """One server process at a time on one data folder; a context that ends it and looks at its stderr."""

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        variables: Mapping[str, str] | None = None,
        stderr: Path | None = None,
    ) -> None:
        """`settings` maps "section.key" to the text of its environment variable; `variables` are further ones.

        `stderr` is the file for what the process says; without it, one in the data folder.
        """
        self._variables = dict(variables or {})
        self._resources = ExitStack()
        if data is None:
            data = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-")))
        self.data = data
        self._settings = {f"server.{name}": "127.0.0.1:0" for name in _LISTENERS} | dict(settings or {})
        self._stderr_path = data / "stderr.txt" if stderr is None else stderr
        self._process: subprocess.Popen[str] | None = None
        self._clients: dict[tuple[str, ...], Any] = {}
        self.access_key_id = ACCESS_KEY_ID
        self.secret = SECRET
        self.addresses: dict[str, str] = {}
        self.starts = 0
        self.ready_after_s = 0.0

    # ── its life ─────────────────────────────────────────────────────────────

    def __enter__(self) -> RunningServer:
        try:
            self.start()
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                self.kill9()
                error.add_note(f"stderr of the server ended with:\n{self.stderr()[-4000:]}")
                return
            if self.running:
                self.stop()
            self.check_stderr()
        finally:
            for client in self._clients.values():
                client.close()
            self._resources.close()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def spawn(self) -> subprocess.Popen[str]:
        """Start the process and return at once; `start` also waits for the ready line."""
        assert not self.running, "it is running already"
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()  # Of one that ended by itself.
        with self._stderr_path.open("a") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hatobin", "serve", "--data", str(self.data)],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.starts += 1
        return self._process

    def start(self) -> None:
        """Start the process and wait for its ready line; the ports of an earlier start are used again."""
        begun = time.monotonic()
        process = self.spawn()
        line = _first_line(process, READY_TIMEOUT_S)
        self.ready_after_s = time.monotonic() - begun
        try:
            ready = json.loads(line)
        except ValueError:
            self.kill9()
            raise ServerFailed(f"no ready line but {line!r}; its stderr:\n{self.stderr()[-4000:]}") from None
        assert ready.pop("event") == "ready"
        self.addresses = ready
        for name, address in ready.items():
            self._settings[f"server.{name}"] = address

    def wait(self) -> None:
        """Wait until the process has ended, whoever ends it; returns at once where none runs."""
        process = self._process
        if process is not None:
            process.wait()

    def configure(self, key: str, text: str) -> None:
        """Change a setting for the next start."""
        self._settings[key] = text

    def kill9(self) -> None:
        """End the process with SIGKILL, as a power failure of the process would."""
        self._signal(signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def stop(self, *, expected_status: int = 0) -> None:
        """Ask the process to end; it must do so, with this status, within STOP_TIMEOUT_S."""
        status = self._signal(signal.SIGTERM)
        if status != expected_status:
            raise ServerFailed(f"status {status} at SIGTERM; its stderr:\n{self.stderr()[-4000:]}")

    def restart(self) -> None:
        """Stop in order and start on the same data folder and the same ports."""
        self.stop()
        self.start()

    def _signal(self, number: signal.Signals) -> int | None:
        process = self._process
        if process is None:
            return None
        try:
            process.send_signal(number)
            return process.wait(STOP_TIMEOUT_S + 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
            raise ServerFailed(f"still there after {number.name}; its stderr:\n{self.stderr()[-4000:]}") from None
        finally:
            assert process.stdout is not None
            process.stdout.close()
            self._process = None

    def stderr(self) -> str:
        """What all processes on this data folder have written to stderr."""
        return self._stderr_path.read_text(errors="replace") if self._stderr_path.exists() else ""

    def check_stderr(self) -> None:
        """Raise `ServerFailed` when the process wrote a trace."""
        text = self.stderr()
        for fault in _FAULTS:
            if (place := text.find(fault)) >= 0:
                raise ServerFailed(f"stderr holds a trace:\n{text[max(0, place - 1500) : place + 4000]}")

    # ── its surroundings ─────────────────────────────────────────────────────

    def environment(self) -> dict[str, str]:
        """Give the environment of the process: ours, without AWS and hatobin settings, and the server's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HATOBIN_"))}
        own = {f"HATOBIN_{key.upper().replace('.', '__')}": value for key, value in self._settings.items()}
        return kept | {"PYTHONPATH": _python_path(), "PYTHONUNBUFFERED": "1"} | own | self._variables

    def command(self, *arguments: str, timeout_s: float = 60.0) -> Any:
        """Run `hatobin …` on this data folder with `--json` and give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "hatobin", *arguments, "--data", str(self.data), "--json"],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        if done.returncode != 0:
            raise ServerFailed(f"hatobin {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return json.loads(done.stdout)

    @property
    def endpoint(self) -> str:
        """The URL of the API without TLS."""
        return f"http://{self.addresses['http']}"

    @property
    def https_endpoint(self) -> str:
        """The URL of the API with TLS; verify it with `ca`."""
        return f"https://localhost:{self.port('https')}"

    @property
    def ca(self) -> Path:
        """The certificate of the local authority."""
        return self.data / "tls" / "ca.pem"

    def tls_context(self) -> ssl.SSLContext:
        """Give a client context that trusts the local authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.ca))

    def port(self, listener: str) -> int:
        """Give the port of a listener by the name of its setting."""
        return int(self.addresses[listener].rpartition(":")[2])

    def client_environment(self, region: str = REGION) -> dict[str, str]:
        """Give what AWS tools read: endpoint, keys, region, and nothing of the user's own configuration."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.data),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def use_keys(self, access_key_id: str, secret: str) -> None:
        """Sign with other keys than the local test keys from now on."""
        self.access_key_id, self.secret = access_key_id, secret

    def client(self, service: str, region: str = REGION, *, retries: str = "") -> Any:
        """Give a boto3 client; without `retries` ("legacy", "standard") each call is made once."""
        return self.client_with(self.access_key_id, self.secret, service, region, retries=retries)

    def client_with(
        self, access_key_id: str, secret: str, service: str, region: str = REGION, *, retries: str = ""
    ) -> Any:
        """Give a boto3 client that signs with these keys."""
        wanted = (access_key_id, secret, service, region, retries)
        if wanted not in self._clients:
            attempts: Any = {"mode": retries, "max_attempts": 12} if retries else {"total_max_attempts": 1}
            session = boto3.session.Session(access_key_id, secret, region_name=region)
            config = Config(retries=attempts, connect_timeout=10, read_timeout=30, max_pool_connections=64)
            self._clients[wanted] = session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[wanted]

    # ── what it did ──────────────────────────────────────────────────────────

    def get(self, path: str, *, timeout_s: float = 30.0, **query: str | float) -> bytes:
        """GET a local path over http and give the body."""
        url = f"{self.endpoint}{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            body: bytes = answer.read()
        return body

    def inbox(self, *, wait_s: float = 10.0, **query: str) -> list[dict[str, Any]]:
        """Ask the local inbox (`to=`, `subject=`); waits until there is something."""
        found = json.loads(self.get("/_hatobin/inbox", timeout_s=wait_s + 10, wait=wait_s, **query))
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    def inbox_bytes(self, message: Mapping[str, Any]) -> bytes:
        """Give the bytes of a message in the local inbox."""
        return self.get(f"/_hatobin/inbox/{message['id']}.eml")

    @contextmanager
    def store(self) -> Iterator[Any]:
        """Open the database for reading, beside the running server or after it: `.execute(sql).fetchall()`."""
        url = self._settings.get("store.url", "")
        if url.startswith("postgresql:"):
            import psycopg

            with psycopg.connect(url, autocommit=True) as open_connection:
                yield open_connection
            return
        path = urllib.parse.quote(str(self.data / "hatobin.sqlite"))
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(f"file:{path}?mode=ro", flags=flags)
        connection.set_busy_timeout(10_000)
        try:
            yield connection
        finally:
            connection.close()


def _first_line(process: subprocess.Popen[str], timeout_s: float) -> str:
    """Read one line of stdout; "" when the process ends or the time is over before."""
    lines: list[str] = []
    stream = process.stdout
    assert stream is not None
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(timeout_s)
    if reader.is_alive():
        process.kill()
        reader.join(STOP_TIMEOUT_S)
    return lines[0] if lines else ""


def wait_until(condition: Callable[[], Any], what: str, *, timeout_s: float = 20.0, every_s: float = 0.05) -> Any:
    """Ask again and again until the answer is true, and give it; fails with `what` when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(every_s)
    return answer


def _python_path() -> str:
    """Our sources first, then whatever the caller wants to be found too."""
    return os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
