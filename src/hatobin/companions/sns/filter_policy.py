"""Filter policies: which messages a subscription wants.

A policy maps names to lists of conditions: all names must match, each by any
of its conditions on any of the values that the message has there. In the
scope MessageBody names may nest. `$or` holds alternatives of which one must
match. A policy is read once into values, then asked per message.

Refs: SNS developer guide, "Amazon SNS subscription filter policies" and
"Filter policy constraints".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec

from hatobin.protocols.aws.json_text import read_json

MAX_POLICY_BYTES = 256 * 1024
MAX_KEYS = 5
MAX_COMBINATIONS = 150
MAX_DEPTH = 16
CACHED_POLICIES = 1024

JsonValue = Any  # What JSON can hold; its shape is what this module finds out.
Condition = Callable[[JsonValue], bool]

_NUMERIC_LIMIT = 1e9


class Scope(Enum):
    """What a policy looks at; the values are those of FilterPolicyScope."""

    MESSAGE_ATTRIBUTES = "MessageAttributes"
    MESSAGE_BODY = "MessageBody"


class FilterPolicyInvalid(ValueError):
    """The policy cannot be read; the text is the reason as SNS words it."""


@dataclass(frozen=True, slots=True)
class Field:
    """The conditions on one name. `when_present` / `when_missing` are what `exists` decides."""

    name: str
    conditions: tuple[Condition, ...]
    when_present: bool
    when_missing: bool

    def matches(self, fields: Mapping[str, JsonValue]) -> bool:
        """Say whether the values under this name satisfy any condition."""
        if self.name not in fields:
            return self.when_missing
        if self.when_present:
            return True
        return any(condition(value) for value in _leaves(fields[self.name]) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """A policy that has been read: everything in it must match."""

    fields: tuple[Field, ...]
    nested: tuple[tuple[str, FilterPolicy], ...]
    alternatives: tuple[tuple[FilterPolicy, ...], ...]

    def matches(self, fields: Mapping[str, JsonValue]) -> bool:
        """Say whether a message with these fields is wanted."""
        return (
            all(field.matches(fields) for field in self.fields)
            and all(_any_object(policy, fields.get(name)) for name, policy in self.nested)
            and all(any(policy.matches(fields) for policy in choice) for choice in self.alternatives)
        )


@lru_cache(maxsize=CACHED_POLICIES)
def read_policy(text: str, scope: Scope) -> FilterPolicy:
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
    return _read_object(document, scope, 1)


def matches_body(policy: FilterPolicy, body: str) -> bool:
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


def _read_object(document: Mapping[str, JsonValue], scope: Scope, depth: int) -> FilterPolicy:
    if depth > MAX_DEPTH:
        raise FilterPolicyInvalid("Filter policy is too complex")
    fields: list[Field] = []
    nested: list[tuple[str, FilterPolicy]] = []
    alternatives: list[tuple[FilterPolicy, ...]] = []
    for name, rule in document.items():
        if name == "$or" and _is_choice(rule):
            alternatives.append(tuple(_read_object(choice, scope, depth + 1) for choice in rule))
        elif isinstance(rule, dict):
            if scope is Scope.MESSAGE_ATTRIBUTES:
                raise FilterPolicyInvalid("Filter policy scope MessageAttributes does not support nested filter policy")
            nested.append((name, _read_object(rule, scope, depth + 1)))
        elif isinstance(rule, list):
            fields.append(_read_field(name, rule))
        else:
            raise FilterPolicyInvalid(f'"{name}" must be an object or an array')
    return FilterPolicy(tuple(fields), tuple(nested), tuple(alternatives))


def _is_choice(rule: JsonValue) -> bool:
    # "$or" with fewer than two objects is an ordinary name: SNS developer guide, "OR logic".
    return isinstance(rule, list) and len(rule) >= 2 and all(isinstance(choice, dict) and choice for choice in rule)


def _size(document: Mapping[str, JsonValue], depth: int) -> tuple[int, int]:
    """Count the keys, and the combinations: each list's length times its nesting depth, multiplied."""
    keys, combinations = 0, 1
    for name, rule in document.items():
        if name == "$or" and _is_choice(rule):
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


