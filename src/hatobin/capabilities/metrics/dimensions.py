"""The dimensions under which a CloudWatch destination counts an event. Pure.

Refs: SES developer guide, "Adding event destinations: CloudWatch" (value sources, default values, auto-tags); API
reference, CloudWatchDimensionConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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


class EventFacts(NamedTuple):
    """What dimensions take their values from: the JSON of `mail` without its tags, of the tags, and of the event."""

    head: str
    tags_text: str
    detail: str


def _headers(facts: EventFacts) -> Mapping[str, Sequence[str]]:
    """Give the header of the message, by name in lower case."""
    headers: dict[str, list[str]] = {}
    for field in _heads.decode(facts.head).headers if facts.head else ():
        headers.setdefault(field.name.lower(), []).append(field.value)
    return headers


def _message_tags(facts: EventFacts) -> Mapping[str, Sequence[str]]:
    return _tags.decode(facts.tags_text) if facts.tags_text else {}


def _link_tags(facts: EventFacts) -> Mapping[str, Sequence[str]]:
    """Give the tags of the clicked link."""
    found: Any = msgspec.json.decode(facts.detail).get("linkTags") if '"linkTags"' in facts.detail else None
    return found or {}


_SOURCES: Mapping[str, Callable[[EventFacts], Mapping[str, Sequence[str]]]] = {
    "EMAIL_HEADER": _headers,
    "MESSAGE_TAG": _message_tags,
    "LINK_TAG": _link_tags,
}


def _value(dimension: Dimension, found: Mapping[str, Sequence[str]]) -> str:
    """Give the value of a dimension, the first of several: the default where there is none, or none that can be one."""
    name = dimension.name.lower() if dimension.source == "EMAIL_HEADER" else dimension.name
    values = found.get(name)
    return values[0] if values and _VALUE.match(values[0]) else dimension.default


def dimension_sets(target: CloudWatchTarget, facts: EventFacts) -> list[Dimensions]:
    """Give the sets of dimensions under which an event is counted.

    Deviates: SES is said to publish the whole set alone. Each dimension by itself is counted too, so that a question
    that names one of several finds something.
    """
    found = {source: _SOURCES[source](facts) for source in {dimension.source for dimension in target.dimensions}}
    whole: Dimensions = tuple(sorted((one.name, _value(one, found[one.source])) for one in target.dimensions))
    return [whole] if len(whole) < 2 else [whole, *((pair,) for pair in whole)]
