"""Where dimensions of a CloudWatch destination take their values from."""

from __future__ import annotations

import json

import pytest

from hatobin.capabilities.configuration_sets import CloudWatchTarget, Dimension
from hatobin.capabilities.metrics import EventFacts
from hatobin.capabilities.metrics.dimensions import dimension_sets

HEAD = json.dumps(
    {"messageId": "1", "headers": [{"name": "X-Kind", "value": "news"}, {"name": "x-kind", "value": "b"}]}
)
TAGS = json.dumps({"campaign": ["spring", "summer"], "ses:from-domain": ["example.com"]})
CLICK = json.dumps({"link": "https://example.com", "linkTags": {"button": ["buy"]}})


def value(found: EventFacts, name: str, source: str, default: str) -> str:
    [[(_, shown)]] = dimension_sets(CloudWatchTarget((Dimension(name, source, default),)), found)
    return shown


def facts(*, head: str = HEAD, tags: str = TAGS, detail: str = "{}") -> EventFacts:
    return EventFacts(head, tags, detail)


@pytest.mark.parametrize(
    ("name", "source", "detail", "expected"),
    [
        ("campaign", "MESSAGE_TAG", "{}", "spring"),
        ("ses:from-domain", "MESSAGE_TAG", "{}", "example.com"),
        ("other", "MESSAGE_TAG", "{}", "default"),
        ("X-KIND", "EMAIL_HEADER", "{}", "news"),
        ("Subject", "EMAIL_HEADER", "{}", "default"),
        ("button", "LINK_TAG", CLICK, "buy"),
        ("button", "LINK_TAG", "{}", "default"),
        ("other", "LINK_TAG", CLICK, "default"),
        ("button", "LINK_TAG", '{"linkTags":null}', "default"),
    ],
)
def test_values(name: str, source: str, detail: str, expected: str) -> None:
    assert value(facts(detail=detail), name, source, "default") == expected


@pytest.mark.parametrize("odd", ["", " ", "鳩", "a\nb", "x" * 1025])
def test_what_cloudwatch_would_not_take_becomes_the_default(odd: str) -> None:
    tags = json.dumps({"campaign": [odd]})
    assert value(facts(tags=tags), "campaign", "MESSAGE_TAG", "none") == "none"


def test_a_message_without_facts_has_defaults() -> None:
    assert value(facts(head="", tags=""), "campaign", "MESSAGE_TAG", "none") == "none"


def test_the_whole_set_counts_and_each_dimension_alone() -> None:
    names = ("campaign", "area")
    target = CloudWatchTarget(tuple(Dimension(name, "MESSAGE_TAG", "none") for name in names))
    whole = (("area", "none"), ("campaign", "spring"))
    assert dimension_sets(target, facts()) == [whole, (whole[0],), (whole[1],)]
    one = CloudWatchTarget(target.dimensions[:1])
    assert dimension_sets(one, facts()) == [(("campaign", "spring"),)]
