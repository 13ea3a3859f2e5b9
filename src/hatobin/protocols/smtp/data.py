"""The content of a message on the wire: its end, its dots, its line ends.

Only CR LF . CR LF ends the content, and a CR or LF that is not half of a CRLF
makes the whole message unacceptable. Both together are what stops one message
from being read as two by somebody further on ("SMTP smuggling"): we neither
read such an end ourselves nor hand it on for others to read.

Nothing here walks over lines. Whole stretches are searched, counted and
replaced at C speed; a large message is taken in stretches of whole lines, so
that no step of the event loop is long and no byte is looked at twice.

Law: RFC 5321 §4.1.1.4 (DATA), §4.5.2 (transparency), §2.3.8 (lines);
RFC 5322 §2.3 and RFC 6152 §3 (neither NUL nor lone CR or LF in a body).
"""

from __future__ import annotations

import re
from enum import Enum

from hatobin.protocols.smtp.errors import LocalProtocolError

STRETCH_BYTES = 65_536
"""How much unfinished content is held before its complete lines are taken away."""

_END = b"\r\n.\r\n"
_CRLF = b"\r\n"
# A regular expression with a literal head finds three octets in half the time of bytes.find.
_DOT_LINE = re.compile(rb"\r\n\.")
_NOT_LINE_ENDS = bytes(octet for octet in range(256) if octet not in b"\r\n")
_NOT_CONTROLS_OF_LINES = bytes(octet for octet in range(256) if octet not in b"\r\n\0")


class ContentFault(Enum):
    """Why content that came to its end cannot be accepted."""

    TOO_LONG = "too long"
    BARE_LINE_END = "bare CR or LF"
    NUL = "NUL"
    DISCARDED = "discarded"
    """Its reader was told to forget it."""


