"""AUTH PLAIN and AUTH LOGIN, both sides, as values.

An exchange is a few lines in base64. Each function takes what has been said
and gives the next thing: a challenge to send, the credentials, or a flaw.

Law: RFC 4954 (AUTH), RFC 4616 (PLAIN); LOGIN follows the expired
draft-murchison-sasl-login and the clients that speak it.
"""

from __future__ import annotations

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass, field
from enum import Enum

MECHANISMS = ("PLAIN", "LOGIN")
"""In the order SES offers them."""

USERNAME_PROMPT = b"VXNlcm5hbWU6"
PASSWORD_PROMPT = b"UGFzc3dvcmQ6"


class AuthFlaw(Enum):
    """Why an exchange ended without credentials."""

    CANCELLED = "cancelled"
    """The client sent `*` (RFC 4954 §4)."""
    MALFORMED = "malformed"
    """Not base64, not UTF-8, or not the shape of the mechanism."""
    UNKNOWN_MECHANISM = "unknown mechanism"
    SYNTAX = "syntax"
    """AUTH without a mechanism, or with too many words."""
    IMPERSONATION = "impersonation"
    """PLAIN asked to act as somebody else than the one who authenticates; nobody may."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server's turn: `prompt` goes after 334, and the next line answers it."""

    mechanism: bytes
    prompt: bytes
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the client says it is, and the proof; nothing is trimmed from either."""

    username: str
    password: str = field(repr=False)


AuthStep = Challenge | Credentials | AuthFlaw


def begin(argument: bytes) -> AuthStep:
    """Take what stands after `AUTH`: a mechanism and perhaps an initial response."""
    words = argument.split()
    if not 1 <= len(words) <= 2:
        return AuthFlaw.SYNTAX
    mechanism = words[0].upper()
    if mechanism == b"PLAIN":
        challenge = Challenge(mechanism, b"")
    elif mechanism == b"LOGIN":
        challenge = Challenge(mechanism, USERNAME_PROMPT)
    else:
        return AuthFlaw.UNKNOWN_MECHANISM
    if len(words) == 1:
        return challenge
    # RFC 4954 §4: a single "=" is an initial response of no length.
    return proceed(challenge, b"" if words[1] == b"=" else words[1])


def proceed(challenge: Challenge, line: bytes) -> AuthStep:
    """Take the client's answer to a challenge."""
    said = line.strip(b" \t")
    if said == b"*":
        return AuthFlaw.CANCELLED
    try:
        decoded = a2b_base64(said, strict_mode=True).decode("utf-8") if said else ""
    except (Base64Error, UnicodeDecodeError):
        return AuthFlaw.MALFORMED
    if challenge.mechanism == b"PLAIN":
        return _read_plain(decoded)
    if challenge.username is None:
        return Challenge(challenge.mechanism, PASSWORD_PROMPT, username=decoded)
    return Credentials(challenge.username, decoded)


def _read_plain(message: str) -> AuthStep:
    """RFC 4616 §2: authorization identity, NUL, authentication identity, NUL, password."""
    parts = message.split("\0")
    if len(parts) != 3:
        return AuthFlaw.MALFORMED
    acting_for, username, password = parts
    if acting_for not in ("", username):
        return AuthFlaw.IMPERSONATION
    return Credentials(username, password)


def plain_response(username: str, password: str) -> bytes:
    """Give the client's one message of PLAIN, in base64."""
    return b64encode(f"\0{username}\0{password}".encode())


def login_response(text: str) -> bytes:
    """Give one answer of LOGIN, a user name or a password, in base64."""
    return b64encode(text.encode())
