"""What is wrong with a request, in AWS's words.

The slow path: only a request that its type refused is walked here, first for
values of the wrong kind (AWS stops at the first), then for every violated
constraint at once.

Observed (Floci's probes of SES v2, `surface.md` appendix E): the wording, the
lower first letter of every member in a path, `list.1.member.name` for members
inside lists, and scalars in lists reported at the list itself.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hatobin.protocols.aws.nodes import Kind, Limits, ListNode, MapNode, Member, Node, ScalarNode, StructNode
from hatobin.protocols.aws.timestamps import parse_timestamp
from hatobin.protocols.aws.wire import Malformed

# An answer lists at most this many violations.
MAX_VIOLATIONS = 50

# Observed: services list enum values in an order of their own; where it is not the alphabet's it is noted here.
_SHOWN_ORDERS = {
    frozenset(order): order for order in (("ENABLED", "DISABLED"), ("TENANT", "ACCOUNT"), ("Enabled", "Disabled"))
}
_ARTICLES = {Kind.STRING: "a String", Kind.INTEGER: "an Integer", Kind.FLOAT: "a Double", Kind.BOOLEAN: "a Boolean"}
_MISSING = "Member must not be null"


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that is not met, and where. `is_missing` is a required member without value."""

    path: str
    constraint: str
    is_missing: bool

    @property
    def text(self) -> str:
        """The sentence that stands in the answer."""
        return f"Value at '{self.path}' failed to satisfy constraint: {self.constraint}"


def violations(node: StructNode, values: Any) -> list[Violation]:
    """List every constraint that `values` violate, in the order of the members."""
    found: list[Violation] = []
    for violation in _structure(node, values, ""):
        found.append(violation)
        if len(found) == MAX_VIOLATIONS:
            break
    return found


def violations_text(found: list[Violation]) -> str:
    """Word violations as one message: "2 validation errors detected: …; …"."""
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(violation.text for violation in found)}"


def coerced(node: Node, value: Any) -> Any:
    """Give `value` with what AWS reads leniently set right; raises `Malformed` for a wrong kind.

    Lenient are Base64 with white space, moments as ISO 8601 text, and whole
    numbers written with a fraction, which is cut off.
    """
    if value is None:
        return None
    if isinstance(node, StructNode):
        given = _object(value, "Expected null")
        return {m.wire: coerced(m.node, given[m.wire]) for m in node.members if m.wire in given}
    if isinstance(node, MapNode):
        given = _object(value, "Expected map or null")
        return {str(key): coerced(node.value, item) for key, item in given.items()}
    if isinstance(node, ListNode):
        if isinstance(value, dict):
            raise Malformed("Start of structure or map found where not expected.")
        if not isinstance(value, list):
            raise Malformed("Expected list or null")
        return [coerced(node.item, item) for item in value]
    return _coerced_scalar(node, value)


def _object(value: Any, expectation: str) -> dict[str, Any]:
    if isinstance(value, list):
        raise Malformed("Start of list found where not expected")
    if not isinstance(value, dict):
        raise Malformed(expectation)
    return value


def _coerced_scalar(node: ScalarNode, value: Any) -> Any:
    if isinstance(value, dict):
        raise Malformed("Start of structure or map found where not expected.")
    if isinstance(value, list):
        raise Malformed("Start of list found where not expected")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if node.kind is Kind.STRING and isinstance(value, str):
        return value
    if node.kind is Kind.BOOLEAN and isinstance(value, bool):
        return value
    if node.kind is Kind.INTEGER and is_number and abs(value) < 2**63:
        return int(value)
    if node.kind is Kind.FLOAT and is_number and _is_double(value):
        return float(value)
    if node.kind is Kind.TIMESTAMP:
        return _coerced_timestamp(value, is_number)
    if node.kind is Kind.BLOB:
        return _coerced_blob(value)
    raise Malformed(f"{_json_kind(value)} can not be converted to {_ARTICLES[node.kind]}")


def _coerced_timestamp(value: Any, is_number: bool) -> float:
    at = float(value) if is_number and _is_double(value) else parse_timestamp(value) if isinstance(value, str) else None
    if at is None:
        raise Malformed(f"{_json_kind(value)} can not be converted to a Timestamp")
    return at