def _read_field(name: str, rule: Sequence[JsonValue]) -> Field:
    if not rule:
        raise FilterPolicyInvalid("Empty arrays are not allowed")
    conditions: list[Condition] = []
    when_present = when_missing = False
    for item in rule:
        if isinstance(item, dict):
            operator, operand = _single(item)
            if operator == "exists":
                if not isinstance(operand, bool):
                    raise FilterPolicyInvalid("exists match pattern must be either true or false.")
                when_present, when_missing = when_present or operand, when_missing or not operand
            else:
                conditions.append(_read_operator(operator, operand))
        elif isinstance(item, list):
            raise FilterPolicyInvalid("Match value must be String, number, true, false, or null")
        else:
            conditions.append(_equals(item))
    return Field(name, tuple(conditions), when_present, when_missing)


def _single(item: Mapping[str, JsonValue]) -> tuple[str, JsonValue]:
    if len(item) != 1:
        raise FilterPolicyInvalid("Only one key allowed in match expression")
    return next(iter(item.items()))


def _read_operator(operator: str, operand: JsonValue) -> Condition:
    if operator == "anything-but":
        return _anything_but(operand)
    if operator == "numeric":
        return _numeric(operand)
    if operator not in _TEXT_OPERATORS:
        raise FilterPolicyInvalid(f"Unrecognized match type {operator}")
    if not isinstance(operand, str) or not operand:
        raise FilterPolicyInvalid(f"{operator} match pattern must be a string")
    return _TEXT_OPERATORS[operator](operand)


def _equals(wanted: JsonValue) -> Condition:
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    # In Python True equals 1, in JSON it does not.
    return lambda value: type(value) is type(wanted) and value == wanted


def _prefix(operand: str) -> Condition:
    return lambda value: isinstance(value, str) and value.startswith(operand)


def _suffix(operand: str) -> Condition:
    return lambda value: isinstance(value, str) and value.endswith(operand)


def _equals_ignore_case(operand: str) -> Condition:
    folded = operand.casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _cidr(operand: str) -> Condition:
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise FilterPolicyInvalid(f"Malformed CIDR, {operand}") from None

    def inside(value: JsonValue) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return inside


def _wildcard(operand: str) -> Condition:
    first, *rest = operand.split("*")

    def fits(value: JsonValue) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        if not rest:
            return value == first
        position = len(first)
        for part in rest[:-1]:
            position = value.find(part, position)
            if position < 0:
                return False
            position += len(part)
        return len(value) - len(rest[-1]) >= position and value.endswith(rest[-1])

    return fits


_TEXT_OPERATORS: Mapping[str, Callable[[str], Condition]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "cidr": _cidr,
    "wildcard": _wildcard,
}


def _anything_but(operand: JsonValue) -> Condition:
    if isinstance(operand, dict):
        operator, inner = _single(operand)
        if operator not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
            raise FilterPolicyInvalid(f"Unsupported anything-but pattern: {operator}")
        texts = inner if isinstance(inner, list) else [inner]
        excluded = [_read_operator(operator, text) for text in texts]
    else:
        values = operand if isinstance(operand, list) else [operand]
        if not values or not all(isinstance(value, str) or _is_number(value) for value in values):
            raise FilterPolicyInvalid("Inside anything-but list, number/string are allowed and must not be empty")
        excluded = [_equals(value) for value in values]
    return lambda value: not any(condition(value) for condition in excluded)


def _numeric(operand: JsonValue) -> Condition:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise FilterPolicyInvalid("Invalid member in numeric match: must be one or two pairs of operator and number")
    tests: list[tuple[str, float]] = []
    for operator, bound in zip(operand[::2], operand[1::2], strict=True):
        if not isinstance(operator, str) or operator not in _COMPARISONS:
            raise FilterPolicyInvalid(f"Unrecognized numeric range operator: {operator}")
        if not _is_number(bound) or abs(bound) > _NUMERIC_LIMIT:
            raise FilterPolicyInvalid(f"Value of {operator} must be numeric")
        tests.append((operator, bound))
    if len(tests) == 2 and not (tests[0][0] in (">", ">=") and tests[1][0] in ("<", "<=")):
        raise FilterPolicyInvalid("Bad numeric range operator: a range is one of > >= with one of < <=")
    if len(tests) == 2 and tests[0][1] >= tests[1][1]:
        raise FilterPolicyInvalid("Bottom must be less than top")
    return lambda value: _is_number(value) and all(_COMPARISONS[name](value, bound) for name, bound in tests)


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, dict):
        yield value


def _any_object(policy: FilterPolicy, value: JsonValue) -> bool:
    """Match an object, or any object of a list; what is not there is an object without members."""
    if isinstance(value, list):
        return any(_any_object(policy, item) for item in value)
    return policy.matches(value if isinstance(value, dict) else {})
