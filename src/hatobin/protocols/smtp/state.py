"""The state of an SMTP session, as one table.

The theory. A session is a walk through phases. What moves it is a *step*:
something that has happened for good, such as "a reverse-path was accepted" or
"the content came to its end". A command by itself moves nothing; it moves the
session only through the reply it gets, because RFC 5321 §4.1.4 makes a
refused command one that never was. So the walk is fully described by

    TRANSITIONS[phase][step] -> phase

and every rule of order is one of these laws:

1. Everything that decides where a session stands lives in this file.
2. A step that the table does not hold for a phase is a bug of ours, and raises
   `LocalProtocolError`. A command that the remote sends out of order is not a
   step: `COMMANDS` says which commands a phase takes, `ORDER_REFUSALS` what the
   others are told, and the session stays where it is.
3. LEFT is possible from everywhere and nothing is possible after it.
4. TLS throws away everything known (RFC 3207 §4.2): the walk starts again at
   GREETED, where only a greeting helps.
5. RSET and a new EHLO undo a transaction, never a login (RFC 5321 §4.1.1.5,
   §4.1.4).

Three facts stand beside the phase, because they survive most steps: whether the
connection is secured, whether the client is authenticated, and the name it
gave. `Standing` holds all four. The first two open the gates of RFC 3207 §4
and RFC 4954 §6, which `commands` keeps.

    OPENING ─WELCOMED→ GREETED ─HELLO→ READY ─MAIL_ACCEPTED→ MAIL ─RCPT_ACCEPTED→ RECIPIENTS
                          ↑             │ ↑                                            │
                          │             │ └──────ANSWERED─ VERDICT ←CONTENT_ENDED─ CONTENT (DATA)
                          │             ├─LOGIN_BEGUN→ LOGIN ─LOGIN_ENDED→ READY
                          └──TLS_DONE─ HANDSHAKE ←TLS_AGREED─┘
"""

from __future__ import annotations

from enum import IntEnum

from hatobin.protocols.smtp.errors import LocalProtocolError


class Phase(IntEnum):
    """Where a session stands."""

    OPENING = 0
    """Connected; our banner is not decided yet."""
    GREETED = 1
    """The banner is out, or TLS has just begun: a greeting is due."""
    READY = 2
    """Greeted, no transaction."""
    MAIL = 3
    """A reverse-path is accepted, no recipient yet."""
    RECIPIENTS = 4
    """At least one recipient is accepted."""
    CONTENT = 5
    """Between 354 and the final dot: bytes are content, not commands."""
    VERDICT = 6
    """The content is complete and its reply is not decided yet."""
    LOGIN = 7
    """Inside an AUTH exchange: lines are responses, not commands."""
    HANDSHAKE = 8
    """Between the 220 of STARTTLS and the end of the handshake: bytes are not ours to read."""
    CLOSED = 9
    """The last reply is queued; nothing is read any more."""


class Step(IntEnum):
    """What moves a session from one phase to the next."""

    WELCOMED = 0
    HELLO = 1
    LOGIN_BEGUN = 2
    LOGIN_ENDED = 3
    TLS_AGREED = 4
    TLS_DONE = 5
    MAIL_ACCEPTED = 6
    RCPT_ACCEPTED = 7
    CONTENT_BEGUN = 8
    CONTENT_ENDED = 9
    ANSWERED = 10
    RESET = 11
    LEFT = 12


TRANSITIONS: dict[Phase, dict[Step, Phase]] = {
    Phase.OPENING: {Step.WELCOMED: Phase.GREETED, Step.LEFT: Phase.CLOSED},
    Phase.GREETED: {Step.HELLO: Phase.READY, Step.RESET: Phase.GREETED, Step.LEFT: Phase.CLOSED},
    Phase.READY: {
        Step.HELLO: Phase.READY,
        Step.RESET: Phase.READY,
        Step.LOGIN_BEGUN: Phase.LOGIN,
        Step.TLS_AGREED: Phase.HANDSHAKE,
        Step.MAIL_ACCEPTED: Phase.MAIL,
        Step.LEFT: Phase.CLOSED,
    },
    Phase.MAIL: {
        Step.HELLO: Phase.READY,
        Step.RESET: Phase.READY,
        Step.TLS_AGREED: Phase.HANDSHAKE,
        Step.RCPT_ACCEPTED: Phase.RECIPIENTS,
        Step.LEFT: Phase.CLOSED,
    },
    Phase.RECIPIENTS: {
        Step.HELLO: Phase.READY,
        Step.RESET: Phase.READY,
        Step.TLS_AGREED: Phase.HANDSHAKE,
        Step.RCPT_ACCEPTED: Phase.RECIPIENTS,
        Step.CONTENT_BEGUN: Phase.CONTENT,
        Step.LEFT: Phase.CLOSED,
    },
    Phase.CONTENT: {Step.CONTENT_ENDED: Phase.VERDICT, Step.LEFT: Phase.CLOSED},
    Phase.VERDICT: {Step.ANSWERED: Phase.READY, Step.LEFT: Phase.CLOSED},
    Phase.LOGIN: {Step.LOGIN_ENDED: Phase.READY, Step.LEFT: Phase.CLOSED},
    Phase.HANDSHAKE: {Step.TLS_DONE: Phase.GREETED, Step.LEFT: Phase.CLOSED},
    Phase.CLOSED: {},
}

