"""Limits on a connection that uvicorn does not have: the size of a head, slowness, and places.

uvicorn with httptools reads a head of any size and waits for it, for a body,
and for a client to read its answer, without end. The class made here ends
such connections, and tells the application the TLS version of the connection
(ASGI TLS extension).

How slow a client may be:

* a head is whole `head_timeout_s` after its first octet, or after the connection;
* a body, and an answer in the other direction, moves by `min_bytes_per_second` times
  `stall_timeout_s` octets in each stretch of `stall_timeout_s`, or ends in it.

A request that arrives whole, as nearly all do, sets no timer.

Refs: RFC 9110 §5.4 (limits on fields), §15.5.9 (status 408); RFC 6585 §5 (status 431);
RFC 9112 §7.1.2 (trailer section).
"""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hatobin.ports import Clock, Timer
from hatobin.servers.api.admission import HttpTraffic, Place
from hatobin.servers.api.joined_writes import JoinedWrites
from hatobin.words.settings import Server

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TLS_NUMBERS = {"TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How large and how slow what a client sends may be (`docs/configuration.md`, server)."""

    max_head_bytes: int
    head_timeout_s: float
    stall_timeout_s: float
    min_bytes_per_second: int

    @classmethod
    def of(cls, server: Server) -> ConnectionLimits:
        """Take them from the settings."""
        return cls(
            max_head_bytes=server.http_head_bytes,
            head_timeout_s=server.http_head_timeout_s,
            stall_timeout_s=server.http_stall_timeout_s,
            min_bytes_per_second=server.http_min_bytes_per_second,
        )

    @property
    def stretch_bytes(self) -> float:
        """What must move in one stretch; at least one octet."""
        return max(1.0, self.min_bytes_per_second * self.stall_timeout_s)


class _Part(enum.Enum):
    """What the client has to send next."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


class LimitedHttpProtocol(HttpToolsProtocol):
    """The connection class for `uvicorn.Config(http=…)`, with its limits, its clock and its place.

    A head that grows too large is answered 431, one that is too slow 408;
    both end the connection, as does a slow body or answer without a word.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        limits: ConnectionLimits,
        traffic: HttpTraffic,
        place: Place,
        config: Config,
        server_state: ServerState,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state={})
        self._clock = clock
        self._limits = limits
        self._traffic = traffic
        self._place = place
        self._part = _Part.HEAD
        self._boundaries = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._idle_bytes = 0
        self._deadline: Timer | None = None
        self._answer_deadline: Timer | None = None
        self._extensions: dict[str, Any] = {}

    # ── what the transport says ──────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, JoinedWrites(transport, self.loop)))
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self._extensions = {"tls": {"tls_version": _TLS_NUMBERS.get(tls.version(), 0)}}
        self._place.wait(transport.abort)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._place.leave()
        self._stop_waiting()
        if self._answer_deadline is not None:
            self._answer_deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        boundaries, body_bytes = self._boundaries, self._body_bytes
        super().data_received(data)
        if self._part is _Part.NOTHING:
            return
        if self._part is _Part.HEAD:
            # Only what lies in one head from end to end is counted: another part may be a body's.
            if self._boundaries == boundaries:
                self._head_bytes += len(data)
            grew = self._head_bytes
        else:
            # Trailer fields and the like: what comes in a body and does not belong to it.
            stands = self._boundaries == boundaries and self._body_bytes == body_bytes
            self._idle_bytes = self._idle_bytes + len(data) if stands else 0
            grew = self._idle_bytes
        if grew > self._limits.max_head_bytes:
            self._end(_TOO_LARGE)
        elif self._deadline is None:
            if self._part is _Part.HEAD:
                self._await_head()
            else:
                self._await_body()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_answer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching_answer()

    # ── what the parser says ─────────────────────────────────────────────

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._part = _Part.HEAD
        self._head_bytes = 0
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        self._part = _Part.BODY
        self._boundaries += 1
        self._body_bytes = self._idle_bytes = 0
        self._stop_waiting()
        self._place.proceed()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = _Part.NOTHING
        self._boundaries += 1
        self._stop_waiting()
        super().on_message_complete()

    # ── what uvicorn says ────────────────────────────────────────────────

    def on_response_complete(self) -> None:
        has_next = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_answer()  # It closes when the client has taken the answer.
        elif not has_next:
            self._place.wait(self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            super().timeout_keep_alive_handler()
            self._watch_answer()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._watch_answer()

    # ── slowness ─────────────────────────────────────────────────────────

    def _await_head(self) -> None:
        self._deadline = self._clock.call_later(self._limits.head_timeout_s, self._head_is_late)

    def _head_is_late(self) -> None:
        if self.flow.read_paused:  # We are slow: an earlier request is still being answered.
            self._await_head()
            return
        self._deadline = None
        self._traffic.timed_out["head"] += 1
        self._end(_TOO_SLOW)

    def _await_body(self) -> None:
        before = self._body_bytes

        def check() -> None:
            self._deadline = None
            if self.flow.read_paused or self._body_bytes - before >= self._limits.stretch_bytes:
                self._await_body()
                return
            self._traffic.timed_out["body"] += 1
            self._end(b"")

        self._deadline = self._clock.call_later(self._limits.stall_timeout_s, check)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch_answer(self) -> None:
        """Cut the connection when the client does not take what waits for it."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent or self._answer_deadline is not None:
            return

        def check() -> None:
            self._answer_deadline = None
            if unsent - self.transport.get_write_buffer_size() >= self._limits.stretch_bytes:
                self._watch_answer()
                return
            self._traffic.timed_out["answer"] += 1
            self.transport.abort()

        self._answer_deadline = self._clock.call_later(self._limits.stall_timeout_s, check)

    def _stop_watching_answer(self) -> None:
        # A closing connection stays watched to its end.
        if self._answer_deadline is not None and not self.transport.is_closing():
            self._answer_deadline.cancel()
            self._answer_deadline = None

    def _end(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            # Only where no answer is being written already.
            if answer and (self.cycle is None or self.cycle.response_complete):
                self.transport.write(answer)
            self.transport.close()
            self._watch_answer()
