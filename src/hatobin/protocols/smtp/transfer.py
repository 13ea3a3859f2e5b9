"""One mail transaction on the client's side: what is written, and how the replies add up.

Law: RFC 5321 §3.3, RFC 2920 §3.1 (command groups), RFC 1870 §6 and RFC 6152 §3
(the parameters of MAIL).
"""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.protocols.smtp.client_events import Finished, Stage
from hatobin.protocols.smtp.data import Stuffer, has_bare_line_end, stuff
from hatobin.protocols.smtp.errors import LocalProtocolError
from hatobin.protocols.smtp.grammar import is_mailbox
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

_FINAL_DOT = b".\r\n"


class Transfer:
    """The envelope and content on their way, and the replies so far."""

    __slots__ = ("_content", "_envelope", "_stuffer", "accepted_count", "decisive", "next_index", "sender_accepted")

    def __init__(self, envelope: Envelope, content: bytes | None) -> None:
        """Check everything that will be written, before the first octet is.

        With None the content comes in pieces, `envelope.size` octets in all,
        each of them checked before it is written.

        Raises `LocalProtocolError` for a mailbox that must not stand in a
        command, for an empty list of recipients, and for content with a bare
        CR or LF: what we send can never be read as anything but one message.
        """
        if not envelope.recipients:
            raise LocalProtocolError("an envelope without recipients")
        if envelope.reverse_path and not is_mailbox(envelope.reverse_path):
            raise LocalProtocolError("the reverse-path cannot be written in MAIL")
        if not all(map(is_mailbox, envelope.recipients)):
            raise LocalProtocolError("a recipient cannot be written in RCPT")
        if content is not None and has_bare_line_end(content):
            raise LocalProtocolError("content with a bare CR or LF")
        self._envelope = envelope
        self._content = content
        self._stuffer = Stuffer() if content is None else None
        self.sender_accepted = False
        self.accepted_count = 0
        self.next_index = 0
        self.decisive: tuple[Stage, Reply] | None = None
        """The last reply that stopped somebody: the sender's, or a recipient's."""

    @property
    def recipient_count(self) -> int:
        """How many recipients the envelope has."""
        return len(self._envelope.recipients)

    @property
    def is_wanted(self) -> bool:
        """Whether the server accepted the sender and at least one recipient."""
        return self.sender_accepted and self.accepted_count > 0

    def mail_command(self, extensions: Mapping[str, str]) -> bytes:
        """Write MAIL with the parameters that the server knows.

        Deviates: 8-bit content goes to a server without 8BITMIME unconverted
        and undeclared. Converting it would break its signatures, bouncing it
        would lose mail that every server today transports (RFC 6152 §3).
        """
        command = f"MAIL FROM:<{self._envelope.reverse_path}>"
        if "SIZE" in extensions:
            command += f" SIZE={self._envelope.size if self._content is None else len(self._content)}"
        if self._envelope.body == "8BITMIME" and "8BITMIME" in extensions:
            command += " BODY=8BITMIME"
        return command.encode("ascii") + b"\r\n"

    def rcpt_command(self, index: int) -> bytes:
        """Write RCPT for one recipient."""
        return b"RCPT TO:<%s>\r\n" % self._envelope.recipients[index].encode("ascii")

    def command_group(self, extensions: Mapping[str, str]) -> bytes:
        """Write MAIL, every RCPT and DATA at once, for a server with PIPELINING."""
        recipients = [self.rcpt_command(index) for index in range(self.recipient_count)]
        return b"".join((self.mail_command(extensions), *recipients, b"DATA\r\n"))

    def wire_content(self, piece: bytes | None) -> bytes:
        """Write the content, or the next piece of it, without the final dot.

        Raises `LocalProtocolError` for a piece with a bare CR or LF; the connection is of no use then.
        """
        if self._content is not None:
            return stuff(self._content)
        if piece is None or self._stuffer is None:
            raise LocalProtocolError("the content comes in pieces")
        return self._stuffer.feed(piece)

    def wire_end(self) -> bytes:
        """Write the final dot, and the line end before it that content in pieces may lack."""
        return _FINAL_DOT if self._stuffer is None else self._stuffer.end() + _FINAL_DOT

    def stopped(self, stage: Stage, reply: Reply) -> Finished:
        """Say how a transaction without content ended: by the sender's or recipients' reply, or by this one."""
        if self.is_wanted or self.decisive is None:
            return Finished(stage, reply)
        return Finished(*self.decisive)
