"""The fixed replies of our server, in SES's words where those are known.

Source: the AWS page "Troubleshooting SMTP" and published transcripts. Replies
that SES is not known to give have the plain wording common to SMTP servers.
None carries an enhanced status code, because SES does not offer them.
"""

from __future__ import annotations

from hatobin.protocols.smtp.auth import AuthFlaw
from hatobin.protocols.smtp.data import ContentFault
from hatobin.protocols.smtp.lines import LineFault
from hatobin.words.reply import Reply

OK = Reply.of(250, "Ok")
START_CONTENT = Reply.of(354, "End data with <CR><LF>.<CR><LF>")
BYE = Reply.of(221, "Bye")
HELP = Reply.of(214, "HELO EHLO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY HELP QUIT")
CANNOT_VERIFY = Reply.of(252, "Cannot VRFY user, but will accept message and attempt delivery")

READY_FOR_TLS = Reply.of(220, "Ready to start TLS")
TLS_UNAVAILABLE = Reply.of(454, "TLS not available due to temporary reason")
TLS_ALREADY = Reply.of(503, "Error: TLS is active already")
TLS_FIRST = Reply.of(530, "Must issue a STARTTLS command first")

AUTHENTICATED = Reply.of(235, "Authentication successful.")
WRONG_CREDENTIALS = Reply.of(535, "Authentication Credentials Invalid")
AUTHENTICATION_FIRST = Reply.of(530, "Authentication required")
AUTHENTICATED_ALREADY = Reply.of(503, "Error: already authenticated")  # RFC 4954 §4
AUTHENTICATION_FAILURE = Reply.of(454, "Temporary authentication failure")

WRONG_SENDER = Reply.of(501, "Invalid MAIL FROM address provided")
WRONG_MAIL_SYNTAX = Reply.of(501, "Syntax: MAIL FROM:<address> [SIZE=octets] [BODY=7BIT|8BITMIME]")
WRONG_RCPT_SYNTAX = Reply.of(501, "Syntax: RCPT TO:<address>")
UNKNOWN_PARAMETER = Reply.of(555, "Unsupported parameter")  # RFC 5321 §4.1.1.11
TOO_MANY_RECIPIENTS = Reply.of(452, "Too many recipients")  # RFC 5321 §4.5.3.1.10
MESSAGE_TOO_LONG = Reply.of(552, "Message is too long.")

TOO_MANY_SESSIONS = Reply.of(421, "Too many concurrent SMTP connections")
TOO_MANY_ERRORS = Reply.of(421, "Too many errors on this connection")
TOO_MANY_COMMANDS = Reply.of(421, "Too many commands without a message on this connection")
IDLE_TOO_LONG = Reply.of(451, "Timeout waiting for data from client")
SHUTTING_DOWN = Reply.of(421, "Service shutting down, closing transmission channel")
SERVICE_FAILURE = Reply.of(451, "Temporary service failure")

UNKNOWN_COMMAND = Reply.of(500, "Error: command not recognized")
NOT_IMPLEMENTED = Reply.of(502, "Error: command not implemented")
NOT_SMTP = Reply.of(421, "Error: this is SMTP, closing transmission channel")
NO_PARAMETERS = Reply.of(501, "Syntax error: no parameters allowed")
HELLO_SYNTAX = Reply.of(501, "Syntax: HELO/EHLO hostname")

AUTH_REFUSALS: dict[AuthFlaw, Reply] = {
    AuthFlaw.CANCELLED: Reply.of(501, "Authentication cancelled"),
    AuthFlaw.MALFORMED: Reply.of(501, "Error: cannot decode the response"),
    AuthFlaw.UNKNOWN_MECHANISM: Reply.of(504, "Unrecognized authentication type"),
    AuthFlaw.SYNTAX: Reply.of(501, "Syntax: AUTH mechanism [initial-response]"),
    AuthFlaw.IMPERSONATION: WRONG_CREDENTIALS,
}

CONTENT_REFUSALS: dict[ContentFault, Reply] = {
    ContentFault.TOO_LONG: MESSAGE_TOO_LONG,
    ContentFault.BARE_LINE_END: Reply.of(554, "Transaction failed: Message contains bare CR or LF."),
    ContentFault.NUL: Reply.of(554, "Transaction failed: Message contains NUL."),
}

LINE_REFUSALS: dict[LineFault, Reply] = {
    LineFault.TOO_LONG: Reply.of(500, "Line too long."),  # RFC 5321 §4.5.3.1.9
    LineFault.BARE_LINE_END: Reply.of(500, "Error: bare CR or LF in command"),
}


def invalid_recipient(shown: str) -> Reply:
    """SES's answer to an ill-formed RCPT; `shown` is the address as it may be repeated."""
    return Reply.of(553, f"<{shown}> Invalid email address")


def too_many_recipients_for_message(limit: int) -> Reply:
    """SES's answer after DATA to an envelope with more recipients than a message may have."""
    return Reply.of(554, f"Transaction failed: Recipient count exceeds {limit}.")
