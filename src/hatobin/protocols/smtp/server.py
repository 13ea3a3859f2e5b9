"""The server's side of an SMTP session: bytes in, events out, replies as bytes.

    session = ServerSession(config)
    session.receive(data)
    while (event := session.next_event()) is not None:
        if the event is a question: session.send(reply)
    write(session.data_to_send())

One event is given at a time, and a question stops everything behind it until
it is answered; so replies can never be out of order, however much the client
pipelines (RFC 2920), and the same bytes give the same events however they are
cut. Matters of pure protocol are answered here without asking.

Law: RFC 5321, with RFC 1870, 2920, 3207, 4954 and 6152. Where the session
stands is told in `state`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from hatobin.protocols.smtp import auth, replies
from hatobin.protocols.smtp.commands import (
    HTTP_METHODS,
    TLS_HANDSHAKE,
    gate,
    may_log_in,
    may_start_tls,
    offer,
    read_mail,
    read_rcpt,
    refuse_misplaced,
)
from hatobin.protocols.smtp.config import ServerConfig
from hatobin.protocols.smtp.errors import LocalProtocolError
from hatobin.protocols.smtp.events import (
    AuthAttempt,
    Connected,
    Expelled,
    HeloGiven,
    MailFrom,
    MessageReceived,
    Quit,
    RcptTo,
    ServerEvent,
    StartTlsRequested,
)
from hatobin.protocols.smtp.grammar import (
    LONG_COMMANDS,
    MAX_COMMAND_BYTES,
    parse_hello,
    render_reply,
    split_command,
)
from hatobin.protocols.smtp.lines import LineFault, LineReader
from hatobin.protocols.smtp.state import COMMANDS, Phase, Standing, Step
from hatobin.protocols.smtp.transaction import Transaction
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

_OK = render_reply(replies.OK)
_START_CONTENT = render_reply(replies.START_CONTENT)
_HELP = render_reply(replies.HELP)
_CANNOT_VERIFY = render_reply(replies.CANNOT_VERIFY)  # RFC 5321 §3.5.3: the honest answer of who does not look


class _Question(IntEnum):
    """What the caller was asked and has not answered yet."""

    WELCOME = 0
    TLS = 1
    LOGIN = 2
    MAIL = 3
    RCPT = 4
    MESSAGE = 5


# Members used for every message, by a short way: looking one up on its Enum takes 0.1 µs.
_OPENING, _GREETED, _CONTENT = Phase.OPENING, Phase.GREETED, Phase.CONTENT
_LOGIN, _HANDSHAKE = Phase.LOGIN, Phase.HANDSHAKE
_ASKED_MAIL, _ASKED_RCPT, _ASKED_MESSAGE = _Question.MAIL, _Question.RCPT, _Question.MESSAGE
_MAIL_ACCEPTED, _RCPT_ACCEPTED, _ANSWERED_STEP = Step.MAIL_ACCEPTED, Step.RCPT_ACCEPTED, Step.ANSWERED
_CONTENT_BEGUN, _CONTENT_ENDED = Step.CONTENT_BEGUN, Step.CONTENT_ENDED


class ServerSession:
    """One client's session. `secured` says that TLS was there before the first byte."""

    def __init__(self, config: ServerConfig, *, secured: bool = False) -> None:
        self._config = config
        self._limits = config.limits
        self._standing = Standing(secured=secured)
        self._question: _Question | None = None
        self._in = bytearray()
        self._out: list[bytes] = []
        self._lines = LineReader()
        self._errors = 0
        self._commands = 0
        self._challenge: auth.Challenge | None = None
        self._asked: MailFrom | RcptTo | None = None
        self._transaction: Transaction | None = None

    @property
    def standing(self) -> Standing:
        """Where the session stands; not to be changed from outside."""
        return self._standing

    @property
    def awaits_answer(self) -> bool:
        """Whether a question is open."""
        return self._question is not None

    @property
    def held_bytes(self) -> int:
        """How many bytes from the client are held: unread ones and the content so far."""
        return len(self._in) + (self._transaction.held_bytes if self._transaction is not None else 0)

    def receive(self, data: bytes) -> None:
        """Take bytes from the client. Never raises, whatever they are.

        During a TLS handshake and after the end they are dropped: what was
        sent in plain text behind STARTTLS must never be read as if it had come
        through TLS (RFC 3207 §4.2, §6).
        """
        if self._standing.phase < _HANDSHAKE:
            self._in += data

    def next_event(self) -> ServerEvent | None:
        """Give the next event; None when more bytes or an answer are needed first."""
        while self._question is None:
            phase = self._standing.phase
            if phase is _CONTENT:
                return self._read_content()
            if phase >= _HANDSHAKE:
                return None
            if phase is _OPENING:
                self._question = _Question.WELCOME
                return Connected()
            if phase is _GREETED and not self._standing.secured and self._in.startswith(TLS_HANDSHAKE):
                return self._expel(replies.NOT_SMTP)
            line = self._lines.read(self._in)
            if line is None:
                return None
            outcome = self._take_response(line) if phase is _LOGIN else self._take_command(line)
            if isinstance(outcome, Reply):
                self._refuse(outcome)
            elif outcome is not None:
                return outcome
        return None

    def send(self, reply: Reply) -> None:
        """Answer the open question. A reply of 421 also ends the session (RFC 5321 §3.8).

        Raises `LocalProtocolError` when no question is open.
        """
        question = self._question
        if question is None:
            raise LocalProtocolError("there is no question to answer")
        self._question = None
        self._out.append(render_reply(reply))
        _ANSWERED[question](self, reply)
        if reply.code == 421 and not self._standing.closed:
            self._leave()

    def data_to_send(self) -> bytes:
        """Give the replies queued since the last call, in order."""
        out = self._out
        if not out:
            return b""
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return data

    def tls_established(self) -> None:
        """Say that the handshake which STARTTLS began is over: the session begins anew, secured."""
        self._standing.secure()

    def refuse_content(self, reply: Reply) -> None:
        """Forget the content and hear it out; the first refusal counts. `LocalProtocolError` outside DATA."""
        self._current().refuse_content(reply)

    def take_content(self) -> tuple[Envelope, list[bytes]]:
        """Give envelope and content so far, which is held no longer. Raises `LocalProtocolError` outside DATA."""
        return self._current().take_content()

    def close(self, reply: Reply) -> None:
        """End the session with a last word, whatever is under way: shutdown, or a silent client."""
        if self._standing.closed:
            return
        self._question = None
        self._out.append(render_reply(reply))
        self._leave()

    # Steps.

    def _leave(self) -> None:
        self._standing.move(Step.LEFT)
        self._forget()

    def _forget(self) -> None:
        """Drop what was received and not read, and the transaction."""
        self._in.clear()
        self._lines.reset()
        self._transaction = None

    def _current(self) -> Transaction:
        if self._transaction is None:
            raise LocalProtocolError(f"there is no transaction in phase {self._standing.phase.name}")
        return self._transaction

    def _refuse(self, reply: Reply) -> None:
        self._errors += 1
        self._out.append(render_reply(reply))

    def _expel(self, reply: Reply) -> Expelled:
        self.close(reply)
        return Expelled(reply)

    # Lines. Each gives an event, or the reply that refuses, or None when all is done and answered.

    def _take_command(self, line: bytes | LineFault) -> ServerEvent | Reply | None:
        self._commands += 1
        if self._errors > self._limits.max_errors:
            return self._expel(replies.TOO_MANY_ERRORS)
        if self._commands > self._limits.max_idle_commands:
            return self._expel(replies.TOO_MANY_COMMANDS)
        if isinstance(line, LineFault):
            return replies.LINE_REFUSALS[line]
        verb, rest = split_command(line)
        if len(line) > MAX_COMMAND_BYTES - 2 and len(line) > LONG_COMMANDS.get(verb, 0) - 2:
            return replies.LINE_REFUSALS[LineFault.TOO_LONG]
        if verb in COMMANDS[self._standing.phase]:
            return _COMMANDS[verb](self, rest)
        if verb in HTTP_METHODS:
            return self._expel(replies.NOT_SMTP)
        return refuse_misplaced(verb, self._config, self._standing)

    def _take_response(self, line: bytes | LineFault) -> ServerEvent | Reply | None:
        challenge = self._challenge
        if challenge is None:
            raise LocalProtocolError("a login is under way without a challenge")
        if isinstance(line, LineFault):
            self._challenge = None
            self._standing.move(Step.LOGIN_ENDED)
            return replies.LINE_REFUSALS[line]
        return self._take_auth_step(auth.proceed(challenge, line))

    def _take_auth_step(self, step: auth.AuthStep) -> ServerEvent | Reply | None:
        if isinstance(step, auth.Challenge):
            self._challenge = step
            self._out.append(b"334 %s\r\n" % step.prompt)
            return None
        self._challenge = None
        if isinstance(step, auth.Credentials):
            self._question = _Question.LOGIN
            return AuthAttempt(step.username, step.password)
        self._standing.move(Step.LOGIN_ENDED)
        return replies.AUTH_REFUSALS[step]

    def _read_content(self) -> ServerEvent | None:
        event = self._current().read_content(self._in)
        if event is None:
            return None
        self._transaction = None
        self._standing.move(_CONTENT_ENDED)
        if isinstance(event, MessageReceived):
            self._question = _ASKED_MESSAGE
        else:
            self._refuse(event.reply)
            self._standing.move(_ANSWERED_STEP)
        return event

    # Commands, one each.

    def _greet(self, rest: bytes, *, extended: bool) -> ServerEvent | Reply | None:
        name = parse_hello(rest)
        if name is None:
            return replies.HELLO_SYNTAX
        greeting = offer(self._config, self._standing) if extended else Reply.of(250, self._config.hostname)
        self._standing.helo = name
        self._standing.move(Step.HELLO)
        self._transaction = None
        self._out.append(render_reply(greeting))
        return HeloGiven(name, extended)

    def _on_starttls(self, rest: bytes) -> ServerEvent | Reply | None:
        if (refusal := may_start_tls(rest, self._config, self._standing)) is not None:
            return refusal
        self._question = _Question.TLS
        return StartTlsRequested()

    def _on_auth(self, rest: bytes) -> ServerEvent | Reply | None:
        if (refusal := may_log_in(self._config, self._standing)) is not None:
            return refusal
        self._standing.move(Step.LOGIN_BEGUN)
        return self._take_auth_step(auth.begin(rest))

    def _on_mail(self, rest: bytes) -> ServerEvent | Reply | None:
        if (missing := gate(self._config, self._standing)) is not None:
            return missing
        outcome = read_mail(rest, self._config)
        if isinstance(outcome, MailFrom):
            self._asked = outcome
            self._question = _ASKED_MAIL
        return outcome

    def _on_rcpt(self, rest: bytes) -> ServerEvent | Reply | None:
        outcome = read_rcpt(rest, self._config)
        if isinstance(outcome, RcptTo):
            if self._current().is_full:
                return replies.TOO_MANY_RECIPIENTS
            self._asked = outcome
            self._question = _ASKED_RCPT
        return outcome

    def _on_data(self, rest: bytes) -> ServerEvent | Reply | None:
        if rest.strip():
            return replies.NO_PARAMETERS
        self._standing.move(_CONTENT_BEGUN)
        self._current().begin_content()
        self._out.append(_START_CONTENT)
        return None

    def _on_rset(self, rest: bytes) -> ServerEvent | Reply | None:
        if rest.strip():
            return replies.NO_PARAMETERS
        self._standing.move(Step.RESET)
        self._transaction = None
        self._out.append(_OK)
        return None

    def _on_quit(self, rest: bytes) -> ServerEvent | Reply | None:
        if rest.strip():
            return replies.NO_PARAMETERS
        self.close(replies.BYE)
        return Quit()

    # Answers, one for each question. A refusal of the content is the message's fault and no error of the session.

    def _welcome_answered(self, reply: Reply) -> None:
        self._standing.move(Step.WELCOMED if reply.is_positive else Step.LEFT)

    def _tls_answered(self, reply: Reply) -> None:
        if reply.is_positive:
            self._standing.move(Step.TLS_AGREED)
            self._forget()

    def _login_answered(self, reply: Reply) -> None:
        self._standing.move(Step.LOGIN_ENDED)
        self._standing.authenticated = reply.is_positive
        self._errors += not reply.is_positive

    def _mail_answered(self, reply: Reply) -> None:
        asked = self._asked
        if reply.is_positive and isinstance(asked, MailFrom):
            self._standing.move(_MAIL_ACCEPTED)
            self._transaction = Transaction(asked, self._limits)
        else:
            self._errors += 1

    def _rcpt_answered(self, reply: Reply) -> None:
        asked = self._asked
        if reply.is_positive and isinstance(asked, RcptTo):
            self._standing.move(_RCPT_ACCEPTED)
            self._current().add_recipient(asked.recipient)
        else:
            self._errors += 1

    def _message_answered(self, reply: Reply) -> None:
        self._standing.move(_ANSWERED_STEP)
        if reply.is_positive:
            self._errors = 0
            self._commands = 0


