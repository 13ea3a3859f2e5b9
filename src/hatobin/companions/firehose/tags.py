"""Tags of streams: their rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.firehose.errors import invalid
from hatobin.companions.firehose.model import MAX_TAGS
from hatobin.gateway.models.firehose import Tag
from hatobin.words.errors import CallerError

Pairs = tuple[tuple[str, str | None], ...]


def checked(tags: Sequence[Tag] | None) -> Pairs:
    """Give the tags of a request as pairs. Raises InvalidArgumentException for a key that comes twice."""
    pairs = tuple((tag.key, tag.value) for tag in tags or ())
    if len(dict(pairs)) != len(pairs):
        raise invalid("A tag key must be given once.")
    return pairs


def merged(old: Pairs, new: Pairs) -> Pairs:
    """Add tags, or change those of the same key. Raises LimitExceededException."""
    together = tuple({**dict(old), **dict(new)}.items())
    if len(together) > MAX_TAGS:
        raise CallerError("LimitExceededException", f"A stream can have up to {MAX_TAGS} tags.")
    return together
