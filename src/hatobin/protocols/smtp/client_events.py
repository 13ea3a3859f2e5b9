"""What a client session tells its caller, and where it stands.

Each event carries the remote's reply as it was, so that the caller can make an
outcome of it without asking again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum

from msgspec import Struct

from hatobin.words.reply import Reply


class ClientPhase(Enum):
    """What the session can be asked to do."""

    OPENING = "opening"  # greeting and EHLO are under way
    IDLE = "idle"  # ready for anything
    BUSY = "busy"  # something was asked, and its last event has not come yet
    CONTENT = "content"  # the server waits for content
    HANDSHAKE = "handshake"  # the server waits for TLS; bytes are not ours to read
    REFUSED = "refused"  # the server does not want us
    CLOSED = "closed"


class Stage(IntEnum):
    """Which command a reply answers."""

    GREETING = 0
    EHLO = 1
    HELO = 2
    STARTTLS = 3
    AUTH = 4
    RSET = 5
    MAIL = 6
    RCPT = 7
    DATA = 8
    CONTENT = 9
    """The final dot."""
    QUIT = 10


PATIENCE_S: Mapping[Stage, float] = {
    Stage.GREETING: 300.0,
    Stage.EHLO: 300.0,
    Stage.HELO: 300.0,
    Stage.STARTTLS: 120.0,
    Stage.AUTH: 120.0,
    Stage.RSET: 60.0,
    Stage.MAIL: 300.0,
    Stage.RCPT: 300.0,
    Stage.DATA: 120.0,
    Stage.CONTENT: 600.0,
    Stage.QUIT: 10.0,
}
"""How long a client should at least wait for each reply, in seconds (RFC 5321 §4.5.3.2);
for commands that the RFC does not name, what is customary."""


class Greeted(Struct, frozen=True):
    """The server is there and willing. EHLO is queued."""

    reply: Reply


class Offered(Struct, frozen=True):
    """The server answered EHLO, or HELO (`esmtp` false, nothing offered). The session is ready."""

    extensions: Mapping[str, str]
    reply: Reply
    esmtp: bool


class Refused(Struct, frozen=True):
    """The server is there and unwilling: no session. Only `quit` is left."""

    stage: Stage
    reply: Reply


class TlsReply(Struct, frozen=True):
    """After a 2xx reply: shake hands, then call `tls_established`. Else the session goes on in plain text."""

    reply: Reply


class LoginReply(Struct, frozen=True):
    """What became of `login`."""

    reply: Reply


class SenderReply(Struct, frozen=True):
    """What the server says to the reverse-path. Once in every transaction, first."""

    reply: Reply


class RecipientReply(Struct, frozen=True):
    """What the server says to the recipient `index` of the envelope. Once for each, if the sender was accepted."""

    index: int
    reply: Reply


class ReadyForData(Struct, frozen=True):
    """The server waits for the content: `give_content` and `end_content`. `reply` is its 354."""

    reply: Reply


class Finished(Struct, frozen=True):
    """The transaction is over, and `reply` counts for every recipient that was accepted (or not asked).

    `stage` says which command decided. With CONTENT and a 2xx reply the
    server has taken the message for every accepted recipient; in all other
    cases for none.
    """

    stage: Stage
    reply: Reply

    @property
    def taken(self) -> bool:
        """Whether the server has taken over the responsibility for the message."""
        return self.stage is Stage.CONTENT and self.reply.is_positive


class ResetReply(Struct, frozen=True):
    """What became of `reset`."""

    reply: Reply


class Closed(Struct, frozen=True):
    """The session is over: the answer to `quit`, or a 421 that came unasked."""

    reply: Reply


ClientEvent = (
    Greeted
    | Offered
    | Refused
    | TlsReply
    | LoginReply
    | SenderReply
    | RecipientReply
    | ReadyForData
    | Finished
    | ResetReply
    | Closed
)