_COMMANDS: dict[bytes, Callable[[ServerSession, bytes], ServerEvent | Reply | None]] = {
    b"HELO": lambda session, rest: session._greet(rest, extended=False),
    b"EHLO": lambda session, rest: session._greet(rest, extended=True),
    b"STARTTLS": ServerSession._on_starttls,
    b"AUTH": ServerSession._on_auth,
    b"MAIL": ServerSession._on_mail,
    b"RCPT": ServerSession._on_rcpt,
    b"DATA": ServerSession._on_data,
    b"RSET": ServerSession._on_rset,
    b"NOOP": lambda session, _: session._out.append(_OK),
    b"HELP": lambda session, _: session._out.append(_HELP),
    b"VRFY": lambda session, _: session._out.append(_CANNOT_VERIFY),
    b"QUIT": ServerSession._on_quit,
}

_ANSWERED: dict[_Question, Callable[[ServerSession, Reply], None]] = {
    _Question.WELCOME: ServerSession._welcome_answered,
    _Question.TLS: ServerSession._tls_answered,
    _Question.LOGIN: ServerSession._login_answered,
    _ASKED_MAIL: ServerSession._mail_answered,
    _ASKED_RCPT: ServerSession._rcpt_answered,
    _ASKED_MESSAGE: ServerSession._message_answered,
}
