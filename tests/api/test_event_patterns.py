"""Event patterns of rules: what they match, and what is wrong with those that cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.buses import Bus, refusal
from tests.api.harness import ACCOUNT, REGION, Api


@pytest.fixture
def bus(api: Api) -> Bus:
    return Bus(api)


@pytest.mark.parametrize(
    ("pattern", "matches", "differs"),
    [
        ({"detail": {"a": ["x"]}}, {"a": "x"}, {"a": "y"}),
        ({"detail": {"a": ["x"]}}, {"a": ["z", "x"]}, {"b": "x"}),
        ({"detail": {"a": [1]}}, {"a": 1.0}, {"a": True}),
        ({"detail": {"a": [None]}}, {"a": None}, {}),
        ({"detail": {"a": [{"prefix": "ab"}]}}, {"a": "abc"}, {"a": "xabc"}),
        ({"detail": {"a": [{"prefix": {"equals-ignore-case": "AB"}}]}}, {"a": "abc"}, {"a": "cab"}),
        ({"detail": {"a": [{"suffix": ".png"}]}}, {"a": "x.png"}, {"a": "x.PNG"}),
        ({"detail": {"a": [{"suffix": {"equals-ignore-case": ".png"}}]}}, {"a": "x.PNG"}, {"a": "x.gif"}),
        ({"detail": {"a": [{"anything-but": ["x", "y"]}]}}, {"a": "z"}, {"a": "x"}),
        ({"detail": {"a": [{"anything-but": {"prefix": "x"}}]}}, {"a": "z"}, {"a": "xy"}),
        ({"detail": {"a": [{"numeric": [">", 0, "<=", 5]}]}}, {"a": 5}, {"a": 0}),
        ({"detail": {"a": [{"exists": False}]}}, {}, {"a": 1}),
        ({"detail": {"a": [{"exists": True}]}}, {"a": None}, {}),
        ({"detail": {"a": [{"cidr": "10.0.0.0/24"}]}}, {"a": "10.0.0.9"}, {"a": "10.0.1.9"}),
        ({"detail": {"a": [{"equals-ignore-case": "abc"}]}}, {"a": "ABC"}, {"a": "AB"}),
        ({"detail": {"a": [{"wildcard": "a*c*e"}]}}, {"a": "abcde"}, {"a": "abcd"}),
        ({"detail": {"$or": [{"a": ["x"]}, {"b": [{"numeric": ["<", 3]}]}]}}, {"b": 2}, {"a": "y", "b": 3}),
        ({"detail": {"a": {"b": ["x"]}}}, {"a": [{"b": "y"}, {"b": "x"}]}, {"a": {"c": "x"}}),
        ({"detail": {"a": ["x"]}, "source": ["app"]}, {"a": "x"}, {"a": "X"}),
    ],
)
def test_patterns(bus: Bus, pattern: Any, matches: Any, differs: Any) -> None:
    bus.rule(pattern)
    bus.put(differs)
    bus.put(matches)
    assert [one["detail"] for one in bus.bodies()] == [matches]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("no json", "Filter is not an object"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty patterns are not allowed"),
        ('{"source": "aws.ses"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"source": [{"like": "x"}]}', "Unrecognized match type like"),
        ('{"source": [{"numeric": [">", 6000000000]}]}', "Value of > must be numeric"),
        ('{"source": [["x"]]}', "Match value must be String, number, true, false, or null"),
        (
            json.dumps({f"x{n}": {"$or": [{"a": [1]}, {"b": [1]}]} for n in range(10)}),
            "Rule is too complex - try using fewer $or conditions",
        ),
        (json.dumps({"a": [1]}).replace("1", '{"exists": 1}'), "exists match pattern must be either true or false."),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_with_its_reason(bus: Bus, pattern: str, reason: str) -> None:
    code, text = refusal(bus.client.put_rule, Name="r", EventPattern=pattern)
    assert (code, text) == ("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


def test_a_pattern_may_be_tried(bus: Bus) -> None:
    event = {
        **{"id": "1", "account": ACCOUNT, "source": "app", "time": "2026-01-01T00:00:00Z", "region": REGION},
        **{"resources": [], "detail-type": "x", "detail": {"a": 1}},
    }
    pattern = json.dumps({"detail": {"a": [1]}})
    assert bus.client.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] is True
    event["detail"] = {"a": 2}
    assert bus.client.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] is False
    del event["id"]
    assert refusal(bus.client.test_event_pattern, EventPattern=pattern, Event=json.dumps(event)) == (
        "ValidationException",
        "Parameter Event is not valid. Reason: id is a required argument.",
    )
