"""Texts with `*` and `?`: action names, ARNs and the values of conditions.

Matching takes time in the product of both lengths at most, whatever the
pattern: a regular expression with many stars would try every way to share
the text among them.

Refs: IAM User Guide, "IAM JSON policy elements: Action", "Resource", "Condition operators"
(StringLike: `*` stands for any characters, `?` for any single one).
"""

from __future__ import annotations

from msgspec import Struct

_ANY_MANY = "\x00*"
_ANY_ONE = "\x00?"


class Pattern(Struct, frozen=True):
    """A pattern as a sequence of parts: characters, and the two wildcards."""

    parts: tuple[str, ...]
    chunks: tuple[str, ...] | None
    """The texts between the stars, one more than there are stars; None for a pattern with `?`."""

    @property
    def is_everything(self) -> bool:
        """Whether every text fits."""
        return self.chunks == ("", "")

    def fits(self, text: str) -> bool:
        """Say whether the whole of `text` is of this form."""
        if self.chunks is None:
            return _fits(self.parts, text)
        if len(self.chunks) == 1:
            return self.chunks[0] == text
        return _chunks_fit(self.chunks, text)


def read_pattern(text: str) -> Pattern:
    """Read a pattern.

    >>> read_pattern("arn:aws:ses:*:123456789012:identity/?.example").fits(
    ...     "arn:aws:ses:eu-west-1:123456789012:identity/a.example"
    ... )
    True
    """
    return of_pieces([text])


def of_pieces(pieces: list[str | tuple[str]]) -> Pattern:
    """Make a pattern of texts with wildcards, and of texts to be taken as they stand (in a tuple)."""
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, tuple):
            parts.extend(piece[0])
            continue
        for character in piece:
            if character == "*":
                if not parts or parts[-1] != _ANY_MANY:
                    parts.append(_ANY_MANY)
            else:
                parts.append(_ANY_ONE if character == "?" else character)
    return of_parts(parts)


def of_parts(parts: list[str]) -> Pattern:
    """Make a pattern of the parts of another."""
    if _ANY_ONE in parts:
        return Pattern(tuple(parts), None)
    chunks: list[str] = [""]
    for part in parts:
        if part == _ANY_MANY:
            chunks.append("")
        else:
            chunks[-1] += part
    return Pattern(tuple(parts), tuple(chunks))


def _chunks_fit(chunks: tuple[str, ...], text: str) -> bool:
    """The first place that fits leaves most room for what follows."""
    first, last = chunks[0], chunks[-1]
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for chunk in chunks[1:-1]:
        found = text.find(chunk, position, end)
        if found < 0:
            return False
        position = found + len(chunk)
    return True


def _fits(parts: tuple[str, ...], text: str) -> bool:
    """Greedy with one point to come back to: the last star is the only one that may have to take more."""
    at, position, star, taken = 0, 0, -1, 0
    while position < len(text):
        part = parts[at] if at < len(parts) else None
        if part == _ANY_MANY:
            star, taken = at, position
            at += 1
        elif part is not None and part in (_ANY_ONE, text[position]):
            at += 1
            position += 1
        elif star >= 0:
            at = star + 1
            taken += 1
            position = taken
        else:
            return False
    return all(part == _ANY_MANY for part in parts[at:])
