"""The dimensions under which a CloudWatch destination counts an event. Pure.

Refs: SES developer guide, "Adding event destinations: CloudWatch" (value sources, default values, auto-tags); API
reference, CloudWatchDimensionConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class EventFacts:
    """What dimensions take their values from: the JSON of `mail` without its tags, of the tags, and of the event.

    Each is read when a dimension first asks for it.
    """

    head: str
    tags_text: str
    detail: str

    @cached_property
    def tags(self) -> Mapping[str, Sequence[str]]:
        """The tags of the message."""
        return _tags.decode(self.tags_text) if self.tags_text else {}

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Its header, by name in lower case; of a repeated field the first."""
        headers: dict[str, str] = {}
        for field in _heads.decode(self.head).headers if self.head else ():
            headers.setdefault(field.name.lower(), field.value)
        return headers

    @cached_property
    def link_tags(self) -> Mapping[str, Sequence[str]]:
        """The tags of the clicked link."""
        found: Any = msgspec.json.decode(self.detail).get("linkTags") if '"linkTags"' in self.detail else None
        return found or {}

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
