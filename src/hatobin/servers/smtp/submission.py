"""The SMTP endpoint of SES: submission with STARTTLS or TLS from the start, and a trusted port beside it.

Law: the AWS pages "Connecting to an Amazon SES SMTP endpoint" and
"Troubleshooting SMTP"; RFC 6409 (submission), RFC 8314 §3.3 (implicit TLS).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Generic, TypeVar

from hatobin.ports.clock import Clock
from hatobin.protocols.smtp import AuthAttempt, Connected, MessageReceived, ServerConfig, replies
from hatobin.servers.smtp.acceptance import Acceptance, MessageStream, Peer
from hatobin.servers.smtp.connection import Answer, Asked, Connection
from hatobin.servers.smtp.registry import SessionRegistry
from hatobin.servers.smtp.settings import SmtpSettings
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

P = TypeVar("P")


class _SubmissionConversation(Generic[P]):
    """Answers one session on behalf of an acceptance. MAIL and RCPT are taken unseen: SES decides after DATA."""

    __slots__ = ("_acceptance", "_banner", "_principal")

    def __init__(self, acceptance: Acceptance[P], banner: Reply, principal: P | None) -> None:
        self._acceptance = acceptance
        self._banner = banner
        self._principal = principal

    def answer(self, question: Asked, peer: Peer) -> Answer:
        if isinstance(question, MessageReceived):
            principal = self._principal
            if principal is None:
                return replies.AUTHENTICATION_FIRST
            return self._acceptance.accept(principal, question.envelope, question.data, peer)
        if isinstance(question, AuthAttempt):
            return self._authenticate(question, peer)
        return self._banner if isinstance(question, Connected) else replies.OK

    def stream(self, envelope: Envelope, peer: Peer) -> MessageStream:
        assert self._principal is not None, "no transaction begins before the login"
        return self._acceptance.stream(self._principal, envelope, peer)

    async def _authenticate(self, attempt: AuthAttempt, peer: Peer) -> Reply:
        principal = await self._acceptance.authenticate(attempt.username, attempt.password, peer)
        if principal is None:
            return replies.WRONG_CREDENTIALS
        self._principal = principal
        return replies.AUTHENTICATED


class _SmtpServer(Generic[P]):
    """What both servers have in common: the acceptance, the sessions, and how they end."""

    def __init__(
        self, acceptance: Acceptance[P], settings: SmtpSettings, *, clock: Clock, session_id: Callable[[], str]
    ) -> None:
        self._acceptance = acceptance
        self._settings = settings
        self._session_id = session_id
        self._registry = SessionRegistry(settings.sessions, clock)

    @property
    def session_count(self) -> int:
        """How many sessions are open."""
        return len(self._registry)

    @property
    def held_bytes(self) -> int:
        """How many octets of unfinished messages they hold together."""
        return self._registry.held_bytes

    async def stop(self, grace_s: float) -> None:
        """End all sessions: idle ones now with 421, the others after the message that is under way.

        What is left after `grace_s` seconds is cut. Listeners are the caller's
        to close, before this.
        """
        await self._registry.stop(grace_s)

    def _connect(
        self, config: ServerConfig, principal: P | None, tls_context: ssl.SSLContext | None, *, secured: bool
    ) -> Connection:
        banner = Reply.of(220, f"{self._settings.hostname} ESMTP {self._settings.instance} {self._session_id()}")
        conversation = _SubmissionConversation(self._acceptance, banner, principal)
        return Connection(self._registry, conversation, config, tls_context=tls_context, secured=secured)


class SubmissionServer(_SmtpServer[P]):
    """The SMTP endpoint. Its two methods are protocol factories for `loop.create_server`."""

    def __init__(
        self,
        acceptance: Acceptance[P],
        settings: SmtpSettings,
        *,
        clock: Clock,
        session_id: Callable[[], str],
        tls_context: ssl.SSLContext,
    ) -> None:
        """`session_id` gives the unguessable word that ends each banner; `tls_context` is used after STARTTLS."""
        super().__init__(acceptance, settings, clock=clock, session_id=session_id)
        self._tls_context = tls_context
        self._config = ServerConfig(
            hostname=settings.hostname,
            offer_tls=True,
            require_tls=True,
            offer_auth=True,
            require_auth=True,
            allow_null_sender=False,
            allow_bare_postmaster=False,
            limits=settings.limits,
        )

    def starttls_protocol(self) -> Connection:
        """Give the protocol of one connection that begins in plain text (ports 25, 587, 2587)."""
        return self._connect(self._config, None, self._tls_context, secured=False)

    def implicit_tls_protocol(self) -> Connection:
        """Give the protocol of one connection that began with TLS (ports 465, 2465), when its handshake is over."""
        return self._connect(self._config, None, None, secured=True)


class TrustedServer(_SmtpServer[P]):
    """SMTP without TLS and AUTH for one principal, on loopback: for benches and local relays."""

    def __init__(
        self,
        acceptance: Acceptance[P],
        principal: P,
        settings: SmtpSettings,
        *,
        clock: Clock,
        session_id: Callable[[], str],
    ) -> None:
        """Every message on these connections is `principal`'s."""
        super().__init__(acceptance, settings, clock=clock, session_id=session_id)
        self._principal = principal
        self._config = ServerConfig(
            hostname=settings.hostname,
            allow_null_sender=False,
            allow_bare_postmaster=False,
            limits=settings.limits,
        )

    def protocol(self) -> Connection:
        """Give the protocol of one connection."""
        return self._connect(self._config, self._principal, None, secured=False)
