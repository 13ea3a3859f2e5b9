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
from hatobin.protocols.smtp.config import ServerConfig
from hatobin.protocols.smtp.data import ContentFault, ContentReader
from hatobin.protocols.smtp.errors import LocalProtocolError
from hatobin.protocols.smtp.events import (
    AuthAttempt,
    Connected,
    Expelled,
    HeloGiven,
    MailFrom,
    MessageReceived,
    MessageRefused,
    Quit,
    RcptTo,
    ServerEvent,
    StartTlsRequested,
)
from hatobin.protocols.smtp.grammar import (
    MAX_COMMAND_BYTES,
    MAX_MAIL_COMMAND_BYTES,
    parse_hello,
    parse_mail_path,
    parse_parameters,
    parse_rcpt_path,
    render_reply,
    shown_path,
    split_command,
)
from hatobin.protocols.smtp.lines import LineFault, LineReader
from hatobin.protocols.smtp.state import (
    COMMANDS,
    IN_TRANSACTION,
    KNOWN_COMMANDS,
    ORDER_REFUSALS,
    Phase,
    Step,
    next_phase,
)
from hatobin.words.envelope import BodyType, Envelope
from hatobin.words.reply import Reply

_OK = render_reply(replies.OK)
_START_CONTENT = render_reply(replies.START_CONTENT)

# The two octets that begin a TLS record with a handshake: a client that takes
# this for a port of implicit TLS. It would wait for our hello until the timeout.
_TLS_HANDSHAKE = b"\x16\x03"

# A browser can be made to send these to a port of the local machine, followed
# by a body of SMTP commands. Nobody who speaks SMTP begins with them.
_HTTP_METHODS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH", b"TRACE", b"CONNECT"})

# RFC 5321 §3.5.3, §4.1.1: known by name, not offered.
_DECLINED = frozenset({b"EXPN", b"TURN", b"SEND", b"SOML", b"SAML", b"BDAT", b"ETRN"})


class _Question(IntEnum):
    """What the caller was asked and has not answered yet."""

    WELCOME = 0
    TLS = 1
    LOGIN = 2
    MAIL = 3
    RCPT = 4
    MESSAGE = 5


