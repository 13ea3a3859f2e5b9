"""What single commands mean under a configuration: an event, or the reply that refuses them.

Pure decisions. Whether a command may come at all at this moment is decided in
`state`; what it changes, in `server`.
"""

from __future__ import annotations

from hatobin.protocols.smtp import auth, replies
from hatobin.protocols.smtp.config import ServerConfig
from hatobin.protocols.smtp.events import MailFrom, RcptTo
from hatobin.protocols.smtp.grammar import parse_mail_path, parse_parameters, parse_rcpt_path, shown_path
from hatobin.protocols.smtp.state import KNOWN_COMMANDS, ORDER_REFUSALS, Phase, Standing
from hatobin.words.envelope import BodyType
from hatobin.words.reply import Reply

HTTP_METHODS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH", b"TRACE", b"CONNECT"})
"""A browser can be made to send these to a port of the local machine, followed by a body
of SMTP commands. Nobody who speaks SMTP begins with them, so they end the session."""

TLS_HANDSHAKE = b"\x16\x03"
"""The two octets that begin a TLS record with a handshake: a client that takes this for a
port of implicit TLS. It would wait for our side of the handshake until the timeout."""

# RFC 5321 §3.5.3, appendix F; RFC 3030: known by name, not offered.
_DECLINED = frozenset({b"EXPN", b"TURN", b"SEND", b"SOML", b"SAML", b"BDAT", b"ETRN"})


def offer(config: ServerConfig, standing: Standing) -> Reply:
    """Give the reply to EHLO: the keywords in SES's order, PIPELINING added, and the "Ok" that ends SES's list.

    AUTH is offered only under TLS (RFC 4954 §4), STARTTLS only without (RFC 3207 §4.2).
    """
    lines = [config.hostname, "8BITMIME", f"SIZE {config.limits.max_message_bytes}"]
    if config.offer_tls and not standing.secured:
        lines.append("STARTTLS")
    if config.offer_auth and standing.secured:
        lines.append("AUTH " + " ".join(auth.MECHANISMS))
    lines += ["PIPELINING", "Ok"]
    return Reply.of(250, *lines)


def gate(config: ServerConfig, standing: Standing) -> Reply | None:
    """Say what is missing before a transaction: TLS (RFC 3207 §4), then a login (RFC 4954 §6)."""
    if config.require_tls and not standing.secured:
        return replies.TLS_FIRST
    if config.require_auth and not standing.authenticated:
        return replies.AUTHENTICATION_FIRST
    return None


def refuse_misplaced(verb: bytes, config: ServerConfig, standing: Standing) -> Reply:
    """Answer a command that this phase does not take: unknown, not offered, or out of order.

    A client that has yet to secure itself or to log in hears that rather than
    a lesson about order.
    """
    if verb not in KNOWN_COMMANDS:
        return replies.NOT_IMPLEMENTED if verb in _DECLINED else replies.UNKNOWN_COMMAND
    missing = gate(config, standing) if verb in (b"RCPT", b"DATA") else None
    if missing is not None and standing.phase is not Phase.GREETED:
        return missing
    return Reply.of(503, ORDER_REFUSALS[standing.phase][verb])


def may_start_tls(rest: bytes, config: ServerConfig, standing: Standing) -> Reply | None:
    """Give the reply that refuses STARTTLS, or None."""
    if standing.secured:
        return replies.TLS_ALREADY
    if not config.offer_tls:
        return replies.NOT_IMPLEMENTED
    return replies.NO_PARAMETERS if rest.strip() else None


def may_log_in(config: ServerConfig, standing: Standing) -> Reply | None:
    """Give the reply that refuses AUTH, or None. No password is taken in plain text (RFC 4954 §4)."""
    if not config.offer_auth:
        return replies.NOT_IMPLEMENTED
    if not standing.secured:
        return replies.TLS_FIRST
    return replies.AUTHENTICATED_ALREADY if standing.authenticated else None


def read_mail(rest: bytes, config: ServerConfig) -> MailFrom | Reply:
    """Read what stands after `MAIL`."""
    parsed = parse_mail_path(rest)
    if parsed is None or (not parsed[0] and not config.allow_null_sender):
        return replies.WRONG_SENDER
    path, tail = parsed
    return _read_mail_parameters(path, tail, config) if tail else MailFrom(path, None, "7BIT")


def _read_mail_parameters(path: str, tail: bytes, config: ServerConfig) -> MailFrom | Reply:
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
            if size > config.limits.max_message_bytes:
                return replies.MESSAGE_TOO_LONG
        elif keyword == b"BODY":
            if value is None or value.upper() not in (b"7BIT", b"8BITMIME"):
                return replies.WRONG_MAIL_SYNTAX
            body = "8BITMIME" if value.upper() == b"8BITMIME" else "7BIT"
        elif keyword != b"AUTH" or not config.offer_auth or value is None:
            # RFC 4954 §5: a server with AUTH takes AUTH= as well; ours believes none, as if it were `AUTH=<>`.
            return replies.UNKNOWN_PARAMETER
    return MailFrom(path, size, body)


def read_rcpt(rest: bytes, config: ServerConfig) -> RcptTo | Reply:
    """Read what stands after `RCPT`. No parameter is offered, so none is taken."""
    parsed = parse_rcpt_path(rest)
    if parsed is None or ("@" not in parsed[0] and not config.allow_bare_postmaster):
        return replies.invalid_recipient(shown_path(rest))
    recipient, tail = parsed
    if tail:
        return replies.WRONG_RCPT_SYNTAX if parse_parameters(tail) is None else replies.UNKNOWN_PARAMETER
    return RcptTo(recipient)
