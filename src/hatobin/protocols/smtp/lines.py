"""Command lines out of a session's buffer: where one ends, how long it may be.

Only CRLF ends a line. A line with a bare CR or LF inside is one line, and a
wrong one (RFC 5321 §2.3.8), so that nobody hides a command behind another.
"""

from __future__ import annotations

from enum import Enum

from hatobin.protocols.smtp.grammar import MAX_AUTH_LINE_BYTES


class LineFault(Enum):
    """Why a line is not worth parsing."""

    TOO_LONG = "too long"
    BARE_LINE_END = "bare CR or LF"


class LineReader:
    """Takes lines from the head of a buffer, holding at most `MAX_AUTH_LINE_BYTES` of an unfinished one."""

    __slots__ = ("_scanned", "_skipping")

    def __init__(self) -> None:
        self._scanned = 0
        self._skipping = False

    def read(self, buffer: bytearray) -> bytes | LineFault | None:
        """Take one line, without its end; None until it has arrived."""
        end = buffer.find(b"\r\n", self._scanned)
        if end < 0:
            if len(buffer) >= MAX_AUTH_LINE_BYTES:
                # The line can no longer be a good one; only its end is of interest.
                self._skipping = True
                del buffer[:-1]
            self._scanned = max(0, len(buffer) - 1)
            return None
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        self._scanned = 0
        if self._skipping or end + 2 > MAX_AUTH_LINE_BYTES:
            self._skipping = False
            return LineFault.TOO_LONG
        if b"\n" in line or b"\r" in line:
            return LineFault.BARE_LINE_END
        return line

    def reset(self) -> None:
        """Begin anew with an empty buffer."""
        self._scanned = 0
        self._skipping = False
