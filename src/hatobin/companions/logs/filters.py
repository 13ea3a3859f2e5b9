"""Filter patterns: which events FilterLogEvents gives. Pure.

Terms that must all be there, `?term` of which one is enough, `-term` that
must not be; a term in quotation marks may hold anything. `{ $.a.b = "text" }`
asks a member of a JSON event; `*` in its text stands for anything. Other forms
(space-delimited fields, regular expressions, arithmetic, && and ||) are refused.

Refs: CloudWatch Logs user guide, "Filter pattern syntax".
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.companions.logs.model import invalid

_TERM = re.compile(r"\s*([?-]?)(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\"]+))(?=\s|$)")
_JSON = re.compile(
    r"\{\s*\$((?:\.[A-Za-z0-9_-]+)+)\s*(=|!=)\s*(?:\"((?:[^\"\\]|\\.)*)\"|([A-Za-z0-9_.*+-]+))\s*\}", re.ASCII
)
_ESCAPE = re.compile(r"\\(.)")


class Terms(Struct, frozen=True):
    """Texts that an event has all of, one of at least, or none of."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def fits(self, message: str) -> bool:
        """Say whether an event is meant; terms tell upper from lower case."""
        if any(term in message for term in self.none_of) or not all(term in message for term in self.all_of):
            return False
        return not self.any_of or any(term in message for term in self.any_of)


class Member(Struct, frozen=True):
    """A member of a JSON event that is a text, or is not; `*` in it stands for anything."""

    path: tuple[str, ...]
    is_equal: bool
    text: str

    def fits(self, message: str) -> bool:
        """Say whether an event is meant; one that is no JSON or has no such member never is."""
        try:
            value: Any = msgspec.json.decode(message)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return False
        for name in self.path:
            if not isinstance(value, dict) or name not in value:
                return False
            value = value[name]
        return _is(value, self.text) == self.is_equal


Filter = Terms | Member


def read_filter(pattern: str) -> Filter:
    """Read a pattern; an empty one fits everything. Raises InvalidParameterException.

    >>> read_filter("ERROR -retry").fits("[ERROR] gone")
    True
    """
    text = pattern.strip()
    if text.startswith("{"):
        return _member(text)
    if text.startswith(("[", "%")):
        raise invalid(f"The filter pattern is not supported by this server: {pattern}")
    terms: dict[str, list[str]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise invalid(f"Invalid filter pattern: {pattern}")
        sign, quoted, plain = found[1], found[2], found[3]
        terms[sign].append(plain if quoted is None else _ESCAPE.sub(r"\1", quoted))
        position = found.end()
    return Terms(tuple(terms[""]), tuple(terms["?"]), tuple(terms["-"]))


def _member(text: str) -> Member:
    found = _JSON.fullmatch(text)
    if found is None:
        raise invalid(f'The filter pattern is not supported by this server, {{ $.member = "text" }} is: {text}')
    quoted, plain = found[3], found[4]
    return Member(
        tuple(found[1].split(".")[1:]), found[2] == "=", plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
    )


def _is(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        try:
            return float(text) == value
        except ValueError:
            return False
    if not isinstance(value, str):
        return False
    return _with_stars(value, text.split("*"))


def _with_stars(value: str, parts: list[str]) -> bool:
    """Say whether a text has these parts in this order, the first at its beginning and the last at its end."""
    if len(parts) == 1:
        return value == parts[0]
    first, *middle, last = parts
    if not value.startswith(first) or not value.endswith(last) or len(value) < len(first) + len(last):
        return False
    position, end = len(first), len(value) - len(last)
    for part in middle:
        position = value.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
