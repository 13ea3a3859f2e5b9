"""Which messages a filter policy lets through: one table, one row per rule of the developer guide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatobin.companions.sns.filter_policy import (
    FilterPolicyInvalid,
    Scope,
    attribute_fields,
    matches_body,
    read_policy,
)

STORE = {"store": ("String", "example_corp")}
PRICE = {"price": ("Number", "210.75")}
SPORTS = {"sports": ("String.Array", '["rugby", "baseball", 7, true, null]')}

BY_ATTRIBUTES = [
    ("an empty policy takes all", {}, {}, True),
    ("exact text", {"store": ["example_corp"]}, STORE, True),
    ("exact text is case-sensitive", {"store": ["Example_corp"]}, STORE, False),
    ("any of several", {"store": ["other", "example_corp"]}, STORE, True),
    ("a missing name never matches a value", {"store": ["example_corp"]}, PRICE, False),
    ("all names must match", {"store": ["example_corp"], "price": [210.75]}, STORE | PRICE, True),
    ("one name of two does not do", {"store": ["example_corp"], "price": [3]}, STORE | PRICE, False),
    ("prefix", {"store": [{"prefix": "example"}]}, STORE, True),
    ("prefix elsewhere", {"store": [{"prefix": "corp"}]}, STORE, False),
    ("suffix", {"store": [{"suffix": "corp"}]}, STORE, True),
    ("suffix elsewhere", {"store": [{"suffix": "example"}]}, STORE, False),
    ("ignoring case", {"store": [{"equals-ignore-case": "EXAMPLE_Corp"}]}, STORE, True),
    ("wildcard", {"store": [{"wildcard": "ex*_c*p"}]}, STORE, True),
    ("wildcard must reach the end", {"store": [{"wildcard": "ex*_c"}]}, STORE, False),
    ("wildcard parts do not overlap", {"store": [{"wildcard": "example_corp*corp"}]}, STORE, False),
    ("anything but a list", {"store": [{"anything-but": ["a", "b"]}]}, STORE, True),
    ("anything but, and it is that", {"store": [{"anything-but": "example_corp"}]}, STORE, False),
    ("anything but needs the name", {"other": [{"anything-but": "x"}]}, STORE, False),
    ("anything but a prefix", {"store": [{"anything-but": {"prefix": "exam"}}]}, STORE, False),
    ("anything but a suffix", {"store": [{"anything-but": {"suffix": "x"}}]}, STORE, True),
    ("anything but numbers", {"price": [{"anything-but": [100, 500]}]}, PRICE, True),
    ("exact number", {"price": [210.750]}, PRICE, True),
    ("a number is no text", {"price": ["210.75"]}, PRICE, False),
    ("numeric equal", {"price": [{"numeric": ["=", 210.75]}]}, PRICE, True),
    ("numeric range", {"price": [{"numeric": [">", 100, "<=", 210.75]}]}, PRICE, True),
    ("numeric below the range", {"price": [{"numeric": [">", 210.75, "<", 300]}]}, PRICE, False),
    ("numeric looks at numbers only", {"store": [{"numeric": ["<", 1]}]}, STORE, False),
    ("exists", {"store": [{"exists": True}]}, STORE, True),
    ("exists, and it does not", {"store": [{"exists": True}]}, PRICE, False),
    ("must not exist", {"store": [{"exists": False}]}, PRICE, True),
    ("must not exist, and it does", {"store": [{"exists": False}]}, STORE, False),
    ("missing or equal", {"store": ["x", {"exists": False}]}, PRICE, True),
    ("missing or equal, and different", {"store": ["x", {"exists": False}]}, STORE, False),
    ("any element of an array", {"sports": ["baseball"]}, SPORTS, True),
    ("a number in an array", {"sports": [7]}, SPORTS, True),
    ("true in an array", {"sports": [True]}, SPORTS, True),
    ("true is not one", {"sports": [1]}, SPORTS, False),
    ("null in an array", {"sports": [None]}, SPORTS, True),
    ("anything but of an array: one other element does", {"sports": [{"anything-but": "rugby"}]}, SPORTS, True),
    ("address in a block", {"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": ("String", "10.0.0.255")}, True),
    ("address beyond a block", {"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": ("String", "10.0.1.0")}, False),
    ("binary cannot match", {"data": [{"exists": True}]}, {"data": ("Binary", b"x")}, False),
    ("or, first", {"$or": [{"store": ["example_corp"]}, {"price": [1]}]}, STORE, True),
    ("or, none", {"$or": [{"store": ["x"]}, {"price": [1]}]}, STORE | PRICE, False),
    ("or beside and", {"store": ["example_corp"], "$or": [{"price": [1]}, {"price": [210.75]}]}, STORE | PRICE, True),
    ("$or with one object is a name", {"$or": ["x"]}, {"$or": ("String", "x")}, True),
]


@pytest.mark.parametrize(
    ("policy", "attributes", "wanted"), [row[1:] for row in BY_ATTRIBUTES], ids=[r[0] for r in BY_ATTRIBUTES]
)
def test_policies_by_attributes(policy: Any, attributes: Any, wanted: bool) -> None:
    read = read_policy(json.dumps(policy), Scope.MESSAGE_ATTRIBUTES)
    assert read.matches(attribute_fields(attributes)) is wanted


EVENT = {
    "eventType": "Bounce",
    "mail": {"tags": {"campaign": ["spring", "sale"]}, "headersTruncated": False},
    "bounce": {"bouncedRecipients": [{"status": "5.1.1", "code": 550}, {"status": "5.2.2", "code": 552}]},
}

BY_BODY = [
    ("top level", {"eventType": ["Bounce"]}, True),
    ("nested", {"mail": {"tags": {"campaign": ["sale"]}}}, True),
    ("nested, other value", {"mail": {"tags": {"campaign": ["autumn"]}}}, False),
    ("any object of a list", {"bounce": {"bouncedRecipients": {"status": [{"prefix": "5.2"}]}}}, True),
    ("no object of a list", {"bounce": {"bouncedRecipients": {"code": [{"numeric": [">", 552]}]}}}, False),
    ("false is a value", {"mail": {"headersTruncated": [False]}}, True),
    ("a missing branch", {"complaint": {"feedback": ["abuse"]}}, False),
    ("a branch that must be missing", {"complaint": {"feedback": [{"exists": False}]}}, True),
    ("an object is no value", {"mail": ["x"]}, False),
    ("or inside a branch", {"mail": {"$or": [{"tags": {"campaign": ["x"]}}, {"headersTruncated": [False]}]}}, True),
]


@pytest.mark.parametrize(("policy", "wanted"), [row[1:] for row in BY_BODY], ids=[row[0] for row in BY_BODY])
def test_policies_by_body(policy: Any, wanted: bool) -> None:
    assert matches_body(read_policy(json.dumps(policy), Scope.MESSAGE_BODY), json.dumps(EVENT)) is wanted


@pytest.mark.parametrize("body", ["plain text", "[1]", '"x"', ""])
def test_a_body_that_is_no_object_is_not_wanted(body: str) -> None:
    assert not matches_body(read_policy("{}", Scope.MESSAGE_BODY), body)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "failed to parse JSON"),
        ("[]", "failed to parse JSON"),
        ('{"a": "b"}', '"a" must be an object or an array'),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": {"b": ["c"]}}', "does not support nested"),
        ('{"a": [{"like": "c"}]}', "Unrecognized match type like"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false"),
        ('{"a": [{"numeric": [">"]}]}', "Invalid member in numeric match"),
        ('{"a": [{"numeric": ["~", 1]}]}', "Unrecognized numeric range operator"),
        ('{"a": [{"numeric": [[], 1]}]}', "Unrecognized numeric range operator"),
        ('{"a": [{"numeric": ["=", "1"]}]}', "must be numeric"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
        ('{"a": [{"cidr": "ten"}]}', "Malformed CIDR"),
        ('{"a": [{"anything-but": []}]}', "must not be empty"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed"),
        (json.dumps({f"k{number}": ["v"] for number in range(6)}), "more than 5 keys"),
        (json.dumps({"a": list(range(13)), "b": list(range(12))}), "too complex"),
        (json.dumps({"a": ["x" * 300_000]}), "larger than"),
        ("[" * 5000, "failed to parse JSON"),
    ],
)
def test_policies_that_are_refused(policy: str, reason: str) -> None:
    with pytest.raises(FilterPolicyInvalid, match=reason.replace("[", r"\[")):
        read_policy(policy, Scope.MESSAGE_ATTRIBUTES)


def test_a_policy_nested_without_end_is_refused() -> None:
    policy = '{"a":' * 50 + '["x"]' + "}" * 50
    with pytest.raises(FilterPolicyInvalid, match="too complex"):
        read_policy(policy, Scope.MESSAGE_BODY)