class ContentReader:
    """Reads one message's content out of a session's buffer.

    The outcome does not depend on how the bytes were cut: a message that is
    both too long and ill-formed is always called too long, and so on in the
    order of `ContentFault`.
    """

    __slots__ = (
        "_at_line_start",
        "_discarding",
        "_dotted",
        "_faults",
        "_limit_bytes",
        "_scanned",
        "_size",
        "_stretch_bytes",
        "_stretches",
        "_taken",
        "_unbroken",
    )

    def __init__(self, limit_bytes: int, *, stretch_bytes: int = STRETCH_BYTES) -> None:
        """`limit_bytes` counts unstuffed content; `stretch_bytes` is how much may wait in the buffer."""
        self._limit_bytes = limit_bytes
        self._stretch_bytes = stretch_bytes
        self._stretches: list[bytes] = []
        self._size = 0
        self._taken = 0  # of the size
        self._scanned = 0  # the end does not begin before here
        self._unbroken = 0  # no line ends before here
        self._at_line_start = True  # of the first octet in the buffer
        self._dotted = False  # a line but the first may begin with a dot
        self._discarding = False
        self._faults: frozenset[ContentFault] = frozenset()

    @property
    def held_bytes(self) -> int:
        """How much of the content is held here, beside what still waits in the buffer."""
        return 0 if self._discarding else self._size - self._taken

    @property
    def size(self) -> int:
        """How long the content is so far, unstuffed, with what was taken."""
        return self._size

    def take(self) -> list[bytes]:
        """Give the content so far, in pieces and in order, and hold it no longer; `read` gives the rest."""
        taken, self._stretches = self._stretches, []
        self._taken = self._size
        return taken

    def discard(self) -> None:
        """Forget the content so far and hold nothing more; its end is still found."""
        self._discarding = True
        self._stretches.clear()

    def read(self, buffer: bytearray) -> bytes | ContentFault | None:
        """Take content from the head of the buffer; None until its end has arrived.

        At the end gives the content (what was not taken of it), unstuffed, or
        the fault in it. What follows the final dot stays in the buffer.
        """
        if self._at_line_start and buffer.startswith(b".\r\n"):
            # At the start of a line the CRLF before the dot is already taken away,
            # or is the one that ended the DATA command (RFC 5321 §4.1.1.4).
            del buffer[:3]
            return self._result(b"")
        end = self._find_end(buffer)
        if end >= 0:
            last = bytes(buffer[: end + 2])
            del buffer[: end + 5]
            return self._result(last)
        self._scanned = max(0, len(buffer) - len(_END) + 1)
        if len(buffer) >= self._stretch_bytes:
            self._take_lines(buffer)
        return None

    def _find_end(self, buffer: bytearray) -> int:
        """Give the place of the CRLF before the final dot, or -1; note whether other lines begin with dots."""
        dot = _DOT_LINE.search(buffer, self._scanned)
        if dot is None:
            return -1
        start = dot.start()
        if buffer.startswith(_CRLF, start + 3):
            return start
        self._dotted = True
        return buffer.find(_END, start)

    def _take_lines(self, buffer: bytearray) -> None:
        """Move the complete lines out of the buffer, and check that what is left can still fit.

        A line that fills the buffer alone is moved as far as it goes: no line end is cut in two,
        because one octet stays.
        """
        cut = buffer.rfind(_CRLF, self._unbroken) + 2
        self._unbroken = len(buffer) - 1
        whole_lines = cut >= 2
        if not whole_lines:
            cut = len(buffer) - 1
        stretch = bytes(buffer[:cut])
        del buffer[:cut]
        self._scanned = self._unbroken = 0
        plain = self._keep(stretch)
        self._at_line_start = whole_lines
        if not self._discarding:
            self._stretches.append(plain)
        # What is left is one unfinished line. Its first octet may be a stuffed dot,
        # and two octets may be the beginning of the end.
        if len(buffer) > 2 and self._size + len(buffer) - 1 > self._limit_bytes:
            self._overflow()

    def _keep(self, lines: bytes) -> bytes:
        # CR, LF and NUL together are as many as the CRLFs have octets, unless one stands alone.
        if len(lines.translate(None, _NOT_CONTROLS_OF_LINES)) != 2 * lines.count(_CRLF):
            self._blame(lines)
        plain = lines.replace(b"\r\n.", _CRLF) if self._dotted else lines
        if self._at_line_start and plain.startswith(b"."):
            plain = plain[1:]
        self._size += len(plain)
        if self._size > self._limit_bytes:
            self._overflow()
        return plain

    def _blame(self, lines: bytes) -> None:
        if has_bare_line_end(lines):
            self._faults |= {ContentFault.BARE_LINE_END}
        if b"\0" in lines:
            self._faults |= {ContentFault.NUL}

    def _overflow(self) -> None:
        self._faults |= {ContentFault.TOO_LONG}
        self.discard()

    def _result(self, last: bytes) -> bytes | ContentFault:
        plain = self._keep(last) if last else last
        if self._faults or self._discarding:
            return next((fault for fault in ContentFault if fault in self._faults), ContentFault.DISCARDED)
        return b"".join((*self._stretches, plain)) if self._stretches else plain


def stuff(content: bytes) -> bytes:
    """Make content ready for DATA: dots doubled, the last line ended, the final dot not added.

    A missing line end at the very end is added, because DATA cannot carry a
    message without one.
    """
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(_CRLF) or not stuffed else stuffed + _CRLF


class Stuffer:
    """`stuff` for content that comes in pieces, and no word that could be read as two messages."""

    __slots__ = ("_at_line_start", "_held")

    def __init__(self) -> None:
        self._at_line_start = True
        self._held = b""  # a CR at the end of a piece, until its LF comes

    def feed(self, piece: bytes) -> bytes:
        """Give the next piece with its dots doubled. Raises `LocalProtocolError` for a bare CR or LF."""
        piece = self._held + piece
        self._held = b"\r" if piece.endswith(b"\r") else b""
        if self._held:
            piece = piece[:-1]
        if has_bare_line_end(piece):
            raise LocalProtocolError("content with a bare CR or LF")
        if not piece:
            return piece
        stuffed = piece.replace(b"\r\n.", b"\r\n..")
        if self._at_line_start and piece.startswith(b"."):
            stuffed = b"." + stuffed
        self._at_line_start = piece.endswith(_CRLF)
        return stuffed

    def end(self) -> bytes:
        """Give the line end that the content may lack. Raises `LocalProtocolError` for a CR that stayed alone."""
        if self._held:
            raise LocalProtocolError("content with a bare CR or LF")
        return b"" if self._at_line_start else _CRLF


def has_bare_line_end(content: bytes) -> bool:
    """Say whether a CR or LF in the content is not half of a CRLF."""
    return len(content.translate(None, _NOT_LINE_ENDS)) != 2 * content.count(_CRLF)
