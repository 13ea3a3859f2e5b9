"""The SMTP listeners of a worker: submission in its two TLS forms, and the trusted port."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass

from hatobin.flow.outbound import SmtpDoor, SmtpLogin
from hatobin.gateway import Principal
from hatobin.ports import Ports
from hatobin.servers.smtp import SessionLimits, SmtpSettings, SubmissionServer, TrustedServer
from hatobin.words.settings import Settings

_SESSION_ID_BYTES = 12
TLS_HANDSHAKE_S = 30.0


@dataclass(frozen=True, slots=True)
class SmtpListeners:
    """Makes the servers and starts them on their bound sockets."""

    settings: Settings
    ports: Ports
    door: SmtpDoor

    async def start(self, sockets: dict[str, list[socket.socket]], context: ssl.SSLContext) -> RunningSmtp:
        """Listen on every configured SMTP socket."""
        smtp_settings = SmtpSettings(
            hostname=f"email-smtp.{self.settings.service.domain}",
            sessions=SessionLimits(
                max_sessions=self.settings.server.max_connections,
                max_whole_bytes=self.settings.store.stream_above_bytes,
            ),
        )
        submission: SubmissionServer[SmtpLogin] = SubmissionServer(
            self.door, smtp_settings, clock=self.ports.clock, session_id=self._session_id, tls_context=context
        )
        trusted: TrustedServer[SmtpLogin] = TrustedServer(
            self.door, self._trusted_login(), smtp_settings, clock=self.ports.clock, session_id=self._session_id
        )
        loop = asyncio.get_running_loop()
        servers: list[asyncio.Server] = []
        for one in sockets.get("submission", []):
            servers.append(await loop.create_server(submission.starttls_protocol, sock=one))
        for one in sockets.get("submission_tls", []):
            servers.append(
                await loop.create_server(
                    submission.implicit_tls_protocol, sock=one, ssl=context, ssl_handshake_timeout=TLS_HANDSHAKE_S
                )
            )
        for one in sockets.get("trusted", []):
            servers.append(await loop.create_server(trusted.protocol, sock=one))
        return RunningSmtp(servers, submission, trusted)

    def _trusted_login(self) -> SmtpLogin:
        account = self.settings.server.trusted_account
        arn = f"arn:aws:iam::{account}:user/trusted"
        return SmtpLogin(Principal(account, "", arn, "trusted", "trusted"), self.settings.server.trusted_region)

    def _session_id(self) -> str:
        return self.ports.entropy.token_bytes(_SESSION_ID_BYTES).hex()


@dataclass(frozen=True, slots=True)
class RunningSmtp:
    """The listening SMTP servers."""

    servers: list[asyncio.Server]
    submission: SubmissionServer[SmtpLogin]
    trusted: TrustedServer[SmtpLogin]

    async def stop(self, grace_s: float) -> None:
        """Close the listeners, let running messages end, cut the rest."""
        for server in self.servers:
            server.close()
        await asyncio.gather(self.submission.stop(grace_s), self.trusted.stop(grace_s))
