"""Condition operators: how the values of a policy are compared with those of a request.

All conditions of a statement must hold; the values of one key are
alternatives. A key that the request does not have fails a positive
comparison and passes a negated one; with `…IfExists` it passes both.

A key with several values (`ses:Recipients`) wants `ForAllValues:` or
`ForAnyValue:`. Without either it is compared as with `ForAnyValue:`, and
negated as "none of them is".

Refs: IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued
context keys", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from hatobin.protocols.aws.policy.pattern import Pattern, of_parts
from hatobin.protocols.aws.policy.variables import Context, Template, read_template

_SETS = {"forallvalues": "all", "foranyvalue": "any"}
REMEMBERED_ADDRESSES = 4096
"""Pairs of a client's address and a network whose answer is kept: reading both costs more than all else."""
ADDRESS_KEYS = frozenset({"ses:fromaddress", "ses:feedbackaddress", "ses:recipients"})
"""Keys that hold mail addresses."""

Compare = Callable[[str, str], bool]
"""(the request's value, the policy's value) → whether they fit."""
Fits = Callable[[str], bool]
"""A value of a request → whether it fits any value of the policy."""


class UnknownOperator(ValueError):
    """A condition operator that IAM does not have; the message names it."""


class Condition(Struct, frozen=True):
    """One operator on one key. `quantifier` is "", "all" or "any"."""

    operator: str
    quantifier: str
    if_exists: bool
    key: str
    values: tuple[Pattern | Template, ...]
    texts: tuple[str, ...]
    fixed: Fits | None
    """The comparison where it is the same for every request: no value has a variable."""

    def holds(self, context: Context) -> bool:
        """Say whether the condition holds for a request."""
        given = context.get(self.key)
        if self.operator == "null":
            # "true" wants the key to be absent.
            return any((text.lower() == "true") == (given is None) for text in self.texts)
        negated = self.operator in _NEGATED
        if not given:
            if self.quantifier == "all" or self.if_exists:
                return True
            return negated and self.quantifier != "any"
        fits = self.fixed or _comparison(self.operator, self.key, *self._filled(context))
        if not self.quantifier:
            # Negated: "none of them is"; else a second value would open what a Deny with a negated operator closes.
            return _any(fits, given) != negated
        if self.quantifier == "all":
            return all(fits(value) != negated for value in given)
        return any(fits(value) != negated for value in given)

    def _filled(self, context: Context) -> tuple[list[Pattern], list[str]]:
        """Give the values for a request; one that depends on what the request does not have is left out."""
        patterns = [one.pattern(context) if isinstance(one, Template) else one for one in self.values]
        texts = [
            one.text(context) if isinstance(one, Template) else text
            for one, text in zip(self.values, self.texts, strict=True)
        ]
        return [one for one in patterns if one is not None], [one for one in texts if one is not None]


def _any(fits: Fits, given: tuple[str, ...]) -> bool:
    return fits(given[0]) if len(given) == 1 else any(map(fits, given))


def _comparison(operator: str, key: str, patterns: Sequence[Pattern], texts: Sequence[str]) -> Fits:
    """Give the positive comparison of one value of a request with the values of a policy."""
    operator = _NEGATED.get(operator, operator)
    if operator == "arnlike":
        return lambda value: any(_arn_fits(value, pattern) for pattern in patterns)
    if operator == "stringlike":
        single = patterns[0].fits if len(patterns) == 1 else lambda value: any(one.fits(value) for one in patterns)
        return (lambda value: single(value.lower())) if key in ADDRESS_KEYS else single
    compare = _fold if operator == "stringequals" and key in ADDRESS_KEYS else _COMPARE[operator]
    return lambda value: any(compare(value, wanted) for wanted in texts)


def read_condition(operator: str, key: str, values: list[str], *, has_variables: bool) -> Condition:
    """Read one member of a Condition block. Raises `UnknownOperator`."""
    name = operator.lower()
    quantifier = ""
    prefix, colon, rest = name.partition(":")
    if colon:
        if prefix not in _SETS:
            raise UnknownOperator(operator)
        quantifier, name = _SETS[prefix], rest
    if_exists = name.endswith("ifexists")
    name = _SYNONYMS.get(name := name.removesuffix("ifexists"), name)
    if name not in _OPERATORS or (name == "null" and if_exists):
        raise UnknownOperator(operator)
    key = key.lower()
    folds = key in ADDRESS_KEYS and name in ("stringlike", "stringnotlike")
    patterns = tuple(read_template(text.lower() if folds else text, has_variables=has_variables) for text in values)
    plain = [pattern for pattern in patterns if isinstance(pattern, Pattern)]
    fixed = None
    if name != "null" and len(plain) == len(patterns):
        fixed = _comparison(name, key, plain, values)
    return Condition(name, quantifier, if_exists, key, patterns, tuple(values), fixed)


def _same(value: str, wanted: str) -> bool:
    return value == wanted


def _fold(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _number(text: str) -> float:
    """Give a number; not-a-number, which compares as false with everything, for a text that is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _time(text: str) -> float:
    """Give epoch seconds of a W3C date-time or of a number of seconds; not-a-number for another text."""
    number = _number(text)
    if not math.isnan(number):
        return number
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return math.nan
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


@lru_cache(maxsize=REMEMBERED_ADDRESSES)
def _in_network(value: str, wanted: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address) in network


def _same_bytes(value: str, wanted: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except binascii.Error:
        return False


def _arn_fits(value: str, pattern: Pattern) -> bool:
    """Compare ARNs part by part: a wildcard does not reach over a colon, but in the resource it does."""
    wanted: list[list[str]] = [[]]
    for part in pattern.parts:
        if part == ":" and len(wanted) < 6:
            wanted.append([])
        else:
            wanted[-1].append(part)
    given = value.split(":", 5)
    if len(given) != 6 or len(wanted) != 6:
        return pattern.is_everything
    return all(of_parts(one).fits(text) for one, text in zip(wanted, given, strict=True))


_COMPARE: dict[str, Compare] = {
    "stringequals": _same,
    "stringequalsignorecase": _fold,
    "bool": _fold,
    "binaryequals": _same_bytes,
    "ipaddress": _in_network,
    "numericequals": lambda value, wanted: _number(value) == _number(wanted),
    "numericlessthan": lambda value, wanted: _number(value) < _number(wanted),
    "numericlessthanequals": lambda value, wanted: _number(value) <= _number(wanted),
    "numericgreaterthan": lambda value, wanted: _number(value) > _number(wanted),
    "numericgreaterthanequals": lambda value, wanted: _number(value) >= _number(wanted),
    "dateequals": lambda value, wanted: _time(value) == _time(wanted),
    "datelessthan": lambda value, wanted: _time(value) < _time(wanted),
    "datelessthanequals": lambda value, wanted: _time(value) <= _time(wanted),
    "dategreaterthan": lambda value, wanted: _time(value) > _time(wanted),
    "dategreaterthanequals": lambda value, wanted: _time(value) >= _time(wanted),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotlike": "arnlike",
}
# IAM User Guide, "Amazon Resource Name (ARN) condition operators": both behave alike.
_SYNONYMS = {"arnequals": "arnlike", "arnnotequals": "arnnotlike"}
_OPERATORS = frozenset(_COMPARE) | frozenset(_NEGATED) | {"stringlike", "arnlike", "null"}
