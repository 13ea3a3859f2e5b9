"""The envelope of a message: who sends it, to whom, and how its content is made.

It is what SMTP says in MAIL and RCPT, and has nothing to do with the header
fields of the message. Law: RFC 5321 §2.3.1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

BodyType = Literal["7BIT", "8BITMIME"]


class Envelope(Struct, frozen=True):
    """One transaction's reverse-path, its recipients in order, and the kind and size of the content.

    `reverse_path` and `recipients` are bare mailboxes as the client wrote
    them, without angle brackets and source route; the null sender is "".
    `size` counts the octets of the content, line ends included and
    dot-stuffing not (RFC 1870 §3).
    """

    reverse_path: str
    recipients: tuple[str, ...]
    body: BodyType
    size: int
