r"""Scripts of SMTP dialogs, and how they are played against a server session.

A script is a text file, one thing a line:

    # a comment
    @ secured          a setting (see `_SETTINGS`), or a limit as name=value
    C: text            the client sends the text and CRLF
    C| text            the client sends the text alone
    S: text            the server says this line; "..." at its end stands for anything
    E: event -> reply  the session tells this event, and gets this reply (or the usual one)
    ~ TLS              both shake hands; what follows goes through TLS

In client text \r \n \0 \t \\ and \xNN mean what they mean in Python, and
{N*text} the text N times. Server lines and events are compared each in their
own order, because how they interleave depends on how the client's bytes are cut.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from hatobin.protocols.smtp import (
    AuthAttempt,
    Connected,
    Expelled,
    HeloGiven,
    MailFrom,
    MessageReceived,
    MessageRefused,
    Quit,
    RcptTo,
    ServerConfig,
    ServerEvent,
    ServerSession,
    StartTlsRequested,
    replies,
)
from hatobin.words.reply import Reply

FOLDER = Path(__file__).parent
HOSTNAME = "email-smtp.example.com"
SESSION_ID = "A1b2C3d4"
BANNER = Reply.of(220, f"{HOSTNAME} ESMTP SimpleEmailService-d-HATOBIN {SESSION_ID}")
ACCEPTED = Reply.of(250, "Ok 0100018f00000000-00000000-0000-0000-0000-000000000000-000000")

SUBMISSION = ServerConfig(
    hostname=HOSTNAME,
    offer_tls=True,
    require_tls=True,
    offer_auth=True,
    require_auth=True,
    allow_null_sender=False,
    allow_bare_postmaster=False,
)
TRUSTED = ServerConfig(hostname=HOSTNAME, allow_null_sender=False, allow_bare_postmaster=False)
RECEPTION = ServerConfig(hostname=HOSTNAME, offer_tls=True)

_SETTINGS = {"submission": SUBMISSION, "trusted": TRUSTED, "reception": RECEPTION}


@dataclass
class Segment:
    """What happens between two handshakes."""

    client: bytes = b""
    server: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


@dataclass
class Dialog:
    """One script, read."""

    name: str
    config: ServerConfig
    secured: bool
    segments: list[Segment]
    answers: list[tuple[str, Reply]]


def read_dialog(path: Path) -> Dialog:
    """Read a script."""
    dialog = Dialog(path.stem, SUBMISSION, False, [Segment()], [])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        mark, text = line[:2], line[2:].removeprefix(" ")
        segment = dialog.segments[-1]
        if mark == "@ ":
            _configure(dialog, text.split())
        elif mark == "C:":
            segment.client += _unescape(text) + b"\r\n"
        elif mark == "C|":
            segment.client += _unescape(text)
        elif mark == "S:":
            segment.server.append(text)
        elif mark == "E:":
            event, _, answer = text.partition(" -> ")
            segment.events.append(event)
            if answer:
                dialog.answers.append((event, Reply.of(int(answer[:3]), answer[4:])))
        elif line == "~ TLS":
            dialog.segments.append(Segment())
        else:
            raise ValueError(f"{path.name}:{number}: {line!r}")
    return dialog


def dialogs() -> list[Dialog]:
    """Read every script of the folder."""
    return [read_dialog(path) for path in sorted(FOLDER.glob("*.smtp"))]


def _configure(dialog: Dialog, words: list[str]) -> None:
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            limits = replace(dialog.config.limits, **{name: int(value)})
            dialog.config = replace(dialog.config, limits=limits)
        elif name == "secured":
            dialog.secured = True
        else:
            dialog.config = _SETTINGS[name]


def _unescape(text: str) -> bytes:
    text = re.sub(r"\{(\d+)\*([^}]*)\}", lambda match: match[2] * int(match[1]), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def describe(event: ServerEvent) -> str:
    """Write an event as the scripts do."""
    match event:
        case HeloGiven(name, extended):
            return f"HeloGiven {name}" if extended else f"HeloGiven {name} (HELO)"
        case AuthAttempt(username, password):
            return f"AuthAttempt {username!r} {password!r}"
        case MailFrom(path, size, body):
            return f"MailFrom <{path}>" + (f" {size}" if size is not None else "") + (f" {body}" * (body != "7BIT"))
        case RcptTo(recipient):
            return f"RcptTo <{recipient}>"
        case MessageReceived(envelope, data):
            return f"MessageReceived <{envelope.reverse_path}> {','.join(envelope.recipients)} {data!r}"
        case MessageRefused(envelope, reply):
            return f"MessageRefused <{envelope.reverse_path}> {','.join(envelope.recipients)} {reply.code}"
        case Expelled(reply):
            return f"Expelled {reply.code}"
        case Connected() | StartTlsRequested() | Quit():
            return type(event).__name__


_USUAL: dict[type, Reply] = {
    Connected: BANNER,
    StartTlsRequested: replies.READY_FOR_TLS,
    AuthAttempt: replies.AUTHENTICATED,
    MailFrom: replies.OK,
    RcptTo: replies.OK,
    MessageReceived: ACCEPTED,
}


class Player:
    """Plays client bytes to a session and keeps what came back."""

    def __init__(self, dialog: Dialog) -> None:
        self.session = ServerSession(dialog.config, secured=dialog.secured)
        self.server = bytearray()
        self.events: list[str] = []
        self._answers = list(dialog.answers)
        self._turn()

    def hear(self, chunk: bytes) -> None:
        """Give the session a piece of what the client sends."""
        self.session.receive(chunk)
        self._turn()

    def _turn(self) -> None:
        while (event := self.session.next_event()) is not None:
            described = describe(event)
            self.events.append(described)
            if self.session.awaits_answer:
                self.session.send(self._answer(described, event))
        self.server += self.session.data_to_send()

    def _answer(self, described: str, event: ServerEvent) -> Reply:
        for index, (wanted, reply) in enumerate(self._answers):
            if wanted == described:
                del self._answers[index]
                return reply
        return _USUAL[type(event)]


def whole(data: bytes) -> Iterator[bytes]:
    """Everything at once."""
    yield data


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    """One byte at a time."""
    for index in range(len(data)):
        yield data[index : index + 1]


def at_random(data: bytes) -> Iterator[bytes]:
    """Cut where a seed says; the seed depends on nothing but the data."""
    source = random.Random(len(data))
    while data:
        size = source.randrange(1, 40)
        yield data[:size]
        data = data[size:]


Framing = Callable[[bytes], Iterable[bytes]]
FRAMINGS: tuple[Framing, ...] = (whole, byte_by_byte, at_random)


def matches(said: list[str], wanted: list[str]) -> bool:
    """Compare lines with a script's, where "..." ends what is compared."""
    return len(said) == len(wanted) and all(
        line.startswith(want[:-3]) if want.endswith("...") else line == want
        for line, want in zip(said, wanted, strict=True)
    )
