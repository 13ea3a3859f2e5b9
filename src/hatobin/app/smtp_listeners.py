"""The SMTP listeners of a worker: submission in its two TLS forms, and the trusted port."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass

from hatobin.app.tls_listener import TlsListener
from hatobin.flow.outbound import SmtpDoor, SmtpLogin
from hatobin.gateway import Principal, all_permissions
from hatobin.ports import Ports
from hatobin.protocols.smtp import ServerLimits
from hatobin.servers.smtp import SessionLimits, SmtpSettings, SubmissionServer, TrustedServer
from hatobin.words.settings import Server, Settings

_SESSION_ID_BYTES = 12


class SmtpTraffic:
    """What the SMTP listeners of a worker have to do with, for `/metrics`; nothing before they start."""

    def __init__(self) -> None:
        self.servers: list[SubmissionServer[SmtpLogin] | TrustedServer[SmtpLogin]] = []

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return sum(server.session_count for server in self.servers)

    @property
    def held_bytes(self) -> int:
        """How many octets of unfinished messages they hold."""
        return sum(server.held_bytes for server in self.servers)


@dataclass(frozen=True, slots=True)
class SmtpListeners:
    """Makes the servers and starts them on their bound sockets."""

    settings: Settings
    ports: Ports
    door: SmtpDoor
    traffic: SmtpTraffic

    async def start(self, sockets: dict[str, list[socket.socket]], context: ssl.SSLContext) -> RunningSmtp:
        """Listen on every configured SMTP socket."""
        smtp_settings = SmtpSettings(
            hostname=f"email-smtp.{self.settings.service.domain}",
            limits=_dialogue_limits(self.settings.server),
            sessions=_session_limits(self.settings),
        )
        submission: SubmissionServer[SmtpLogin] = SubmissionServer(
            self.door, smtp_settings, clock=self.ports.clock, session_id=self._session_id, tls_context=context
        )
        trusted: TrustedServer[SmtpLogin] = TrustedServer(
            self.door, self._trusted_login(), smtp_settings, clock=self.ports.clock, session_id=self._session_id
        )
        self.traffic.servers[:] = [submission, trusted]
        loop = asyncio.get_running_loop()
        servers: list[asyncio.Server | TlsListener] = []
        for one in sockets.get("submission", []):
            servers.append(await loop.create_server(submission.starttls_protocol, sock=one))
        for one in sockets.get("submission_tls", []):
            servers.append(TlsListener(one, context, submission.implicit_tls_protocol, smtp_settings.sessions))
        for one in sockets.get("trusted", []):
            servers.append(await loop.create_server(trusted.protocol, sock=one))
        return RunningSmtp(servers, submission, trusted)

    def _trusted_login(self) -> SmtpLogin:
        account = self.settings.server.trusted_account
        arn = f"arn:aws:iam::{account}:user/trusted"
        principal = Principal(account, "", arn, "trusted", "trusted")
        return SmtpLogin(principal, self.settings.server.trusted_region, all_permissions())

    def _session_id(self) -> str:
        return self.ports.entropy.token_bytes(_SESSION_ID_BYTES).hex()


def _dialogue_limits(server: Server) -> ServerLimits:
    return ServerLimits(
        max_envelope_recipients=server.smtp_recipients,
        max_errors=server.smtp_errors,
        max_idle_commands=server.smtp_idle_commands,
    )


def _session_limits(settings: Settings) -> SessionLimits:
    server = settings.server
    return SessionLimits(
        max_sessions=server.max_connections,
        max_sessions_per_client=server.smtp_connections_per_client,
        idle_timeout_s=server.smtp_idle_timeout_s,
        message_timeout_s=server.smtp_message_timeout_s,
        progress_timeout_s=server.smtp_progress_timeout_s,
        handshake_timeout_s=server.smtp_handshake_timeout_s,
        max_whole_bytes=settings.store.stream_above_bytes,
    )


@dataclass(frozen=True, slots=True)
class RunningSmtp:
    """The listening SMTP servers."""

    servers: list[asyncio.Server | TlsListener]
    submission: SubmissionServer[SmtpLogin]
    trusted: TrustedServer[SmtpLogin]

    async def stop(self, grace_s: float) -> None:
        """Close the listeners, let running messages end, cut the rest."""
        for server in self.servers:
            server.close()
        await asyncio.gather(self.submission.stop(grace_s), self.trusted.stop(grace_s))
