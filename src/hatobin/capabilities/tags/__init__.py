"""Tags: the key and value pairs that SES resources carry.

Every taggable resource keeps its tags in its own row, as the JSON list that
`encode` makes; this room holds the rules that all of them share, and the
operations that add, take off and list tags by ARN. A room with such resources
offers a `TaggedKind`.
"""

from __future__ import annotations

from hatobin.capabilities.tags import api_v2
from hatobin.capabilities.tags.model import MAX_TAGS, TagPair, decode, encode, merged, validate
from hatobin.capabilities.tags.resources import TaggedKind, TaggedKinds, no_such, not_a_resource

__all__ = [
    "MAX_TAGS",
    "TagPair",
    "TaggedKind",
    "TaggedKinds",
    "api_v2",
    "decode",
    "encode",
    "merged",
    "no_such",
    "not_a_resource",
    "validate",
]
