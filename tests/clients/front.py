"""A front for suites that ask the server to forget everything, with credentials that no server of ours knows.

moto's tests, in server mode, call `POST /moto-api/reset` before and after each
test and sign with keys of their own. That API is moto's and no part of the
product, so the front answers it: with another server on an empty data folder.
Everything else is signed again with the server's keys and handed on as it is.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.running import ACCESS_KEY_ID, SECRET, RunningServer

_RESET = "/moto-api/reset"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})
_SIGNED_AGAIN = frozenset({"authorization", "x-amz-date", "content-length", "connection"})


class Front:
    """The front and its servers; a context that ends them and looks at what each wrote to stderr."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = dict(settings)
        self._pool = ThreadPoolExecutor(2)
        self._touched = False
        self._lock = threading.Lock()
        self._faults: list[BaseException] = []

    def __enter__(self) -> Front:
        self._current = self._start()
        self._next: Future[RunningServer] = self._pool.submit(self._start)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._end(self._current)
        self._end(self._next.result())
        self._pool.shutdown()
        if self._faults and error is None:
            raise self._faults[0]

    @property
    def endpoint(self) -> str:
        """Where clients reach the front."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def reset(self) -> None:
        """Go on with a server that knows nothing; the present one stays where it was not asked anything yet."""
        with self._lock:
            if not self._touched:
                return
            old, self._current = self._current, self._next.result()
            self._pool.submit(self._end, old)
            self._next = self._pool.submit(self._start)
            self._touched = False

    def forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> http.client.HTTPResponse:
        """Sign a request again, hand it to the present server and give its answer, not read yet."""
        with self._lock:
            self._touched = True
            address = self._current.addresses["http"]
        kept = {name: value for name, value in headers.items() if name.lower() not in _SIGNED_AGAIN | {"host"}}
        request = AWSRequest(method, f"http://{address}{path}", kept, body)
        if scope := _SCOPE.search(headers.get("Authorization", "")):
            region, service = scope.groups()
            SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET), service, region).add_auth(request)
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request(method, path, body, dict(request.headers.items()))
        return connection.getresponse()

    def _start(self) -> RunningServer:
        return RunningServer(self._settings).__enter__()

    def _end(self, server: RunningServer) -> None:
        try:
            server.__exit__(None, None, None)
        except BaseException as error:
            self._faults.append(error)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == _RESET:
                    front.reset()
                    self._send(200, {}, b"{}")
                    return
                answer = front.forward(self.command, self.path, dict(self.headers.items()), body)
                self._send(answer.status, dict(answer.getheaders()), answer.read())

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
