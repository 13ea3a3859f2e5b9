"""What a server session offers and how much it bears.

Law: RFC 5321 §4.5.3 (sizes and timeouts) for the least that must be borne;
the AWS pages "Amazon SES quotas" and "Troubleshooting SMTP" for what SES bears.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """How much one session may ask of us."""

    max_message_bytes: int = 40 * MEBIBYTE
    """SES: 40 MB through SMTP. Counted unstuffed; offered as SIZE."""
    max_recipients: int = 50
    """SES: 50 recipients a message. More are taken, and the message is refused after DATA, as SES does."""
    max_envelope_recipients: int = 1_000
    """From here on RCPT itself is refused with 452 (RFC 5321 §4.5.3.1.10: at least 100 must be taken)."""
    max_errors: int = 50
    """Refused commands since the last accepted message; the next one ends the session."""
    max_idle_commands: int = 2_000
    """Commands since the last accepted message; the next one ends the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """What a server session offers, demands and allows."""

    hostname: str
    """The name in the greeting replies."""
    offer_tls: bool = False
    """STARTTLS is offered while the connection is in plain text."""
    require_tls: bool = False
    """RFC 3207 §4: without TLS nothing but a greeting, NOOP, RSET, HELP and QUIT is answered kindly."""
    offer_auth: bool = False
    """AUTH is offered, and only under TLS (RFC 4954 §4)."""
    require_auth: bool = False
    """RFC 4954 §6: no transaction before a login."""
    allow_null_sender: bool = True
    """`MAIL FROM:<>`. A submission server says no, as SES does; a reception must say yes (RFC 5321 §4.5.5)."""
    allow_bare_postmaster: bool = True
    """`RCPT TO:<postmaster>` without a domain (RFC 5321 §4.5.1)."""
    limits: ServerLimits = field(default_factory=ServerLimits)
