"""The client's side of an SMTP session: many messages over one connection, pipelined where offered.

    session = ClientSession("mail.example.com")
    loop:
        while (event := session.next_event()) is not None: act on it
        if (out := session.data_to_send()): send it
        session.receive(what arrived), or session.receive_eof()

The greeting and EHLO happen by themselves, up to `Offered` or `Refused`. Then
`start_tls`, `login`, `begin`, `reset` and `quit` may be called, one at a time:
each queues bytes and ends with its own event. A transaction gives, in order,
`SenderReply`; `RecipientReply` for each recipient; `ReadyForData`, upon which the
caller calls `give_content` and `end_content` (so that it can look at its clock
and its journal before the dot that makes the message the server's); `Finished`.

Whatever the remote sends, nothing but `RemoteProtocolError` is raised; after
one the connection is of no use. `LocalProtocolError` is a bug in the caller.

Law: RFC 5321, with RFC 1870, 2920, 3207, 4954 and 6152.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from hatobin.protocols.smtp.auth import login_response, plain_response
from hatobin.protocols.smtp.client_events import (
    PATIENCE_S,
    ClientEvent,
    ClientPhase,
    Closed,
    Finished,
    Greeted,
    LoginReply,
    Offered,
    ReadyForData,
    RecipientReply,
    Refused,
    ResetReply,
    SenderReply,
    Stage,
    TlsReply,
)
from hatobin.protocols.smtp.errors import LocalProtocolError, RemoteProtocolError
from hatobin.protocols.smtp.grammar import parse_extensions
from hatobin.protocols.smtp.reply_reader import ReplyLimits, ReplyReader
from hatobin.protocols.smtp.transfer import Transfer
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

_NOTHING: Mapping[str, str] = {}
_IDLE, _BUSY = ClientPhase.IDLE, ClientPhase.BUSY


class ClientSession:
    """One session. `helo` is the name we give; `secured` says that TLS was there before the first byte."""

    def __init__(self, helo: str, *, secured: bool = False, limits: ReplyLimits | None = None) -> None:
        self._helo = helo.encode("ascii")
        self._secured = secured
        self._phase = ClientPhase.OPENING
        self._in = bytearray()
        self._out: list[bytes] = []
        self._events: deque[ClientEvent] = deque()
        self._replies = ReplyReader(limits if limits is not None else ReplyLimits())
        self._expected: deque[Stage] = deque((Stage.GREETING,))
        self._extensions: Mapping[str, str] = _NOTHING
        self._answers: deque[bytes] = deque()
        self._transfer: Transfer | None = None
        self._dirty = False  # the server still holds a transaction that came to nothing

    @property
    def phase(self) -> ClientPhase:
        """What the session can be asked to do now."""
        return self._phase

    @property
    def secured(self) -> bool:
        """Whether we speak through TLS."""
        return self._secured

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offered: keyword in capitals → its parameters."""
        return self._extensions

    @property
    def stage(self) -> Stage | None:
        """Which command's reply is awaited; None when none is."""
        return self._expected[0] if self._expected else None

    @property
    def patience_s(self) -> float:
        """How long to wait for the awaited reply, at least."""
        return PATIENCE_S[self._expected[0]] if self._expected else PATIENCE_S[Stage.RSET]

    # Bytes.

    def receive(self, data: bytes) -> None:
        """Take bytes from the server. What arrives during a handshake is dropped (RFC 3207 §4.2, §6)."""
        if self._phase is not ClientPhase.HANDSHAKE and self._phase is not ClientPhase.CLOSED:
            self._in += data

    def receive_eof(self) -> None:
        """Take note that the server closed the connection; raises `RemoteProtocolError` if it owed something."""
        phase, self._phase = self._phase, ClientPhase.CLOSED
        if self._expected and self._expected[0] is not Stage.QUIT:
            raise RemoteProtocolError(f"connection closed before the reply to {self._expected[0].name}")
        if phase is ClientPhase.CONTENT or phase is ClientPhase.HANDSHAKE:
            raise RemoteProtocolError(f"connection closed during {phase.value}")

    def data_to_send(self) -> bytes:
        """Give what was queued since the last call."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def next_event(self) -> ClientEvent | None:
        """Give the next event; None when more bytes, or the caller, must come first. Raises `RemoteProtocolError`."""
        events = self._events
        while not events:
            if self._phase is ClientPhase.CLOSED or self._phase is ClientPhase.HANDSHAKE:
                return None
            reply = self._replies.read(self._in)
            if reply is None:
                return None
            if reply.code == 421:
                self._shut_out(reply)
            elif self._expected:
                _HANDLERS[self._expected.popleft()](self, reply)
            else:
                self._take_unasked(reply)
        return events.popleft()

    # What may be asked.

    def start_tls(self) -> None:
        """Ask for TLS; ends with `TlsReply`."""
        if self._secured:
            raise LocalProtocolError("TLS is active already")
        self._ask(Stage.STARTTLS, b"STARTTLS\r\n")

    def tls_established(self) -> None:
        """Say that the handshake is over: EHLO is queued, and `Offered` or `Refused` follows."""
        if self._phase is not ClientPhase.HANDSHAKE:
            raise LocalProtocolError("no handshake is under way")
        self._secured = True
        self._phase = ClientPhase.OPENING
        self._expect(Stage.EHLO, b"EHLO %s\r\n" % self._helo)

    def login(self, username: str, password: str, *, in_plain_text: bool = False) -> None:
        """Log in by PLAIN or LOGIN, whichever the server offers first of these; ends with `LoginReply`.

        Raises `LocalProtocolError` when neither is offered, and without TLS
        unless `in_plain_text` allows that.
        """
        if not self._secured and not in_plain_text:
            raise LocalProtocolError("no password goes over a connection in plain text")
        offered = self._extensions.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            response = plain_response(username, password)
            self._answers = deque((response,))  # for a server that overlooks an initial response
            self._ask(Stage.AUTH, b"AUTH PLAIN %s\r\n" % response)
        elif "LOGIN" in offered:
            self._answers = deque((login_response(username), login_response(password)))
            self._ask(Stage.AUTH, b"AUTH LOGIN\r\n")
        else:
            raise LocalProtocolError("the server offers neither PLAIN nor LOGIN")

    def begin(self, envelope: Envelope, content: bytes | None) -> None:
        """Begin a transaction; ends with `Finished`. With None, `give_content` is called with each piece.

        Raises `LocalProtocolError` when the session is not idle, and for what
        must not be written to the wire (see `Transfer`).
        """
        if self._phase is not _IDLE:
            raise LocalProtocolError(f"a transaction cannot begin while the session is {self._phase.value}")
        transfer = self._transfer = Transfer(envelope, content)
        self._phase = _BUSY
        if "PIPELINING" in self._extensions:
            if self._dirty:
                self._expect(Stage.RSET, b"RSET\r\n")
            self._out.append(transfer.command_group(self._extensions))
            self._expected.append(Stage.MAIL)
            self._expected.extend((Stage.RCPT,) * transfer.recipient_count)
            self._expected.append(Stage.DATA)
        elif self._dirty:
            self._expect(Stage.RSET, b"RSET\r\n")
        else:
            self._expect(Stage.MAIL, transfer.mail_command(self._extensions))

    def give_content(self, piece: bytes | None = None) -> None:
        """Queue the content, or a piece of it, dots doubled, without the final dot."""
        self._out.append(self._current(ClientPhase.CONTENT).wire_content(piece))

    def end_content(self) -> None:
        """Queue the final dot. From now on only the server knows whose the message is."""
        end = self._current(ClientPhase.CONTENT).wire_end()
        self._phase = _BUSY
        self._expect(Stage.CONTENT, end)

    def reset(self) -> None:
        """Queue RSET, to see whether the session still lives; ends with `ResetReply`."""
        self._ask(Stage.RSET, b"RSET\r\n")

    def quit(self) -> None:
        """Queue QUIT; ends with `Closed`."""
        if self._phase is ClientPhase.REFUSED:
            self._phase = _IDLE
        self._ask(Stage.QUIT, b"QUIT\r\n")

    # How replies are taken.

    def _ask(self, stage: Stage, line: bytes) -> None:
        if self._phase is not _IDLE:
            raise LocalProtocolError(f"{stage.name} cannot be sent while the session is {self._phase.value}")
        self._phase = _BUSY
        self._expect(stage, line)

    def _expect(self, stage: Stage, line: bytes) -> None:
        self._expected.append(stage)
        self._out.append(line)

    def _current(self, phase: ClientPhase) -> Transfer:
        if self._transfer is None or self._phase is not phase:
            raise LocalProtocolError(f"there is no transaction that is {phase.value}")
        return self._transfer

    def _finish(self, finished: Finished) -> None:
        self._transfer = None
        self._phase = _IDLE
        self._events.append(finished)

    def _shut_out(self, reply: Reply) -> None:
        """Take 421, which may answer any command, or none, and ends the session (RFC 5321 §3.8)."""
        stage = self.stage
        self._phase = ClientPhase.CLOSED
        self._expected.clear()
        self._in.clear()
        if self._transfer is not None:
            self._transfer = None
            self._events.append(Finished(Stage.CONTENT if stage is None else stage, reply))
        elif stage in (Stage.GREETING, Stage.EHLO, Stage.HELO):
            self._events.append(Refused(stage, reply))
        else:
            self._events.append(_SHUT_OUT.get(stage, Closed)(reply))

    def _take_unasked(self, reply: Reply) -> None:
        """Take a reply that nothing was asked for: honest only where a server stops listening to content."""
        if self._phase is not ClientPhase.CONTENT or reply.code < 400:
            raise RemoteProtocolError(f"a reply to nothing: {reply}")
        self._shut_out(reply)

    def _refuse(self, stage: Stage, reply: Reply) -> None:
        self._phase = ClientPhase.REFUSED
        self._events.append(Refused(stage, reply))

    def _on_greeting(self, reply: Reply) -> None:
        _forbid_intermediate(Stage.GREETING, reply)
        if not reply.is_positive:
            return self._refuse(Stage.GREETING, reply)
        self._expect(Stage.EHLO, b"EHLO %s\r\n" % self._helo)
        self._events.append(Greeted(reply))
        return None

    def _on_ehlo(self, reply: Reply) -> None:
        if reply.is_permanent:
            # RFC 5321 §3.2: a server that does not know EHLO may know HELO.
            self._expect(Stage.HELO, b"HELO %s\r\n" % self._helo)
        else:
            self._take_offer(Stage.EHLO, reply, parse_extensions(reply.lines))

    def _on_helo(self, reply: Reply) -> None:
        self._take_offer(Stage.HELO, reply, _NOTHING)

    def _take_offer(self, stage: Stage, reply: Reply, extensions: Mapping[str, str]) -> None:
        _forbid_intermediate(stage, reply)
        if not reply.is_positive:
            return self._refuse(stage, reply)
        self._phase = _IDLE
        self._extensions = extensions
        self._events.append(Offered(extensions, reply, esmtp=stage is Stage.EHLO))
        return None

    def _on_starttls(self, reply: Reply) -> None:
        _forbid_intermediate(Stage.STARTTLS, reply)
        self._phase = _IDLE
        if reply.is_positive:
            # RFC 3207 §4.2, §6: what came behind the reply came in plain text, from anybody.
            self._phase = ClientPhase.HANDSHAKE
            self._in.clear()
            self._replies.reset()
            self._extensions = _NOTHING
        self._events.append(TlsReply(reply))

    def _on_auth(self, reply: Reply) -> None:
        if reply.is_intermediate:
            # RFC 4954 §4: `*` gives up, where the server asks for more than we have.
            self._expect(Stage.AUTH, (self._answers.popleft() if self._answers else b"*") + b"\r\n")
            return
        self._answers.clear()
        self._phase = _IDLE
        self._events.append(LoginReply(reply))

    def _on_rset(self, reply: Reply) -> None:
        if not reply.is_positive:
            raise RemoteProtocolError(f"RSET was refused: {reply}")
        self._dirty = False
        if self._transfer is None:
            self._phase = _IDLE
            self._events.append(ResetReply(reply))
        elif not self._expected:
            self._expect(Stage.MAIL, self._transfer.mail_command(self._extensions))

    def _on_mail(self, reply: Reply) -> None:
        _forbid_intermediate(Stage.MAIL, reply)
        transfer = self._current(_BUSY)
        self._events.append(SenderReply(reply))
        if reply.is_positive:
            transfer.sender_accepted = self._dirty = True
        else:
            transfer.decisive = (Stage.MAIL, reply)
        if self._expected:
            return
        if reply.is_positive:
            self._expect(Stage.RCPT, transfer.rcpt_command(0))
        else:
            self._finish(Finished(Stage.MAIL, reply))

    def _on_rcpt(self, reply: Reply) -> None:
        _forbid_intermediate(Stage.RCPT, reply)
        transfer = self._current(_BUSY)
        index = transfer.next_index
        transfer.next_index = index + 1
        if transfer.sender_accepted:
            self._events.append(RecipientReply(index, reply))
            if reply.is_positive:
                transfer.accepted_count += 1
            else:
                transfer.decisive = (Stage.RCPT, reply)
        if self._expected:
            return
        if index + 1 < transfer.recipient_count:
            self._expect(Stage.RCPT, transfer.rcpt_command(index + 1))
        elif transfer.is_wanted:
            self._expect(Stage.DATA, b"DATA\r\n")
        else:
            self._finish(transfer.stopped(Stage.RCPT, reply))

    def _on_data(self, reply: Reply) -> None:
        transfer = self._current(_BUSY)
        if reply.is_positive:
            raise RemoteProtocolError(f"DATA was answered with {reply.code}")
        if not reply.is_intermediate:
            self._finish(transfer.stopped(Stage.DATA, reply))
        elif transfer.is_wanted:
            self._phase = ClientPhase.CONTENT
            self._events.append(ReadyForData(reply))
        else:
            # RFC 2920 §3.1: the server began DATA for nobody, and only a dot ends it.
            self._expect(Stage.CONTENT, b".\r\n")

    def _on_content(self, reply: Reply) -> None:
        _forbid_intermediate(Stage.CONTENT, reply)
        transfer = self._current(_BUSY)
        self._dirty = False
        self._finish(Finished(Stage.CONTENT, reply) if transfer.is_wanted else transfer.stopped(Stage.CONTENT, reply))

    def _on_quit(self, reply: Reply) -> None:
        self._phase = ClientPhase.CLOSED
        self._events.append(Closed(reply))


def _forbid_intermediate(stage: Stage, reply: Reply) -> None:
    """Raise `RemoteProtocolError` for a 3yz reply where SMTP knows none (RFC 5321 §4.3.2)."""
    if reply.is_intermediate:
        raise RemoteProtocolError(f"{stage.name} was answered with {reply.code}")


_SHUT_OUT: dict[Stage | None, Callable[[Reply], ClientEvent]] = {
    Stage.STARTTLS: TlsReply,
    Stage.AUTH: LoginReply,
    Stage.RSET: ResetReply,
}

_HANDLERS: dict[Stage, Callable[[ClientSession, Reply], None]] = {
    Stage.GREETING: ClientSession._on_greeting,
    Stage.EHLO: ClientSession._on_ehlo,
    Stage.HELO: ClientSession._on_helo,
    Stage.STARTTLS: ClientSession._on_starttls,
    Stage.AUTH: ClientSession._on_auth,
    Stage.RSET: ClientSession._on_rset,
    Stage.MAIL: ClientSession._on_mail,
    Stage.RCPT: ClientSession._on_rcpt,
    Stage.DATA: ClientSession._on_data,
    Stage.CONTENT: ClientSession._on_content,
    Stage.QUIT: ClientSession._on_quit,
}
