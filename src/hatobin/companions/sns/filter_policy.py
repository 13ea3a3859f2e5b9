"""Filter policies: which messages a subscription wants.

A policy is a pattern (`protocols/aws/event_patterns`) over the attributes of a
message or, in the scope MessageBody, over its body, where names may nest. It
is read once into values, then asked per message.

Refs: SNS developer guide, "Amazon SNS subscription filter policies" and
"Filter policy constraints".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

import msgspec

from hatobin.protocols.aws.event_patterns import (
    MAX_DEPTH,
    Dialect,
    JsonValue,
    Pattern,
    PatternInvalid,
    is_choice,
    read_pattern,
)
from hatobin.protocols.aws.json_text import read_json

MAX_POLICY_BYTES = 256 * 1024
MAX_KEYS = 5
MAX_COMBINATIONS = 150
CACHED_POLICIES = 1024

_NUMERIC_LIMIT = 1e9


class Scope(Enum):
    """What a policy looks at; the values are those of FilterPolicyScope."""

    MESSAGE_ATTRIBUTES = "MessageAttributes"
    MESSAGE_BODY = "MessageBody"


class FilterPolicyInvalid(PatternInvalid):
    """The policy cannot be read; the text is the reason as SNS words it."""


_DIALECTS = {
    scope: Dialect(
        name="Filter policy", nests=scope is Scope.MESSAGE_BODY, folds_affixes=False, numeric_limit=_NUMERIC_LIMIT
    )
    for scope in Scope
}


@lru_cache(maxsize=CACHED_POLICIES)
def read_policy(text: str, scope: Scope) -> Pattern:
    """Read a policy document; raises `FilterPolicyInvalid`. The same text is read once."""
    if len(text.encode()) > MAX_POLICY_BYTES:
        raise FilterPolicyInvalid(f"Filter policy is larger than {MAX_POLICY_BYTES} bytes")
    try:
        document = read_json(text)
    except msgspec.DecodeError:
        raise FilterPolicyInvalid("failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise FilterPolicyInvalid("failed to parse JSON.")
    keys, combinations = _size(document, 1)
    if keys > MAX_KEYS:
        raise FilterPolicyInvalid(f"Filter policy can not have more than {MAX_KEYS} keys")
    if combinations > MAX_COMBINATIONS:
        raise FilterPolicyInvalid("Filter policy is too complex")
    try:
        return read_pattern(document, _DIALECTS[scope])
    except PatternInvalid as invalid:
        raise FilterPolicyInvalid(str(invalid)) from None


def matches_body(policy: Pattern, body: str) -> bool:
    """Say whether a message body is wanted; one that is no JSON object never is."""
    try:
        document = read_json(body)
    except msgspec.DecodeError:
        return False
    return isinstance(document, dict) and policy.matches(document)


def attribute_fields(attributes: Mapping[str, tuple[str, str | bytes]]) -> dict[str, JsonValue]:
    """Turn message attributes (name to data type and value) into the fields that policies see.

    A Number is a number, a String.Array the list that it spells; binary
    attributes and values that are not what they claim cannot be matched.
    """
    fields: dict[str, JsonValue] = {}
    for name, (data_type, value) in attributes.items():
        if isinstance(value, bytes):
            continue
        if data_type == "String.Array":
            try:
                fields[name] = read_json(value)
            except msgspec.DecodeError:
                continue
        elif data_type.partition(".")[0] == "Number":
            try:
                fields[name] = float(value)
            except ValueError:
                continue
        else:
            fields[name] = value
    return fields


def _size(document: Mapping[str, JsonValue], depth: int) -> tuple[int, int]:
    """Count the keys, and the combinations: each list's length times its nesting depth, multiplied."""
    keys, combinations = 0, 1
    for name, rule in document.items():
        if name == "$or" and is_choice(rule):
            sizes = [_size(choice, depth) for choice in rule]
            keys += max(size[0] for size in sizes)
            combinations *= sum(size[1] for size in sizes)
        elif isinstance(rule, dict):
            inner_keys, inner_combinations = _size(rule, depth + 1) if depth < MAX_DEPTH else (1, 1)
            keys += inner_keys
            combinations *= inner_combinations
        elif isinstance(rule, list):
            keys += 1
            combinations *= max(1, len(rule)) * depth
    return keys, combinations
