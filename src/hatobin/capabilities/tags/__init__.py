"""Tags: the key and value pairs that SES resources carry.

Every taggable resource keeps its tags in its own row, as the JSON list that
`encode` makes; this room holds the rules that all of them share. The
operations TagResource, UntagResource and ListTagsForResource belong here too.
"""

from __future__ import annotations

from hatobin.capabilities.tags.model import MAX_TAGS, TagPair, decode, encode, validate

__all__ = ["MAX_TAGS", "TagPair", "decode", "encode", "validate"]
