"""A reply of an SMTP server, whole: what ours says and what a remote one said.

The text is kept exactly as it stood on the wire, because it is evidence: it
goes into `Diagnostic-Code`, into events and before an operator's eyes. The
enhanced status code is read out of it and never cut from it.

Law: RFC 5321 §4.2 (replies), RFC 2034 §4 and RFC 3463 (enhanced status codes).
"""

from __future__ import annotations

import re

from msgspec import Struct

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")


class Reply(Struct, frozen=True):
    """Three digits, the enhanced code if the text begins with one, and the text of each line.

    `lines` holds the text without the three digits but with the enhanced code,
    so that nothing of the remote's words is lost.
    """

    code: int
    enhanced: str | None
    lines: tuple[str, ...]

    @classmethod
    def of(cls, code: int, *lines: str) -> Reply:
        """Make a reply from its code and lines, reading the enhanced code out of the first line.

        >>> Reply.of(550, "5.1.1 No such user")
        Reply(code=550, enhanced='5.1.1', lines=('5.1.1 No such user',))
        """
        return cls(code, enhanced_code(code, lines[0]) if lines else None, lines)

    @property
    def is_positive(self) -> bool:
        """2yz: the command was carried out."""
        return 200 <= self.code < 300

    @property
    def is_intermediate(self) -> bool:
        """3yz: the server waits for the rest."""
        return 300 <= self.code < 400

    @property
    def is_transient(self) -> bool:
        """4yz: try again later (RFC 5321 §4.2.1)."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """5yz: do not try the same again (RFC 5321 §4.2.1)."""
        return 500 <= self.code < 600

    @property
    def text(self) -> str:
        """All lines joined by one space, without the code."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        return f"{self.code} {self.text}" if self.lines else str(self.code)


def enhanced_code(code: int, line: str) -> str | None:
    """Read the enhanced status code at the head of a line; None where there is none.

    One whose class differs from the reply's first digit is not believed
    (RFC 2034 §4: the class must agree).

    >>> enhanced_code(250, "2.0.0 Ok"), enhanced_code(250, "5.0.0 what")
    ('2.0.0', None)
    """
    match = _ENHANCED.match(line)
    if match is None or int(match[1]) != code // 100:
        return None
    return match[0]
