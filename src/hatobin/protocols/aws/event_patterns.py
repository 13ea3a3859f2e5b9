"""Patterns over JSON: which documents have the values that somebody waits for.

A pattern maps names to lists of conditions: all names must match, each by any
of its conditions on any of the values that the document has there; names may
nest. `$or` holds alternatives of which one must match. SNS filter policies and
EventBridge event patterns are such patterns, with differences that `Dialect`
names. A pattern is read once into values, then asked per document.

Refs: SNS developer guide, "Amazon SNS subscription filter policies"; EventBridge user guide, "Comparison operators
for use in event patterns".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 16

JsonValue = Any  # What JSON can hold; its shape is what this module finds out.
Condition = Callable[[JsonValue], bool]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a service's patterns are called, and may have.

    `nests`: objects in objects. `folds_affixes`: a prefix or suffix may be
    `{"equals-ignore-case": …}`. `numeric_limit`: the largest number of a range.
    """

    name: str
    nests: bool
    folds_affixes: bool
    numeric_limit: float


class PatternInvalid(ValueError):
    """The pattern cannot be read; the text is the reason."""


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
class Pattern:
    """A pattern that has been read: everything in it must match."""

    fields: tuple[Field, ...]
    nested: tuple[tuple[str, Pattern], ...]
    alternatives: tuple[tuple[Pattern, ...], ...]

    def matches(self, fields: Mapping[str, JsonValue]) -> bool:
        """Say whether a document with these members is meant."""
        return (
            all(field.matches(fields) for field in self.fields)
            and all(_any_object(pattern, fields.get(name)) for name, pattern in self.nested)
            and all(any(pattern.matches(fields) for pattern in choice) for choice in self.alternatives)
        )


def read_pattern(document: Mapping[str, JsonValue], dialect: Dialect, depth: int = 1) -> Pattern:
    """Read a pattern. Raises `PatternInvalid`."""
    if depth > MAX_DEPTH:
        raise PatternInvalid(f"{dialect.name} is too complex")
    fields: list[Field] = []
    nested: list[tuple[str, Pattern]] = []
    alternatives: list[tuple[Pattern, ...]] = []
    for name, rule in document.items():
        if name == "$or" and is_choice(rule):
            alternatives.append(tuple(read_pattern(choice, dialect, depth + 1) for choice in rule))
        elif isinstance(rule, dict):
            if not dialect.nests:
                raise PatternInvalid("Filter policy scope MessageAttributes does not support nested filter policy")
            nested.append((name, read_pattern(rule, dialect, depth + 1)))
        elif isinstance(rule, list):
            fields.append(_read_field(name, rule, dialect))
        else:
            raise PatternInvalid(f'"{name}" must be an object or an array')
    return Pattern(tuple(fields), tuple(nested), tuple(alternatives))


def is_choice(rule: JsonValue) -> bool:
    """Say whether the value under `$or` is a choice, and not that of an ordinary name."""
    # "$or" with fewer than two objects is an ordinary name: SNS developer guide, "OR logic".
    return isinstance(rule, list) and len(rule) >= 2 and all(isinstance(choice, dict) and choice for choice in rule)


def _read_field(name: str, rule: Sequence[JsonValue], dialect: Dialect) -> Field:
    if not rule:
        raise PatternInvalid("Empty arrays are not allowed")
    conditions: list[Condition] = []
    when_present = when_missing = False
    for item in rule:
        if isinstance(item, dict):
            operator, operand = _single(item)
            if operator == "exists":
                if not isinstance(operand, bool):
                    raise PatternInvalid("exists match pattern must be either true or false.")
                when_present, when_missing = when_present or operand, when_missing or not operand
            else:
                conditions.append(_read_operator(operator, operand, dialect))
        elif isinstance(item, list):
            raise PatternInvalid("Match value must be String, number, true, false, or null")
        else:
            conditions.append(_equals(item))
    return Field(name, tuple(conditions), when_present, when_missing)


def _single(item: Mapping[str, JsonValue]) -> tuple[str, JsonValue]:
    if len(item) != 1:
        raise PatternInvalid("Only one key allowed in match expression")
    return next(iter(item.items()))


def _read_operator(operator: str, operand: JsonValue, dialect: Dialect) -> Condition:
    if operator == "anything-but":
        return _anything_but(operand, dialect)
    if operator == "numeric":
        return _numeric(operand, dialect.numeric_limit)
    if operator not in _TEXT_OPERATORS:
        raise PatternInvalid(f"Unrecognized match type {operator}")
    if dialect.folds_affixes and operator in _FOLDED and isinstance(operand, dict):
        inner, text = _single(operand)
        if inner == "equals-ignore-case" and isinstance(text, str) and text:
            return _FOLDED[operator](text.casefold())
    if not isinstance(operand, str) or not operand:
        raise PatternInvalid(f"{operator} match pattern must be a string")
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


_FOLDED: Mapping[str, Callable[[str], Condition]] = {
    "prefix": lambda text: lambda value: isinstance(value, str) and value.casefold().startswith(text),
    "suffix": lambda text: lambda value: isinstance(value, str) and value.casefold().endswith(text),
}


def _equals_ignore_case(operand: str) -> Condition:
    folded = operand.casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _cidr(operand: str) -> Condition:
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise PatternInvalid(f"Malformed CIDR, {operand}") from None

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


def _anything_but(operand: JsonValue, dialect: Dialect) -> Condition:
    if isinstance(operand, dict):
        operator, inner = _single(operand)
        if operator not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
            raise PatternInvalid(f"Unsupported anything-but pattern: {operator}")
        texts = inner if isinstance(inner, list) else [inner]
        excluded = [_read_operator(operator, text, dialect) for text in texts]
    else:
        values = operand if isinstance(operand, list) else [operand]
        if not values or not all(isinstance(value, str) or _is_number(value) for value in values):
            raise PatternInvalid("Inside anything-but list, number/string are allowed and must not be empty")
        excluded = [_equals(value) for value in values]
    return lambda value: not any(condition(value) for condition in excluded)


def _numeric(operand: JsonValue, limit: float) -> Condition:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise PatternInvalid("Invalid member in numeric match: must be one or two pairs of operator and number")
    tests: list[tuple[str, float]] = []
    for operator, bound in zip(operand[::2], operand[1::2], strict=True):
        if not isinstance(operator, str) or operator not in _COMPARISONS:
            raise PatternInvalid(f"Unrecognized numeric range operator: {operator}")
        if not _is_number(bound) or abs(bound) > limit:
            raise PatternInvalid(f"Value of {operator} must be numeric")
        tests.append((operator, bound))
    if len(tests) == 2 and not (tests[0][0] in (">", ">=") and tests[1][0] in ("<", "<=")):
        raise PatternInvalid("Bad numeric range operator: a range is one of > >= with one of < <=")
    if len(tests) == 2 and tests[0][1] >= tests[1][1]:
        raise PatternInvalid("Bottom must be less than top")
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


def _any_object(pattern: Pattern, value: JsonValue) -> bool:
    """Match an object, or any object of a list; what is not there is an object without members."""
    if isinstance(value, list):
        return any(_any_object(pattern, item) for item in value)
    return pattern.matches(value if isinstance(value, dict) else {})
