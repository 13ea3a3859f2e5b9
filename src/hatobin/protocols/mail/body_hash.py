"""The DKIM body hash of a message that comes in pieces, over the relaxed form (RFC 6376 §3.4.4, §3.7)."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from hatobin.protocols.mail.canonical import relaxed_lines, text_end

_CRLF = b"\r\n"
_LINES_AT_ONCE = 10_000


class RelaxedBodyHash:
    """Takes a body in pieces; gives what `canonical.body_hash` gives for all of it."""

    __slots__ = ("_digest", "_empty_lines", "_unread")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._unread = b""  # a line whose end has not come yet
        self._empty_lines = 0  # they count once another line follows

    def feed(self, piece: bytes) -> None:
        """Take the next octets. Lines must end in CRLF."""
        octets = self._unread + piece if self._unread else piece
        cut = octets.rfind(_CRLF) + 2
        if cut < 2:
            self._unread = octets
            return
        self._unread = octets[cut:]
        self._take_lines(octets[:cut])

    def digest(self) -> str:
        """Give the base64 of the hash; the last thing that is asked for."""
        if last := relaxed_lines(self._unread):
            self._take_text(last)
        return b64encode(self._digest.digest()).decode("ascii")

    def _take_lines(self, lines: bytes) -> None:
        relaxed = relaxed_lines(lines)
        end = text_end(relaxed)
        if end:
            self._take_text(relaxed[:end])
        self._empty_lines += (len(relaxed) - end) // 2 - bool(end)

    def _take_text(self, text: bytes) -> None:
        while self._empty_lines:
            count = min(self._empty_lines, _LINES_AT_ONCE)
            self._digest.update(_CRLF * count)
            self._empty_lines -= count
        self._digest.update(text + _CRLF)
