"""Limits on a connection that uvicorn does not have: the size of a head and the time of a request.

uvicorn with httptools reads a head of any size and waits for it, and for a
body, without end. The class made here closes such connections, and tells the
application the TLS version of the connection (ASGI TLS extension).

Refs: RFC 9110 §5.4 (limits on fields); RFC 6585 §5 (status 431).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hatobin.ports import Clock, Timer

# Request line and header fields of one request; SDKs stay below 4 KiB, session tokens below 16.
MAX_HEAD_BYTES = 64 * 1024
# From the first byte of a request, or the connection, to the last byte of its body.
REQUEST_TIMEOUT_S = 120.0

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TLS_NUMBERS = {"TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def http_protocol(
    clock: Clock, *, max_head_bytes: int = MAX_HEAD_BYTES, request_timeout_s: float = REQUEST_TIMEOUT_S
) -> type[asyncio.Protocol]:
    """Give the connection class for `uvicorn.Config(http=…)`, with its limits and its clock.

    A head that grows beyond `max_head_bytes` is answered 431, a request that
    is not whole after `request_timeout_s` 408; both end the connection.
    """

    class LimitedHttpProtocol(HttpToolsProtocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._head_bytes = 0
            self._is_in_head = True
            self._boundaries = 0
            self._deadline: Timer | None = None
            self._extensions: dict[str, Any] = {}

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            tls = transport.get_extra_info("ssl_object")
            if tls is not None:
                self._extensions = {"tls": {"tls_version": _TLS_NUMBERS.get(tls.version(), 0)}}
            self._start_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            boundaries = self._boundaries
            super().data_received(data)
            # Only what lies in one head from end to end is counted: another part may be a body's.
            if self._is_in_head and self._boundaries == boundaries:
                self._head_bytes += len(data)
                if self._head_bytes > max_head_bytes:
                    self._end(_TOO_LARGE)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._is_in_head, self._head_bytes = True, 0
            self.scope["extensions"] = self._extensions
            if self._deadline is None:
                self._start_waiting()

        def on_headers_complete(self) -> None:
            self._is_in_head = False
            self._boundaries += 1
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._stop_waiting()
            self._is_in_head, self._head_bytes = True, 0
            self._boundaries += 1
            super().on_message_complete()

        def _start_waiting(self) -> None:
            self._deadline = clock.call_later(request_timeout_s, self._give_up)

        def _stop_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            self._deadline = None
            self._end(_TOO_SLOW)

        def _end(self, answer: bytes) -> None:
            if not self.transport.is_closing():
                # Only where no answer is being written already.
                if self.cycle is None or self.cycle.response_complete:
                    self.transport.write(answer)
                self.transport.close()

    return LimitedHttpProtocol