def _is_double(value: int | float) -> bool:
    """Say whether a number is one that a double can hold; integers may have any number of digits."""
    return abs(value) <= sys.float_info.max


def _coerced_blob(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise Malformed(f"{_json_kind(value)} can not be converted to a ByteBuffer")
    text = "".join(value.split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("Invalid Base64 encoded value") from None


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _structure(node: StructNode, values: Any, prefix: str) -> Iterator[Violation]:
    given = values if isinstance(values, dict) else {}
    for member in node.members:
        value = given.get(member.wire)
        path = prefix + _path_name(member)
        if value is not None:
            yield from _value(member.node, value, path)
        elif member.is_required:
            yield Violation(path, _MISSING, is_missing=True)
    if node.is_union and sum(value is not None for value in given.values()) != 1:
        yield Violation(prefix.removesuffix("."), "Member must have exactly one member set", is_missing=False)


def _value(node: Node, value: Any, path: str) -> Iterator[Violation]:
    if isinstance(node, StructNode):
        yield from _structure(node, value, f"{path}.")
    elif isinstance(node, ScalarNode):
        yield from _of(_broken(node, value), path)
    else:
        yield from _of(_broken_lengths(node.limits, len(value)), path)
        if isinstance(node, ListNode):
            yield from _items(node.item, value, path, "member")
        else:
            yield from _items(node.key, list(value), path, "key")
            yield from _items(node.value, list(value.values()), path, "value")


def _items(node: Node, values: list[Any], path: str, role: str) -> Iterator[Violation]:
    if isinstance(node, ScalarNode):
        if any(value is None for value in values):
            yield Violation(path, f"Member must satisfy constraint: [{_MISSING}]", is_missing=False)
        elif any(_broken(node, value) for value in values):
            constraints = ", ".join(_all_constraints(node))
            yield Violation(path, f"Member must satisfy constraint: [{constraints}]", is_missing=False)
        return
    for index, value in enumerate(values, 1):
        if value is None:
            yield Violation(f"{path}.{index}.{role}", _MISSING, is_missing=False)
        else:
            yield from _value(node, value, f"{path}.{index}.{role}")


def _of(constraints: list[str], path: str) -> Iterator[Violation]:
    return (Violation(path, constraint, is_missing=False) for constraint in constraints)


def _path_name(member: Member) -> str:
    return member.wire[:1].lower() + member.wire[1:]


def _broken(node: ScalarNode, value: Any) -> list[str]:
    """Give the constraints that one scalar does not meet."""
    limits = node.limits
    if limits.values:
        return [] if value in limits.values else _all_constraints(node)
    if node.kind in (Kind.STRING, Kind.BLOB):
        found = _broken_lengths(limits, len(value))
        if limits.pattern is not None and re.search(limits.pattern, value) is None:
            found.append(_pattern_text(limits))
        return found
    found = []
    if limits.high is not None and value > limits.high:
        found.append(f"Member must have value less than or equal to {limits.high}")
    if limits.low is not None and value < limits.low:
        found.append(f"Member must have value greater than or equal to {limits.low}")
    return found


def _broken_lengths(limits: Limits, length: int) -> list[str]:
    found = []
    if limits.high is not None and length > limits.high:
        found.append(_longest_text(limits))
    if limits.low is not None and length < limits.low:
        found.append(_shortest_text(limits))
    return found


def _all_constraints(node: ScalarNode) -> list[str]:
    """Give everything that a scalar must meet, the way it is quoted for the members of a list."""
    limits = node.limits
    if limits.values:
        order = _SHOWN_ORDERS.get(frozenset(limits.values), limits.values)
        return [f"Member must satisfy enum value set: [{', '.join(order)}]"]
    found = []
    if limits.high is not None:
        found.append(_longest_text(limits))
    if limits.low is not None:
        found.append(_shortest_text(limits))
    if limits.pattern is not None:
        found.append(_pattern_text(limits))
    return found


def _longest_text(limits: Limits) -> str:
    return f"Member must have length less than or equal to {limits.high}"


def _shortest_text(limits: Limits) -> str:
    return f"Member must have length greater than or equal to {limits.low}"


def _pattern_text(limits: Limits) -> str:
    return f"Member must satisfy regular expression pattern: {limits.shown_pattern}"
