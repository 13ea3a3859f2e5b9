"""How much a listener bears, and what it calls itself.

The limits of a single session's dialogue are `protocols.smtp.ServerLimits`;
here are those of time, memory and number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hatobin.protocols.smtp import ServerLimits

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What all sessions of a server together, and each over time, may take."""

    max_sessions: int = 1_000
    """More are told 421 "Too many concurrent SMTP connections"."""
    max_sessions_per_client: int = 500
    """The same for one client (an IPv4 address or an IPv6 /64), so that one cannot shut out the others."""
    idle_timeout_s: float = 300.0
    """Time for a whole command after our last reply, for the next octets of content, and for the client to
    read; then the session ends with 451 (RFC 5321 §4.5.3.2.7: at least five minutes). SES itself waits only
    about ten seconds."""
    message_timeout_s: float = 3_600.0
    """Time for all of a message's content, however it trickles."""
    progress_timeout_s: float = 1_800.0
    """Time without an accepted message, whatever commands come."""
    handshake_timeout_s: float = 30.0
    """Time for a TLS handshake."""
    linger_s: float = 10.0
    """Time for a client to take our last word before the connection is cut."""
    max_held_bytes: int = 512 * MEBIBYTE
    """Content of unfinished large messages, of all sessions together. Beyond it messages are heard out and
    answered 451."""
    max_whole_bytes: int = MEBIBYTE
    """A message of more than this is given to the house while it is read."""
    max_unread_bytes: int = 65_536
    """What one session may send ahead while it waits for an answer, before its socket is no longer read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """One SMTP server, whatever its listeners are."""

    hostname: str
    """`email-smtp.<service domain>`."""
    instance: str = "SimpleEmailService-d-HATOBIN"
    """The second half of SES's banner, without the session id that ends it."""
    limits: ServerLimits = field(default_factory=ServerLimits)
    sessions: SessionLimits = field(default_factory=SessionLimits)
