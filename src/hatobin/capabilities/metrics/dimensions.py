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


class EventFacts:
    """What dimensions take their values from: the JSON of `mail` without its tags, of the tags, and of the event.

    Each is read when a dimension first asks for it.
    """

    __slots__ = ("_detail", "_head", "_headers", "_link_tags", "_tags", "tags_text")

    def __init__(self, head: str, tags_text: str, detail: str) -> None:
        self._head, self.tags_text, self._detail = head, tags_text, detail
        self._headers: Mapping[str, str] | None = None
        self._tags: Mapping[str, Sequence[str]] | None = None
        self._link_tags: Mapping[str, Sequence[str]] | None = None

    def value(self, dimension: Dimension) -> str:
        """Give the value of a dimension: the default where the source has none, or none that can be one."""
        found: str | None = None
        if dimension.source == "EMAIL_HEADER":
            if self._headers is None:
                self._headers = _read_headers(self._head)
            found = self._headers.get(dimension.name.lower())
        else:
            values = self._tags_from(dimension.source).get(dimension.name)
            found = values[0] if values else None
        return found if found is not None and _VALUE.match(found) else dimension.default

    def _tags_from(self, source: str) -> Mapping[str, Sequence[str]]:
        if source == "LINK_TAG":
            if self._link_tags is None:
                self._link_tags = _read_link_tags(self._detail)
            return self._link_tags
        if self._tags is None:
            self._tags = _tags.decode(self.tags_text) if self.tags_text else {}
        return self._tags


def _read_headers(head: str) -> Mapping[str, str]:
    """Give the header of the message, by name in lower case; of a repeated field the first."""
    headers: dict[str, str] = {}
    for field in _heads.decode(head).headers if head else ():
        headers.setdefault(field.name.lower(), field.value)
    return headers


def _read_link_tags(detail: str) -> Mapping[str, Sequence[str]]:
    """Give the tags of the clicked link."""
    found: Any = msgspec.json.decode(detail).get("linkTags") if '"linkTags"' in detail else None
    return found or {}


def dimension_sets(target: CloudWatchTarget, facts: EventFacts) -> list[Dimensions]:
    """Give the sets of dimensions under which an event is counted.

    Deviates: SES is said to publish the whole set alone. Each dimension by itself is counted too, so that a question
    that names one of several finds something.
    """
    whole: Dimensions = tuple(sorted((dimension.name, facts.value(dimension)) for dimension in target.dimensions))
    return [whole] if len(whole) < 2 else [whole, *((pair,) for pair in whole)]
