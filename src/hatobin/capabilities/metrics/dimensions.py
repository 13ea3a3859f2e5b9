"""The dimensions under which a CloudWatch destination counts an event. Pure.

Refs: SES developer guide, "Adding event destinations: CloudWatch" (value sources, default values, auto-tags); API
reference, CloudWatchDimensionConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.capabilities.configuration_sets import CloudWatchTarget, Dimension
from hatobin.companions.cloudwatch import Dimensions

# What CloudWatch takes as a value: ASCII, something visible, 1024 characters at most.
_VALUE = re.compile(r"(?=.*[!-~])[ -~]{1,1024}\Z", re.ASCII)


class _Header(Struct, frozen=True):
    name: str
    value: str


class _Head(Struct, frozen=True):
    headers: tuple[_Header, ...] = ()


_tags = msgspec.json.Decoder(dict[str, tuple[str, ...]])
_heads = msgspec.json.Decoder(_Head)


class EventFacts(Struct, frozen=True):
    """What dimensions take their values from: the tags of a message, its header, and the tags of a clicked link."""

    tags: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    link_tags: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, *, head: str, tags: str, detail: str) -> EventFacts:
        """Read them from the parts of an event: the JSON of `mail` without tags, of its tags, and of the event."""
        fields = _heads.decode(head).headers if head else ()
        headers: dict[str, str] = {}
        for field in fields:
            headers.setdefault(field.name.lower(), field.value)
        link_tags: Any = msgspec.json.decode(detail).get("linkTags") if '"linkTags"' in detail else None
        return cls(_tags.decode(tags) if tags else {}, headers, link_tags or {})

    def value(self, dimension: Dimension) -> str:
        """Give the value of a dimension: the default where the source has none, or none that can be one."""
        found: str | None = None
        if dimension.source == "EMAIL_HEADER":
            found = self.headers.get(dimension.name.lower())
        else:
            values = (self.link_tags if dimension.source == "LINK_TAG" else self.tags).get(dimension.name)
            found = values[0] if values else None
        return found if found is not None and _VALUE.match(found) else dimension.default


def dimension_sets(target: CloudWatchTarget, facts: EventFacts) -> list[Dimensions]:
    """Give the sets of dimensions under which an event is counted.

    Deviates: SES is said to publish the whole set alone. Each dimension by itself is counted too, so that a question
    that names one of several finds something.
    """
    whole: Dimensions = tuple(sorted((dimension.name, facts.value(dimension)) for dimension in target.dimensions))
    return [whole] if len(whole) < 2 else [whole, *((pair,) for pair in whole)]
