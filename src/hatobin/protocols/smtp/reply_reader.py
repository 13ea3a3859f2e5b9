"""Replies out of a client's buffer.

Law: RFC 5321 §4.2. The remote is a stranger: whatever it sends is a reply or
raises `RemoteProtocolError`, and no reply is larger than `ReplyLimits` says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hatobin.protocols.smtp.errors import RemoteProtocolError
from hatobin.words.reply import Reply

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLimits:
    """How large a reply may be."""

    max_line_bytes: int = 2_048
    """RFC 5321 §4.5.3.1.5 says 512; texts with links exceed it in practice."""
    max_lines: int = 128
    """The longest honest one is an EHLO reply, with some thirty."""


class ReplyReader:
    """Takes replies from the head of a buffer, one at a time."""

    __slots__ = ("_code", "_lines", "_max_line_bytes", "_max_lines", "_scanned")

    def __init__(self, limits: ReplyLimits) -> None:
        self._max_line_bytes = limits.max_line_bytes
        self._max_lines = limits.max_lines
        self._scanned = 0
        self._code = 0
        self._lines: list[str] = []

    def read(self, buffer: bytearray) -> Reply | None:
        """Give the next reply; None until it has arrived. Raises `RemoteProtocolError`.

        Deviates: a lone LF also ends a line. Some servers send that, and in a
        reply nothing can be smuggled by it.
        """
        while True:
            end = buffer.find(b"\n", self._scanned)
            if end > self._max_line_bytes or (end < 0 and len(buffer) > self._max_line_bytes):
                raise RemoteProtocolError(f"reply line longer than {self._max_line_bytes} bytes")
            if end < 0:
                self._scanned = len(buffer)
                return None
            line = bytes(buffer[:end]).removesuffix(b"\r")
            del buffer[: end + 1]
            self._scanned = 0
            reply = self._take_line(line)
            if reply is not None:
                return reply

    def reset(self) -> None:
        """Forget a reply that has begun."""
        self._scanned = 0
        self._lines = []

    def _take_line(self, line: bytes) -> Reply | None:
        digits, separator = line[:3], line[3:4]
        if len(digits) != 3 or not digits.isdigit() or not b"2" <= digits[:1] <= b"5":
            raise RemoteProtocolError(f"not a reply: {_shown(line)!r}")
        code = int(digits)
        text = _shown(line[4:])
        if separator in (b" ", b""):
            if not self._lines:
                return Reply.of(code, text)
            self._check_code(code)
            lines = (*self._lines, text)
            self._lines = []
            return Reply.of(code, *lines)
        if separator != b"-":
            raise RemoteProtocolError(f"not a reply: {_shown(line)!r}")
        if len(self._lines) >= self._max_lines - 1:
            raise RemoteProtocolError(f"reply with more than {self._max_lines} lines")
        self._check_code(code)
        self._code = code
        self._lines.append(text)
        return None

    def _check_code(self, code: int) -> None:
        """RFC 5321 §4.2.1: the code is the same on every line."""
        if self._lines and code != self._code:
            raise RemoteProtocolError(f"reply whose lines begin with {self._code} and with {code}")


def _shown(raw: bytes) -> str:
    """Decode what a stranger wrote so that it may stand in a log, an event or a report."""
    text = raw.decode("utf-8", "replace")
    return text if text.isprintable() else _CONTROLS.sub("?", text.replace("\t", " "))
