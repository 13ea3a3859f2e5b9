"""SMTP listeners: asyncio protocols around `protocols.smtp`.

`SubmissionServer` is the SES endpoint, `TrustedServer` the same without TLS and
AUTH for one principal. Both hand whole messages to an `Acceptance`. `Connection`
with another `Conversation` makes any other SMTP server.
"""

from __future__ import annotations

from hatobin.servers.smtp.acceptance import Acceptance, MessageStream, Peer
from hatobin.servers.smtp.connection import Answer, Asked, Connection, Conversation
from hatobin.servers.smtp.registry import SessionRegistry
from hatobin.servers.smtp.settings import SessionLimits, SmtpSettings
from hatobin.servers.smtp.submission import SubmissionServer, TrustedServer

__all__ = [
    "Acceptance",
    "Answer",
    "Asked",
    "Connection",
    "Conversation",
    "MessageStream",
    "Peer",
    "SessionLimits",
    "SessionRegistry",
    "SmtpSettings",
    "SubmissionServer",
    "TrustedServer",
]
