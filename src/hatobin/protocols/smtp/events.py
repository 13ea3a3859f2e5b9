"""What a server session tells its driver.

Some events are questions: the session reads no further until `send(reply)`
answers them. The others only inform; their reply is queued already.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from hatobin.words.envelope import BodyType, Envelope
from hatobin.words.reply import Reply


class Connected(Struct, frozen=True):
    """Question: is the client welcome? 220 with the banner, or 421/554."""


class HeloGiven(Struct, frozen=True):
    """Information: the client said its name; `extended` for EHLO."""

    name: str
    extended: bool


class StartTlsRequested(Struct, frozen=True):
    """Question: 220 begins the handshake (then call `tls_established`), 454 declines."""


@dataclass(frozen=True, slots=True)
class AuthAttempt:
    """Question: 235 lets the client in, 535 or 454 does not."""

    username: str
    password: str = field(repr=False)


class MailFrom(Struct, frozen=True):
    """Question: 2xx opens a transaction. `size` is what the client declared, if it did."""

    reverse_path: str
    size: int | None
    body: BodyType


class RcptTo(Struct, frozen=True):
    """Question: 2xx takes the recipient into the envelope."""

    recipient: str


class MessageReceived(Struct, frozen=True):
    """Question: 2xx takes over the responsibility (RFC 5321 §4.2.5), anything else declines it.

    `data` is the content as the client meant it: unstuffed, every line ended by CRLF. Of content that
    was taken while it came it is the rest; `envelope.size` counts all of it.
    """

    envelope: Envelope
    data: bytes

    def __repr__(self) -> str:
        return f"MessageReceived({self.envelope!r}, {len(self.data)} octets)"


class MessageRefused(Struct, frozen=True):
    """Information: the content came to its end and was refused for a matter of protocol; nothing of it is kept."""

    envelope: Envelope
    reply: Reply


class Quit(Struct, frozen=True):
    """Information: the client said goodbye and was answered; the session is closed."""


class Expelled(Struct, frozen=True):
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
