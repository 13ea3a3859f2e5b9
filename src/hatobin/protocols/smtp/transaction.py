"""One mail transaction on the server's side, from an accepted MAIL to the end of the content.

Law: RFC 5321 §3.3. A transaction knows nothing of commands and replies but the
one reply that refuses its content.
"""

from __future__ import annotations

from hatobin.protocols.smtp import replies
from hatobin.protocols.smtp.config import ServerLimits
from hatobin.protocols.smtp.data import ContentFault, ContentReader
from hatobin.protocols.smtp.errors import LocalProtocolError
from hatobin.protocols.smtp.events import MailFrom, MessageReceived, MessageRefused
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply


class Transaction:
    """The sender, the recipients accepted so far, and the reader of the content once DATA has begun."""

    __slots__ = ("_limits", "_reader", "_recipients", "_refusal", "_sender")

    def __init__(self, sender: MailFrom, limits: ServerLimits) -> None:
        self._sender = sender
        self._limits = limits
        self._recipients: list[str] = []
        self._reader: ContentReader | None = None
        self._refusal: Reply | None = None

    @property
    def is_full(self) -> bool:
        """Whether the envelope can hold no further recipient."""
        return len(self._recipients) >= self._limits.max_envelope_recipients

    @property
    def held_bytes(self) -> int:
        """How much content is held, beside what waits in the session's buffer."""
        return 0 if self._reader is None else self._reader.held_bytes

    def add_recipient(self, recipient: str) -> None:
        """Take an accepted recipient into the envelope."""
        self._recipients.append(recipient)

    def begin_content(self) -> None:
        """Begin to read content. With more recipients than a message may have it is only heard out."""
        self._reader = ContentReader(self._limits.max_message_bytes)
        if len(self._recipients) > self._limits.max_recipients:
            self.refuse_content(replies.too_many_recipients_for_message(self._limits.max_recipients))

    def refuse_content(self, reply: Reply) -> None:
        """Forget the content; `reply` is the answer at its end. The first refusal stands."""
        if self._reader is None:
            raise LocalProtocolError("no content is being received")
        self._reader.discard()
        if self._refusal is None:
            self._refusal = reply

    def take_content(self) -> tuple[Envelope, list[bytes]]:
        """Give the envelope and the content so far, which is held no longer; the size is what came until now."""
        if self._reader is None:
            raise LocalProtocolError("no content is being received")
        return self._envelope(self._reader.size), self._reader.take()

    def _envelope(self, size: int) -> Envelope:
        return Envelope(self._sender.reverse_path, tuple(self._recipients), self._sender.body, size)

    def read_content(self, buffer: bytearray) -> MessageReceived | MessageRefused | None:
        """Take content from the head of the buffer; None until its end has arrived."""
        if self._reader is None:
            raise LocalProtocolError("no content is being received")
        content = self._reader.read(buffer)
        if content is None:
            return None
        if isinstance(content, ContentFault):
            reply = replies.CONTENT_REFUSALS[content] if self._refusal is None else self._refusal
            return MessageRefused(self._envelope(0), reply)
        return MessageReceived(self._envelope(self._reader.size), content)
