"""SMTP without I/O, both sides: bytes in, events out, replies and commands as bytes.

`ServerSession` is the server's side (RFC 5321 §2.1), `ClientSession` the
client's. Both read whatever a stranger sends without raising anything but
`RemoteProtocolError`, hold a bounded amount of it, and give the same events
however the bytes were cut. The state of a session is told in `state`, the
rules of DATA in `data`.
"""

from __future__ import annotations

from hatobin.protocols.smtp import replies
from hatobin.protocols.smtp.client import ClientSession
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
from hatobin.protocols.smtp.config import ServerConfig, ServerLimits
from hatobin.protocols.smtp.data import has_bare_line_end
from hatobin.protocols.smtp.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
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
from hatobin.protocols.smtp.grammar import is_mailbox
from hatobin.protocols.smtp.reply_reader import ReplyLimits
from hatobin.protocols.smtp.server import ServerSession
from hatobin.protocols.smtp.state import Phase, Standing

__all__ = [
    "PATIENCE_S",
    "AuthAttempt",
    "ClientEvent",
    "ClientPhase",
    "ClientSession",
    "Closed",
    "Connected",
    "Expelled",
    "Finished",
    "Greeted",
    "HeloGiven",
    "LocalProtocolError",
    "LoginReply",
    "MailFrom",
    "MessageReceived",
    "MessageRefused",
    "Offered",
    "Phase",
    "ProtocolError",
    "Quit",
    "RcptTo",
    "ReadyForData",
    "RecipientReply",
    "Refused",
    "RemoteProtocolError",
    "ReplyLimits",
    "ResetReply",
    "SenderReply",
    "ServerConfig",
    "ServerEvent",
    "ServerLimits",
    "ServerSession",
    "Stage",
    "Standing",
    "StartTlsRequested",
    "TlsReply",
    "has_bare_line_end",
    "is_mailbox",
    "replies",
]
