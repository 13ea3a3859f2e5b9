"""An HTTP(S) endpoint that keeps every request: the subscriber of SNS topics."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: HttpReceiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in mid-request is the test's own doing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.server.receiver.take(Request(self.command, self.path, headers, body))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class HttpReceiver:
    """Listens on a loopback port of its own; answers 200, or first the `statuses` that a test puts there."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.statuses: deque[int] = deque()
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self._scheme = "http"
        if context is not None:
            # The handshake happens in the thread of the connection, where the first read is made.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.05), daemon=True)

    @property
    def url(self) -> str:
        """The address of this endpoint; the certificate must carry "localhost"."""
        return f"{self._scheme}://localhost:{self._server.server_address[1]}/hook"

    def __enter__(self) -> HttpReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def take(self, request: Request) -> int:
        """Keep a request and give the status of its answer."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            return self.statuses.popleft() if self.statuses else 200

    def wait(
        self, wanted: Callable[[Request], bool], what: str, *, count: int = 1, timeout_s: float = 20.0
    ) -> list[Request]:
        """Wait until `count` requests are of the wanted kind, and give those."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while len(found := [request for request in self.requests if wanted(request)]) < count:
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    kinds = [request.headers.get("x-amz-sns-message-type", "?") for request in self.requests]
                    raise AssertionError(f"{len(found)} of {count} within {timeout_s:g} s: {what}; came: {kinds}")
        return found
