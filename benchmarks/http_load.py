"""Load by HTTP: raw sockets and epoll, keep-alive, one request under way on each connection.

The requests are made before, so that the generator only writes and reads: it
costs a few microseconds a request and is reported beside the server's.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Sequence

from benchmarks.measuring import Invalid

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_READ_BYTES = 65_536


class Connection:
    """One keep-alive connection: the request under way and what has come back of its answer."""

    __slots__ = ("answer", "begun", "socket", "unsent", "writing")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.answer = b""
        self.unsent = b""
        self.writing = False
        self.begun = 0.0


class HttpLoad:
    """Sends `requests` round robin until `count` of them are answered with 200 and hold `success` often enough."""

    def __init__(
        self, address: str, requests: Sequence[bytes], *, count: int, connections: int, success: bytes, each: int = 1
    ) -> None:
        """Each request carries `each` messages, and a good answer holds `success` that many times."""
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._requests = requests
        self._count = count
        self._parallel = min(connections, count)
        self._success = success
        self._each = each
        self.messages = count * each
        self.answered = 0
        self.latencies_s: list[float] = []
        self._sent = 0
        self._cpu_s = 0.0
        self._connections: dict[int, Connection] = {}
        self._epoll = select.epoll()

    def prepare(self) -> None:
        """Nothing has to be there before."""

    def start(self) -> None:
        """Connect and send the first requests."""
        for connection in [self._connect() for _ in range(self._parallel)]:
            self._send_next(connection)

    def step(self, timeout_s: float) -> bool:
        """Go on for about `timeout_s`; True once all are answered. Raises `Invalid` for any other answer."""
        deadline = time.perf_counter() + timeout_s
        before = time.thread_time()
        while self.answered < self.messages:
            left_s = deadline - time.perf_counter()
            if left_s <= 0:
                break
            for descriptor, events in self._epoll.poll(min(left_s, self._before_waiting())):
                connection = self._connections[descriptor]
                if events & select.EPOLLOUT:
                    self._flush(connection)
                if events & ~select.EPOLLOUT:
                    self._read(connection)
        self._cpu_s += time.thread_time() - before
        return self.answered >= self.messages

    def _before_waiting(self) -> float:
        """Let a load do what is due; give the longest time to wait."""
        return 1.0

    def cpu_s(self) -> float:
        """CPU seconds of the generator."""
        return self._cpu_s

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._epoll.close()

    def _connect(self) -> Connection:
        connection = Connection(self._address)
        self._connections[connection.socket.fileno()] = connection
        self._epoll.register(connection.socket, select.EPOLLIN)
        return connection

    def _again(self, connection: Connection) -> Connection:
        """Connect anew where the server does not keep connections."""
        del self._connections[connection.socket.fileno()]
        connection.socket.close()
        return self._connect()

    def _send_next(self, connection: Connection) -> None:
        if self._sent >= self._count:
            return
        connection.unsent = self._requests[self._sent % len(self._requests)]
        self._sent += 1
        connection.answer = b""
        connection.begun = time.perf_counter()
        self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        connection.unsent = connection.unsent[sent:]
        writing = bool(connection.unsent)
        if writing is not connection.writing:
            connection.writing = writing
            self._epoll.modify(connection.socket, select.EPOLLIN | (select.EPOLLOUT if writing else 0))

    def _read(self, connection: Connection) -> None:
        data = connection.socket.recv(_READ_BYTES)
        if not data:
            raise Invalid(f"the server closed a connection after {self.answered} messages")
        answer = connection.answer + data if connection.answer else data
        head, separator, body = answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if separator else None
        if separator and length is None:
            raise Invalid(f"an answer without Content-Length: {head[:200]!r}")
        if length is None or len(body) < int(length[1]):
            connection.answer = answer
            return
        if head[8:12] != b" 200" or body.count(self._success) != self._each:
            raise Invalid(f"not the answer that was hoped for: {head[:80]!r} {body[:300]!r}")
        self.latencies_s.append(time.perf_counter() - connection.begun)
        self.answered += self._each
        if _CLOSES.search(head) or head.startswith(b"HTTP/1.0"):
            connection = self._again(connection)
        self._send_next(connection)
