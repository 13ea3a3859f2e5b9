"""What a server session tells its driver.

Some events are questions: the session reads no further until `send(reply)`
answers them. The others only inform; their reply is queued already.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hatobin.words.envelope import BodyType, Envelope
from hatobin.words.reply import Reply


@dataclass(frozen=True, slots=True)
class Connected:
    """Question: is the client welcome? 220 with the banner, or 421/554."""


@dataclass(frozen=True, slots=True)
class HeloGiven:
    """Information: the client said its name; `extended` for EHLO."""

    name: str
    extended: bool


@dataclass(frozen=True, slots=True)
class StartTlsRequested:
    """Question: 220 begins the handshake (then call `tls_established`), 454 declines."""


@dataclass(frozen=True, slots=True)
class AuthAttempt:
    """Question: 235 lets the client in, 535 or 454 does not."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailFrom:
    """Question: 2xx opens a transaction. `size` is what the client declared, if it did."""

    reverse_path: str
    size: int | None
    body: BodyType


@dataclass(frozen=True, slots=True)
class RcptTo:
    """Question: 2xx takes the recipient into the envelope."""

    recipient: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Question: 2xx takes over the responsibility (RFC 5321 §4.2.5), anything else declines it.

    `data` is the content as the client meant it: unstuffed, every line ended by CRLF. Of content that
    was taken while it came it is the rest; `envelope.size` counts all of it.
    """

    envelope: Envelope
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Information: the content came to its end and was refused for a matter of protocol; nothing of it is kept."""

    envelope: Envelope
    reply: Reply


@dataclass(frozen=True, slots=True)
class Quit:
    """Information: the client said goodbye and was answered; the session is closed."""


@dataclass(frozen=True, slots=True)
class Expelled:
    """Information: we end the session, and `reply` is the last word."""

    reply: Reply


ServerEvent = (
    Connected
    | HeloGiven
    | StartTlsRequested
    | AuthAttempt
    | MailFrom
    | RcptTo
    | MessageReceived
    | MessageRefused
    | Quit
    | Expelled
)
