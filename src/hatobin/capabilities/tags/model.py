"""The rules for tags and their stored form. Pure.

Refs: surface.md §4.6 (probed); the order of the checks and their texts are
probed too (Floci, 2026-08-23): count, characters with the value before the
key, the reserved prefix, lengths together, empty keys, duplicates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec

from hatobin.words.errors import CallerError

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256

TagPair = tuple[str, str]

_ALLOWED = re.compile(r"[\w\s.:/=+\-@]*")
_RESERVED_PREFIX = "aws:"
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[TagPair])


class Tagged(Protocol):
    """A tag as any of the service models has it."""

    @property
    def key(self) -> str: ...

    @property
    def value(self) -> str: ...


def validate(tags: Sequence[Tagged] | None) -> tuple[TagPair, ...]:
    """Check the tags of a request and give them as pairs, in the caller's order; absent is none.

    Raises `CallerError` (BadRequestException) with SES's text.
    """
    if not tags:
        return ()
    _check_number(len(tags))
    if any(not _ALLOWED.fullmatch(tag.value) or not _ALLOWED.fullmatch(tag.key) for tag in tags):
        raise _bad(
            "Tags can only contain letters, numbers, spaces, and the following special characters: _ . : / = + - @"
        )
    if any(tag.key.lower().startswith(_RESERVED_PREFIX) for tag in tags):
        raise _bad("Caller is an end user and not allowed to mutate system tags")
    _check_lengths(tags)
    pairs = tuple((tag.key, tag.value) for tag in tags)
    if len({key for key, _ in pairs}) != len(pairs):
        raise _bad("Cannot provide multiple tags with the same key")
    return pairs


def merged(old: Sequence[TagPair], new: Sequence[TagPair]) -> tuple[TagPair, ...]:
    """Add tags to those that a resource has; a key that it has keeps its place and gets the new value.

    Raises `CallerError` when they would be too many.

    >>> merged([("a", "1"), ("b", "2")], [("b", "3"), ("c", "4")])
    (('a', '1'), ('b', '3'), ('c', '4'))
    """
    together = dict(old) | dict(new)
    _check_number(len(together))
    return tuple(together.items())


def _check_number(number: int) -> None:
    if number > MAX_TAGS:
        raise _bad(
            f"Maximum of {MAX_TAGS} user tags are allowed per resource, "
            "consider reducing the number of tags in the request"
        )


def _check_lengths(tags: Sequence[Tagged]) -> None:
    faults = []
    for position, tag in enumerate(tags, start=1):
        for member, text, limit in (("value", tag.value, MAX_VALUE_LENGTH), ("key", tag.key, MAX_KEY_LENGTH)):
            if len(text) > limit:
                faults.append(
                    f"Value at 'tags.{position}.member.{member}' failed to satisfy constraint: "
                    f"Member must have length less than or equal to {limit}"
                )
    if faults:
        plural = "s" if len(faults) > 1 else ""
        raise _bad(f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}")
    if any(not tag.key for tag in tags):
        raise CallerError("BadRequestException", None)  # Observed: no text at all.


def _bad(text: str) -> CallerError:
    return CallerError("BadRequestException", text)


def encode(tags: Sequence[TagPair]) -> str:
    """Write tags as they stand in a row.

    >>> encode([("team", "mail")])
    '[["team","mail"]]'
    """
    return _encoder.encode(tags).decode()


def decode(text: str) -> tuple[TagPair, ...]:
    """Read what `encode` wrote."""
    return tuple(_decoder.decode(text))