_ALWAYS = frozenset({b"HELO", b"EHLO", b"RSET", b"NOOP", b"VRFY", b"HELP", b"QUIT"})

COMMANDS: dict[Phase, frozenset[bytes]] = {
    Phase.GREETED: _ALWAYS,
    Phase.READY: _ALWAYS | {b"STARTTLS", b"AUTH", b"MAIL"},
    Phase.MAIL: _ALWAYS | {b"STARTTLS", b"RCPT"},
    Phase.RECIPIENTS: _ALWAYS | {b"STARTTLS", b"RCPT", b"DATA"},
}
"""Which commands each phase takes; in the phases left out there are no commands."""

KNOWN_COMMANDS = frozenset().union(*COMMANDS.values())

_NO_HELLO = "Error: send HELO/EHLO first"
_NO_MAIL = "Error: need MAIL command"
_NESTED_AUTH = "Error: AUTH is not permitted during a mail transaction"  # RFC 4954 §4

ORDER_REFUSALS: dict[Phase, dict[bytes, str]] = {
    Phase.GREETED: dict.fromkeys((b"STARTTLS", b"AUTH", b"MAIL", b"RCPT", b"DATA"), _NO_HELLO),
    Phase.READY: {b"RCPT": _NO_MAIL, b"DATA": _NO_MAIL},
    Phase.MAIL: {
        b"MAIL": "Error: sender already specified",
        b"AUTH": _NESTED_AUTH,
        b"DATA": "Error: need RCPT command",
    },
    Phase.RECIPIENTS: {b"MAIL": "Error: sender already specified", b"AUTH": _NESTED_AUTH},
}
"""What a known command that comes out of order is told, after the code 503 (RFC 5321 §4.1.4)."""

IN_TRANSACTION = frozenset({Phase.MAIL, Phase.RECIPIENTS, Phase.CONTENT, Phase.VERDICT})
"""The phases in which a message is on its way, so that closing would cost somebody a retry."""


def next_phase(phase: Phase, step: Step) -> Phase:
    """Say where a step leads; raise `LocalProtocolError` where the table does not hold it."""
    try:
        return TRANSITIONS[phase][step]
    except KeyError:
        raise LocalProtocolError(f"{step.name} cannot happen in phase {phase.name}") from None


class Standing:
    """Where one session stands. Only `move` and the two facts that come from outside change it."""

    __slots__ = ("authenticated", "helo", "phase", "secured")

    def __init__(self, *, secured: bool) -> None:
        self.phase = Phase.OPENING
        self.secured = secured
        """Whether the client speaks through TLS."""
        self.authenticated = False
        """Whether an AUTH attempt was answered with a 2xx reply."""
        self.helo: str | None = None
        """The name given with the last HELO or EHLO."""

    @property
    def in_transaction(self) -> bool:
        """Whether a message is under way, from an accepted MAIL to the reply after the content."""
        return self.phase in IN_TRANSACTION

    @property
    def closed(self) -> bool:
        """Whether the last word is spoken."""
        return self.phase is Phase.CLOSED

    def move(self, step: Step) -> None:
        """Take a step; raises `LocalProtocolError` where it leads nowhere."""
        self.phase = next_phase(self.phase, step)

    def secure(self) -> None:
        """Take the step TLS_DONE. Nothing that was said in plain text counts any more (RFC 3207 §4.2)."""
        self.move(Step.TLS_DONE)
        self.secured = True
        self.authenticated = False
        self.helo = None
