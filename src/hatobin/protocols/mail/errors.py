"""What can be wrong with a message that a caller hands us, as typed errors.

Each carries the text that SES gives its callers; which code and status go
with it is the door's business (InvalidParameterValue, BadRequestException,
or "554 Transaction failed: <text>").
"""

from __future__ import annotations

MISSING_FROM = "Missing required header 'From'."


class MessageError(ValueError):
    """The message breaks a rule; `text` is what the caller is told."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class HeaderError(MessageError):
    """A header field, or the whole header block, cannot be accepted or written."""


class LineTooLong(MessageError):
    """A line of more than 998 octets could not be folded or re-encoded without loss."""


class TagError(MessageError):
    """A message tag has an illegal name or value."""