class ServerSession:
    """One client's session. `secured` says that TLS was there before the first byte."""

    def __init__(self, config: ServerConfig, *, secured: bool = False) -> None:
        self._config = config
        self._limits = config.limits
        self._secured = secured
        self._authenticated = False
        self._helo: str | None = None
        self._phase = Phase.OPENING
        self._question: _Question | None = None
        self._in = bytearray()
        self._out: list[bytes] = []
        self._lines = LineReader()
        self._errors = 0
        self._commands = 0
        self._challenge: auth.Challenge | None = None
        self._sender: MailFrom | None = None
        self._offered_recipient = ""
        self._recipients: list[str] = []
        self._content: ContentReader | None = None
        self._content_refusal: Reply | None = None

    # What the driver may know.

    @property
    def phase(self) -> Phase:
        """Where the session stands."""
        return self._phase

    @property
    def secured(self) -> bool:
        """Whether the client speaks through TLS."""
        return self._secured

    @property
    def authenticated(self) -> bool:
        """Whether an AUTH attempt was answered with a 2xx reply."""
        return self._authenticated

    @property
    def helo(self) -> str | None:
        """The name given with the last HELO or EHLO; None before it."""
        return self._helo

    @property
    def closed(self) -> bool:
        """Whether the last word is spoken: write what is queued, then close the connection."""
        return self._phase is Phase.CLOSED

    @property
    def in_transaction(self) -> bool:
        """Whether a message is under way, from an accepted MAIL to the reply after the content."""
        return self._phase in IN_TRANSACTION

    @property
    def awaits_answer(self) -> bool:
        """Whether a question is open."""
        return self._question is not None

    @property
    def held_bytes(self) -> int:
        """How many bytes from the client are held: unread ones and the content so far."""
        return len(self._in) + (self._content.held_bytes if self._content is not None else 0)

    # What the driver does.

    def receive(self, data: bytes) -> None:
        """Take bytes from the client. Never raises, whatever they are.

        During a TLS handshake and after the end they are dropped: what was
        sent in plain text behind STARTTLS must never be read as if it had come
        through TLS (RFC 3207 §4.2, §6).
        """
        if self._phase < Phase.HANDSHAKE:
            self._in += data

    def next_event(self) -> ServerEvent | None:
        """Give the next event; None when more bytes or an answer are needed first."""
        while self._question is None:
            phase = self._phase
            if phase is Phase.CONTENT:
                event = self._read_content()
                if event is None:
                    return None
                return event
            if phase >= Phase.HANDSHAKE:
                return None
            if phase is Phase.OPENING:
                self._question = _Question.WELCOME
                return Connected()
            if phase is Phase.GREETED and not self._secured and self._in.startswith(_TLS_HANDSHAKE):
                return self._expel(replies.NOT_SMTP)
            line = self._lines.read(self._in)
            if line is None:
                return None
            event = self._take_response(line) if phase is Phase.LOGIN else self._take_command(line)
            if event is not None:
                return event
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
        if reply.code == 421 and self._phase is not Phase.CLOSED:
            self._move(Step.LEFT)

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
        self._move(Step.TLS_DONE)
        self._secured = True

    def refuse_content(self, reply: Reply) -> None:
        """Forget the content that is being received; `reply` will follow its end.

        For the driver that runs short of memory. The client cannot be stopped
        in the middle of DATA, only heard out. Raises `LocalProtocolError`
        outside DATA.
        """
        if self._phase is not Phase.CONTENT or self._content is None:
            raise LocalProtocolError("no content is being received")
        self._content.discard()
        if self._content_refusal is None:
            self._content_refusal = reply

    def close(self, reply: Reply) -> None:
        """End the session with a last word, whatever is under way: shutdown, or the client is silent."""
        if self._phase is Phase.CLOSED:
            return
        self._question = None
        self._out.append(render_reply(reply))
        self._move(Step.LEFT)

    # Steps.

    def _move(self, step: Step) -> None:
        self._phase = next_phase(self._phase, step)
        if step is Step.LEFT or step is Step.TLS_AGREED:
            self._in.clear()
            self._lines.reset()
            self._helo = None if step is Step.TLS_AGREED else self._helo
            self._end_transaction()

    def _end_transaction(self) -> None:
        self._sender = None
        self._recipients = []
        self._content = None
        self._content_refusal = None

    def _refuse(self, reply: Reply) -> None:
        self._errors += 1
        self._out.append(render_reply(reply))

    def _expel(self, reply: Reply) -> Expelled:
        self.close(reply)
        return Expelled(reply)

    # Lines.

    def _take_command(self, line: bytes | LineFault) -> ServerEvent | None:
        self._commands += 1
        if self._errors > self._limits.max_errors:
            return self._expel(replies.TOO_MANY_ERRORS)
        if self._commands > self._limits.max_idle_commands:
            return self._expel(replies.TOO_MANY_COMMANDS)
        if isinstance(line, LineFault):
            return self._refuse(_LINE_REFUSALS[line])
        verb, rest = split_command(line)
        if len(line) > MAX_COMMAND_BYTES - 2 and not self._may_be_long(verb, len(line)):
            return self._refuse(replies.LINE_TOO_LONG)
        if verb in COMMANDS[self._phase]:
            return _COMMANDS[verb](self, rest)
        return self._take_misplaced(verb)

    @staticmethod
    def _may_be_long(verb: bytes, length: int) -> bool:
        return verb == b"AUTH" or (verb == b"MAIL" and length <= MAX_MAIL_COMMAND_BYTES - 2)

    def _take_misplaced(self, verb: bytes) -> ServerEvent | None:
        if verb in _HTTP_METHODS:
            return self._expel(replies.NOT_SMTP)
        if verb not in KNOWN_COMMANDS:
            return self._refuse(replies.NOT_IMPLEMENTED if verb in _DECLINED else replies.UNKNOWN_COMMAND)
        if self._phase is not Phase.GREETED and verb in (b"RCPT", b"DATA") and (gate := self._gate()) is not None:
            return self._refuse(gate)
        return self._refuse(Reply.of(503, ORDER_REFUSALS[self._phase][verb]))

    def _gate(self) -> Reply | None:
        """What stands before a transaction: TLS (RFC 3207 §4), then a login (RFC 4954 §6)."""
        if not self._secured and self._config.require_tls:
            return replies.TLS_FIRST
        if not self._authenticated and self._config.require_auth:
            return replies.AUTHENTICATION_FIRST
        return None

    # Commands, one each.

    def _on_helo(self, rest: bytes) -> ServerEvent | None:
        return self._greet(rest, extended=False)

    def _on_ehlo(self, rest: bytes) -> ServerEvent | None:
        return self._greet(rest, extended=True)

    def _greet(self, rest: bytes, *, extended: bool) -> ServerEvent | None:
        name = parse_hello(rest)
        if name is None:
            return self._refuse(replies.HELLO_SYNTAX)
        self._helo = name
        self._move(Step.HELLO)
        self._end_transaction()
        self._out.append(render_reply(self._offer() if extended else Reply.of(250, self._config.hostname)))
        return HeloGiven(name, extended)

    def _offer(self) -> Reply:
        """The keywords in SES's order, PIPELINING added, and the "Ok" with which SES ends them."""
        config = self._config
        lines = [config.hostname, "8BITMIME", f"SIZE {self._limits.max_message_bytes}"]
        if config.offer_tls and not self._secured:
            lines.append("STARTTLS")
        if config.offer_auth and self._secured:
            lines.append("AUTH " + " ".join(auth.MECHANISMS))
        lines += ["PIPELINING", "Ok"]
        return Reply.of(250, *lines)

    def _on_starttls(self, rest: bytes) -> ServerEvent | None:
        if self._secured:
            return self._refuse(Reply.of(503, "Error: TLS is active already"))
        if not self._config.offer_tls:
            return self._refuse(replies.NOT_IMPLEMENTED)
        if rest.strip():
            return self._refuse(replies.NO_PARAMETERS)
        self._question = _Question.TLS
        return StartTlsRequested()

    def _on_auth(self, rest: bytes) -> ServerEvent | None:
        if not self._config.offer_auth:
            return self._refuse(replies.NOT_IMPLEMENTED)
        if not self._secured:
            return self._refuse(replies.TLS_FIRST)
        if self._authenticated:
            return self._refuse(replies.AUTHENTICATED_ALREADY)
        self._move(Step.LOGIN_BEGUN)
        return self._take_auth_step(auth.begin(rest))

    def _take_response(self, line: bytes | LineFault) -> ServerEvent | None:
        challenge = self._challenge
        if challenge is None:
            raise LocalProtocolError("a login is under way without a challenge")
        if isinstance(line, LineFault):
            self._move(Step.LOGIN_ENDED)
            return self._refuse(_LINE_REFUSALS[line])
        return self._take_auth_step(auth.proceed(challenge, line))

    def _take_auth_step(self, step: auth.AuthStep) -> ServerEvent | None:
        if isinstance(step, auth.Challenge):
            self._challenge = step
            self._out.append(b"334 %s\r\n" % step.prompt)
            return None
        self._challenge = None
        if isinstance(step, auth.Credentials):
            self._question = _Question.LOGIN
            return AuthAttempt(step.username, step.password)
        self._move(Step.LOGIN_ENDED)
        return self._refuse(replies.AUTH_REFUSALS[step])

    def _on_mail(self, rest: bytes) -> ServerEvent | None:
        if (gate := self._gate()) is not None:
            return self._refuse(gate)
        parsed = parse_mail_path(rest)
        if parsed is None or (not parsed[0] and not self._config.allow_null_sender):
            return self._refuse(replies.WRONG_SENDER)
        sender = self._read_mail_parameters(*parsed) if parsed[1] else MailFrom(parsed[0], None, "7BIT")
        if isinstance(sender, Reply):
            return self._refuse(sender)
        self._sender = sender
        self._question = _Question.MAIL
        return sender

    def _read_mail_parameters(self, path: str, tail: bytes) -> MailFrom | Reply:
        parameters = parse_parameters(tail)
        if parameters is None:
            return replies.WRONG_MAIL_SYNTAX
        size: int | None = None
        body: BodyType = "7BIT"
        for keyword, value in parameters.items():
            if keyword == b"SIZE":
                # RFC 1870 §5: up to twenty digits.
                if value is None or not value.isdigit() or len(value) > 20:
                    return replies.WRONG_MAIL_SYNTAX
                size = int(value)
                if size > self._limits.max_message_bytes:
                    return replies.MESSAGE_TOO_LONG
            elif keyword == b"BODY":
                if value is None or value.upper() not in (b"7BIT", b"8BITMIME"):
                    return replies.WRONG_MAIL_SYNTAX
                body = "8BITMIME" if value.upper() == b"8BITMIME" else "7BIT"
            elif keyword != b"AUTH" or not self._config.offer_auth or value is None:
                # RFC 4954 §5: a server with AUTH takes AUTH=; ours believes nobody, which is `AUTH=<>`.
                return replies.UNKNOWN_PARAMETER
        return MailFrom(path, size, body)

    def _on_rcpt(self, rest: bytes) -> ServerEvent | None:
        parsed = parse_rcpt_path(rest)
        if parsed is None or ("@" not in parsed[0] and not self._config.allow_bare_postmaster):
            return self._refuse(replies.invalid_recipient(shown_path(rest)))
        if parsed[1]:
            known = parse_parameters(parsed[1])
            return self._refuse(replies.WRONG_RCPT_SYNTAX if known is None else replies.UNKNOWN_PARAMETER)
        if len(self._recipients) >= self._limits.max_envelope_recipients:
            return self._refuse(replies.TOO_MANY_RECIPIENTS)
        self._offered_recipient = parsed[0]
        self._question = _Question.RCPT
        return RcptTo(parsed[0])

    def _on_data(self, rest: bytes) -> ServerEvent | None:
        if rest.strip():
            return self._refuse(replies.NO_PARAMETERS)
        self._move(Step.CONTENT_BEGUN)
        self._content = ContentReader(self._limits.max_message_bytes)
        if len(self._recipients) > self._limits.max_recipients:
            self.refuse_content(replies.too_many_recipients_for_message(self._limits.max_recipients))
        self._out.append(_START_CONTENT)
        return None

    def _read_content(self) -> ServerEvent | None:
        reader, sender = self._content, self._sender
        if reader is None or sender is None:
            raise LocalProtocolError("content without a transaction")
        content = reader.read(self._in)
        if content is None:
            return None
        self._move(Step.CONTENT_ENDED)
        size = 0 if isinstance(content, ContentFault) else len(content)
        envelope = Envelope(sender.reverse_path, tuple(self._recipients), sender.body, size)
        refusal = self._content_refusal
        if isinstance(content, ContentFault):
            reply = refusal if refusal is not None else replies.CONTENT_REFUSALS[content]
            self._refuse(reply)
            self._move(Step.ANSWERED)
            self._end_transaction()
            return MessageRefused(envelope, reply)
        self._end_transaction()
        self._question = _Question.MESSAGE
        return MessageReceived(envelope, content)

    def _on_rset(self, rest: bytes) -> ServerEvent | None:
        if rest.strip():
            return self._refuse(replies.NO_PARAMETERS)
        self._move(Step.RESET)
        self._end_transaction()
        self._out.append(_OK)
        return None

    def _on_noop(self, rest: bytes) -> ServerEvent | None:
        self._out.append(_OK)
        return None

    def _on_help(self, rest: bytes) -> ServerEvent | None:
        self._out.append(render_reply(replies.HELP))
        return None

    def _on_vrfy(self, rest: bytes) -> ServerEvent | None:
        if not rest.strip():
            return self._refuse(Reply.of(501, "Syntax: VRFY address"))
        self._out.append(render_reply(replies.CANNOT_VERIFY))
        return None

    def _on_quit(self, rest: bytes) -> ServerEvent | None:
        if rest.strip():
            return self._refuse(replies.NO_PARAMETERS)
        self.close(replies.BYE)
        return Quit()

    # Answers, one for each question.

    def _welcome_answered(self, reply: Reply) -> None:
        self._move(Step.WELCOMED if reply.is_positive else Step.LEFT)

    def _tls_answered(self, reply: Reply) -> None:
        if reply.is_positive:
            self._move(Step.TLS_AGREED)
        else:
            self._errors += 1

    def _login_answered(self, reply: Reply) -> None:
        self._move(Step.LOGIN_ENDED)
        if reply.is_positive:
            self._authenticated = True
        else:
            self._errors += 1

    def _mail_answered(self, reply: Reply) -> None:
        if reply.is_positive:
            self._move(Step.MAIL_ACCEPTED)
        else:
            self._sender = None
            self._errors += 1

    def _rcpt_answered(self, reply: Reply) -> None:
        if reply.is_positive:
            self._move(Step.RCPT_ACCEPTED)
            self._recipients.append(self._offered_recipient)
        else:
            self._errors += 1

    def _message_answered(self, reply: Reply) -> None:
        self._move(Step.ANSWERED)
        if reply.is_positive:
            self._errors = 0
            self._commands = 0


