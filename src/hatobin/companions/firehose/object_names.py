"""What objects are called: the prefix with its expressions, then the stream, the moment, and something unique. Pure.

Refs: developer guide, "Configure Amazon S3 object name format", "Custom prefixes for Amazon S3 objects".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_EXPRESSION = re.compile(r"!\{([^{}:]*):([^{}]*)\}")
_RANDOM = ("firehose", "random-string")
_RANDOM_CHARACTERS = 11
# Java's DateTimeFormatter, as far as prefixes use it; text between quotes stands for itself.
_DATE_PART = re.compile(r"'(?P<quoted>[^']*)'|(?P<field>[A-Za-z])(?P=field)*|(?P<literal>[^A-Za-z']+)")
_FIELDS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "DDD": "%j"}
_VERSION = "1"


class InvalidPrefix(ValueError):
    """A prefix has an expression that cannot be filled in; the text says which."""


def check_prefix(prefix: str, error_prefix: str | None) -> None:
    """Raise `InvalidPrefix` for a prefix whose expressions are not known here, or that needs another one beside it."""
    fill_prefix(prefix, at=0.0, random_text="")
    if "!{" in prefix and not error_prefix:
        raise InvalidPrefix("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")


def fill_prefix(prefix: str, *, at: float, random_text: str) -> str:
    """Give the text of a prefix for objects of one moment; one without expressions is followed by the hour, in UTC.

    >>> fill_prefix("mail/", at=1767268800.0, random_text="")
    'mail/2026/01/01/12/'
    >>> fill_prefix("day=!{timestamp:yyyy-MM-dd}/!{firehose:random-string}/", at=1767268800.0, random_text="abc")
    'day=2026-01-01/abc/'
    """
    moment = datetime.fromtimestamp(at, UTC)
    if "!{" not in prefix:
        return f"{prefix}{moment:%Y/%m/%d/%H}/"
    filled = _EXPRESSION.sub(lambda found: _value(found[1], found[2], moment, random_text), prefix)
    if "!{" in filled:
        raise InvalidPrefix("Prefix has an expression that does not end.")
    return filled


def object_key(prefix: str, stream_name: str, *, at: float, unique: str, is_compressed: bool) -> str:
    """Give the key of an object whose oldest record came `at`; `unique` is a UUID.

    >>> object_key("", "events", at=1767268800.0, unique="u", is_compressed=True)
    '2026/01/01/12/events-1-2026-01-01-12-00-00-u.gz'
    """
    moment = datetime.fromtimestamp(at, UTC)
    folder = fill_prefix(prefix, at=at, random_text=unique.replace("-", "")[:_RANDOM_CHARACTERS])
    suffix = ".gz" if is_compressed else ""
    return f"{folder}{stream_name}-{_VERSION}-{moment:%Y-%m-%d-%H-%M-%S}-{unique}{suffix}"


def _value(namespace: str, name: str, moment: datetime, random_text: str) -> str:
    if (namespace, name) == _RANDOM:
        return random_text
    if namespace == "timestamp" and name:
        return _formatted(name, moment)
    raise InvalidPrefix(f"Prefix has the expression !{{{namespace}:{name}}}, which is not supported by this server.")


def _formatted(pattern: str, moment: datetime) -> str:
    written, position = [], 0
    for part in _DATE_PART.finditer(pattern):
        if part.start() != position:
            break
        position = part.end()
        if part["field"] is None:
            written.append(part["quoted"] if part["quoted"] is not None else part["literal"])
        elif part[0] in _FIELDS:
            written.append(moment.strftime(_FIELDS[part[0]]))
        else:
            raise InvalidPrefix(f"Prefix has the date format {part[0]}, which is not supported by this server.")
    if position != len(pattern):
        raise InvalidPrefix("Prefix has a date format that cannot be read.")
    return "".join(written)
