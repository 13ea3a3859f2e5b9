"""Tags of users, roles and sessions: their rules and their stored form. Pure.

Refs: IAM user guide, "Rules for tagging in IAM and AWS STS": keys keep their case, but two that differ by case alone
are the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from hatobin.companions.iam.errors import invalid_input, over_quota
from hatobin.companions.iam.model import MAX_TAGS, TagPair

_RESERVED_PREFIX = "aws:"
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[TagPair, ...])


class Tagged(Protocol):
    """A tag as any of the service models has it."""

    @property
    def key(self) -> str: ...

    @property
    def value(self) -> str: ...


def checked(tags: Sequence[Tagged] | None) -> tuple[TagPair, ...]:
    """Give the tags of a request as pairs. Raises `CallerError` (InvalidInput)."""
    pairs = tuple((tag.key, tag.value) for tag in tags or ())
    if any(key.lower().startswith(_RESERVED_PREFIX) for key, _ in pairs):
        raise invalid_input("Tag keys and values that start with 'aws:' are reserved for system use.")
    if len({key.lower() for key, _ in pairs}) != len(pairs):
        raise invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return pairs


def joined(old: Iterable[TagPair], new: Iterable[TagPair]) -> tuple[TagPair, ...]:
    """Put tags beside others; a key that was there, in whatever case, gets the new spelling and value.

    >>> joined([("Team", "a"), ("b", "2")], [("team", "c")])
    (('team', 'c'), ('b', '2'))
    """
    together = {key.lower(): (key, value) for key, value in old}
    return tuple((together | {key.lower(): (key, value) for key, value in new}).values())


def merged(old: Iterable[TagPair], new: Iterable[TagPair]) -> tuple[TagPair, ...]:
    """Add tags to those that a user or role has. Raises `CallerError` when they would be too many."""
    together = joined(old, new)
    if len(together) > MAX_TAGS:
        raise over_quota("TagsPerResource", MAX_TAGS)
    return together


def without(old: Iterable[TagPair], keys: Iterable[str]) -> tuple[TagPair, ...]:
    """Take tags away by their keys, in whatever case."""
    gone = {key.lower() for key in keys}
    return tuple(pair for pair in old if pair[0].lower() not in gone)


def stored(pairs: Sequence[TagPair]) -> str:
    """Give what the store keeps."""
    return _encoder.encode(pairs).decode()


def loaded(text: str) -> tuple[TagPair, ...]:
    """Read that back."""
    return _decoder.decode(text)