_COMMANDS: dict[bytes, Callable[[ServerSession, bytes], ServerEvent | None]] = {
    b"HELO": ServerSession._on_helo,
    b"EHLO": ServerSession._on_ehlo,
    b"STARTTLS": ServerSession._on_starttls,
    b"AUTH": ServerSession._on_auth,
    b"MAIL": ServerSession._on_mail,
    b"RCPT": ServerSession._on_rcpt,
    b"DATA": ServerSession._on_data,
    b"RSET": ServerSession._on_rset,
    b"NOOP": ServerSession._on_noop,
    b"HELP": ServerSession._on_help,
    b"VRFY": ServerSession._on_vrfy,
    b"QUIT": ServerSession._on_quit,
}

_ANSWERED: dict[_Question, Callable[[ServerSession, Reply], None]] = {
    _Question.WELCOME: ServerSession._welcome_answered,
    _Question.TLS: ServerSession._tls_answered,
    _Question.LOGIN: ServerSession._login_answered,
    _Question.MAIL: ServerSession._mail_answered,
    _Question.RCPT: ServerSession._rcpt_answered,
    _Question.MESSAGE: ServerSession._message_answered,
}

_LINE_REFUSALS: dict[LineFault, Reply] = {
    LineFault.TOO_LONG: replies.LINE_TOO_LONG,
    LineFault.BARE_LINE_END: replies.BARE_LINE_END,
}
