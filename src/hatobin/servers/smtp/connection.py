"""One SMTP connection: a `ServerSession` between a transport and a conversation.

The session says what the client wants, the conversation what to answer, and
this module moves bytes: it writes replies in one piece, reads no more than it
can hold, waits for answers that take time, shakes hands after STARTTLS, and
ends sessions that are silent, stuck or no longer wanted.

Law: RFC 5321 §3.8 (ending), §4.5.3.2 (timeouts); RFC 3207 (STARTTLS).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any, Protocol, cast

import structlog

from hatobin.ports.clock import Timer
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.smtp import (
    AuthAttempt,
    Connected,
    HeloGiven,
    MailFrom,
    MessageReceived,
    Phase,
    RcptTo,
    ServerConfig,
    ServerEvent,
    ServerSession,
    StartTlsRequested,
    replies,
)
from hatobin.servers.smtp.acceptance import MessageStream, Peer
from hatobin.servers.smtp.inflow import Inflow
from hatobin.servers.smtp.registry import SessionRegistry
from hatobin.servers.smtp.settings import SessionLimits
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

Answer = Reply | Coroutine[Any, Any, Reply]
Asked = Connected | AuthAttempt | MailFrom | RcptTo | MessageReceived

log = structlog.get_logger()

# Members looked at for every chunk, by a short way: looking one up on its Enum takes 0.1 µs.
_CONTENT, _HANDSHAKE = Phase.CONTENT, Phase.HANDSHAKE
_ASKED = (MailFrom, RcptTo, MessageReceived, AuthAttempt, Connected)


class Conversation(Protocol):
    """Answers the questions of one session, at once or in time."""

    def answer(self, question: Asked, peer: Peer) -> Answer:
        """Give the reply, or a coroutine that gives it. The session waits; nothing else does."""
        ...

    def stream(self, envelope: Envelope, peer: Peer) -> MessageStream:
        """Begin to take a large message in pieces instead of whole, by an answer to `MessageReceived`."""
        ...


class Connection(asyncio.Protocol):
    """One client's connection, from accept to close."""

    def __init__(
        self,
        registry: SessionRegistry,
        conversation: Conversation,
        config: ServerConfig,
        *,
        tls_context: ssl.SSLContext | None = None,
        secured: bool = False,
    ) -> None:
        self._registry = registry
        self._clock = registry.clock
        self._conversation = conversation
        self._tls_context = tls_context
        self._session = ServerSession(config, secured=secured)
        self._standing = self._session.standing
        self._transport: asyncio.Transport | None = None
        self._peer: Peer | None = None
        self._address = ("", 0)
        self._task: asyncio.Task[None] | None = None
        self._reading = True
        self._writable = True
        self._ended = False
        self._heard_at = 0.0  # When the client last did what it was waited for
        self._accepted_at = 0.0  # When it was admitted, or its last message accepted
        self._content_since = 0.0  # 0 outside content
        self._timer: Timer | None = None
        self._counted_bytes = 0
        self._inflow: Inflow | None = None

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client or turn it away, and say so in the banner."""
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self._address = (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)
        refusal = self._registry.admit(self, self._address[0])
        self._heard_at = self._accepted_at = self._clock.monotonic()
        if refusal is not None:
            self._session.close(refusal)
            self._flush()
            return
        self._watch()
        self._pump()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        self._session.receive(data)
        if self._task is None:
            self._pump()
        else:
            self._regulate()

    def eof_received(self) -> bool:
        """Let the transport close, unless the client waits for an answer with its sending half closed."""
        # TLS has no half-closed connections (RFC 8446 §6.1 notwithstanding: the loop does not offer them).
        self._ended = self._task is not None and not self._standing.secured
        return self._ended

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client. A message that is being accepted stays accepted: the client will not know."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._drop_inflow()
        self._count(0)
        self._registry.leave(self)

    def pause_writing(self) -> None:
        """Stop answering a client that does not read."""
        self._writable = False
        self._regulate()

    def resume_writing(self) -> None:
        """Go on answering."""
        self._writable = True
        if self._task is None:
            self._pump()

    # What the registry says.

    def wind_down(self) -> None:
        """End as soon as no message is under way."""
        if self._task is None and not self._standing.in_transaction:
            self._session.close(replies.SHUTTING_DOWN)
            self._flush()

    def abort(self) -> None:
        """End now, without a word."""
        if self._task is not None and self._standing.phase is _HANDSHAKE:
            self._task.cancel()
        self._drop_inflow()
        if self._transport is not None:
            self._transport.abort()

    # The dialogue.

    def _pump(self) -> None:
        """Let the session go on until it needs bytes, an answer that takes time, or room to write."""
        session = self._session
        while self._writable and (event := session.next_event()) is not None:
            if self._inflow is not None and self._end_inflow(self._inflow, event):
                break
            if isinstance(event, _ASKED):
                answer = self._conversation.answer(event, self._known_peer())
                if isinstance(answer, Reply):
                    session.send(answer)
                    continue
                self._start(self._wait_for(answer, event))
                break
            if isinstance(event, HeloGiven):
                self._peer = None
            elif isinstance(event, StartTlsRequested):
                self._answer_starttls()
                break
        if self._standing.phase is _CONTENT:
            self._account()
        else:
            self._content_since = 0.0
            if self._counted_bytes and self._task is None:
                self._count(0)
        self._flush()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)

    async def _wait_for(self, answer: Coroutine[Any, Any, Reply], question: Asked) -> None:
        """Send an answer that takes time. A failure of ours is reported as ours, and never as the message's."""
        try:
            reply = await answer
        except DatabaseUnavailable as error:
            log.warning("refused_without_the_store", error=str(error))
            reply = replies.AUTHENTICATION_FAILURE if isinstance(question, AuthAttempt) else replies.SERVICE_FAILURE
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"no answer to {type(question).__name__}", "exception": error, "protocol": self}
            )
            reply = replies.AUTHENTICATION_FAILURE if isinstance(question, AuthAttempt) else replies.SERVICE_FAILURE
        self._task = None
        self._count(0)
        if self._transport is None or not self._session.awaits_answer:
            return
        self._session.send(reply)
        self._go_on()  # Which notes the time: the client was silent because it waited for us.
        if reply.is_positive and isinstance(question, MessageReceived):
            self._accepted_at = self._heard_at

    def _go_on(self) -> None:
        if self._registry.stopping and not self._standing.in_transaction:
            self._session.close(replies.SHUTTING_DOWN)
        self._pump()
        if self._ended and self._task is None and self._transport is not None:
            self._close(self._transport)

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data = self._session.data_to_send()
        if data:
            # An unfinished command is no sign of life; a reply follows a whole one.
            self._heard_at = self._clock.monotonic()
            transport.write(data)
        if self._standing.closed:
            self._close(transport)
        else:
            self._regulate()

    def _close(self, transport: asyncio.Transport) -> None:
        """Close once the last word is written; cut the connection if the client does not take it."""
        if transport.is_closing():
            return
        transport.close()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(self._registry.limits.linger_s, self.abort)

    def _regulate(self) -> None:
        """Read from the socket only what can be used soon."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        may_read = self._writable and self._standing.phase is not _HANDSHAKE
        if self._task is not None and self._session.held_bytes > self._registry.limits.max_unread_bytes:
            may_read = False
        if self._inflow is not None and self._inflow.is_full:
            may_read = False
        if may_read and not self._reading:
            self._reading = True
            self._heard_at = self._clock.monotonic()
            transport.resume_reading()
        elif not may_read and self._reading:
            self._reading = False
            transport.pause_reading()

    # Memory.

    def _account(self) -> None:
        """Move large content on, and count what is held; where that is too much, refuse the message at its end."""
        session, inflow = self._session, self._inflow
        self._heard_at = self._clock.monotonic()
        self._content_since = self._content_since or self._heard_at
        if inflow is not None or session.held_bytes > self._registry.limits.max_whole_bytes:
            envelope, pieces = session.take_content()
            if inflow is None:
                stream = self._conversation.stream(envelope, self._known_peer())
                inflow = self._inflow = Inflow(stream, self._inflow_moved)
            inflow.add(pieces)
        if not self._count(session.held_bytes + (0 if inflow is None else inflow.held_bytes)):
            self._drop_inflow()
            session.refuse_content(replies.SERVICE_FAILURE)
            self._count(session.held_bytes)

    def _inflow_moved(self) -> None:
        """The house has taken some content: there may be room to read more."""
        if self._task is None and self._inflow is not None:
            self._count(self._session.held_bytes + self._inflow.held_bytes)
            self._regulate()

    def _end_inflow(self, inflow: Inflow, event: ServerEvent) -> bool:
        """The content has come to its end; True when the house is asked about it now."""
        self._inflow = None
        if isinstance(event, MessageReceived):
            self._start(self._wait_for(inflow.finish(event), event))
            return True
        self._registry.see_off(inflow.abort())
        return False

    def _drop_inflow(self) -> None:
        if self._inflow is not None:
            self._registry.see_off(self._inflow.abort())
            self._inflow = None

    def _count(self, held_bytes: int) -> bool:
        change = held_bytes - self._counted_bytes
        self._counted_bytes = held_bytes
        return self._registry.hold(change) if change else True

    # Time.

    def _watch(self) -> None:
        """End the session if it has taken too long over something, or look again when it may have."""
        now, limits = self._clock.monotonic(), self._registry.limits
        deadlines = self._deadlines(limits)
        if min(deadlines, default=now + 1.0) <= now:
            self._timer = None
            self._session.close(replies.IDLE_TOO_LONG)
            self._flush()
            return
        # A deadline that begins meanwhile is seen within its own length.
        longest_s = min(limits.idle_timeout_s, limits.message_timeout_s, limits.progress_timeout_s)
        self._timer = self._clock.call_later(min([longest_s, *(at - now for at in deadlines)]), self._watch)

    def _deadlines(self, limits: SessionLimits) -> list[float]:
        """Give until when the client must have done what it is waited for; nothing while it waits for us."""
        if self._task is not None:
            return []
        if not self._content_since:
            return [self._heard_at + limits.idle_timeout_s, self._accepted_at + limits.progress_timeout_s]
        whole = self._content_since + limits.message_timeout_s
        if self._inflow is not None and self._inflow.is_full:
            return [whole]
        return [self._heard_at + limits.idle_timeout_s, whole]

    # TLS.

    def _answer_starttls(self) -> None:
        if self._tls_context is None:
            self._session.send(replies.TLS_UNAVAILABLE)
            return
        self._session.send(replies.READY_FOR_TLS)
        self._flush()
        self._start(self._shake_hands(self._tls_context))

    async def _shake_hands(self, context: ssl.SSLContext) -> None:
        transport = self._transport
        if transport is None:
            return
        secured: asyncio.Transport | None = None
        try:
            secured = await self._clock.within(
                self._registry.limits.handshake_timeout_s,
                asyncio.get_running_loop().start_tls(transport, self, context, server_side=True),
            )
        except (OSError, TimeoutError):
            pass
        finally:
            self._task = None
            if secured is None:
                # The loop does not report the end of a connection that broke during the handshake.
                transport.abort()
                self.connection_lost(None)
        if secured is None:
            return
        self._transport = secured
        self._reading = True
        self._peer = None
        self._heard_at = self._clock.monotonic()
        self._session.tls_established()
        self._go_on()

    # The other end.

    def _known_peer(self) -> Peer:
        peer = self._peer
        if peer is None:
            tls = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
            version = tls.version() if tls is not None else None
            peer = self._peer = Peer(*self._address, version, self._standing.helo)
        return peer
