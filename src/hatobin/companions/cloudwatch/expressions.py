"""Arithmetic over metrics: `100 * bounces / sends`, and FILL(m, value). Pure.

The part of CloudWatch's metric math that rates are made of: numbers, the ids
of other queries, + - * / ^, parentheses, and FILL with a number, REPEAT or
ABS. What is more (SEARCH, METRICS, SQL, anomaly bands) is refused.

Ref: CloudWatch user guide, "Use metric math": arithmetic of two series has a value where both have one; a division by
zero has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_DEPTH = 32
"""Parentheses and signs inside each other."""

Series = Mapping[int, float]
"""Start of a period → value."""
Given = Mapping[str, Series]

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_][A-Za-z0-9_]*)|([-+*/^(),]))", re.ASCII)


class BadExpression(Exception):
    """An expression that cannot be read, or uses what is not served; the text says which."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A read expression. `names` are the ids that it needs."""

    names: frozenset[str]
    _value: Callable[[Given, range], float | Series]

    def over(self, given: Given, periods: range) -> dict[int, float]:
        """Give its value for each period in which it has one; a number alone has one in every period."""
        value = self._value(given, periods)
        return dict.fromkeys(periods, value) if isinstance(value, float) else dict(value)


def read_expression(text: str) -> Expression:
    """Read an expression. Raises `BadExpression`."""
    return _Reader(text).read()


_Node = Callable[[Given, range], "float | Series"]


class _Reader:
    """Recursive descent, one function per level of precedence."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._position = 0
        self._depth = 0
        self._names: set[str] = set()

    def read(self) -> Expression:
        node = self._sum()
        if self._position < len(self._tokens):
            raise BadExpression(f"Unexpected '{self._tokens[self._position]}'")
        return Expression(frozenset(self._names), node)

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._peek()
        if not token or (wanted and token not in wanted):
            raise BadExpression(f"Expected {wanted[0] if wanted else 'a value'}")
        self._position += 1
        return token

    def _sum(self) -> _Node:
        node = self._product()
        while self._peek() in ("+", "-"):
            node = _both(self._take(), node, self._product())
        return node

    def _product(self) -> _Node:
        node = self._signed()
        while self._peek() in ("*", "/"):
            node = _both(self._take(), node, self._signed())
        return node

    def _signed(self) -> _Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadExpression("The expression is nested too deeply")
        if self._peek() == "-":
            self._take()
            node = _both("-", _number(0.0), self._signed())
        else:
            node = self._power()
        self._depth -= 1
        return node

    def _power(self) -> _Node:
        node = self._value()
        if self._peek() == "^":
            self._take()
            node = _both("^", node, self._signed())
        return node

    def _value(self) -> _Node:
        word = self._take()
        if word == "(":
            node = self._sum()
            self._take(")")
            return node
        if word[0].isdigit() or word[0] == ".":
            return _number(float(word))
        if not word[0].isalpha():
            raise BadExpression(f"Unexpected '{word}'")
        if self._peek() == "(":
            return self._function(word)
        self._names.add(word)
        return lambda given, _: given[word]

    def _function(self, name: str) -> _Node:
        self._take("(")
        if name == "ABS":
            node = self._sum()
            self._take(")")
            return lambda given, periods: _each(abs, node(given, periods))
        if name != "FILL":
            raise BadExpression(f"The function {name} is not served; ABS and FILL are")
        node = self._sum()
        self._take(",")
        if self._peek() == "REPEAT":
            self._take()
            self._take(")")
            return lambda given, periods: _repeated(node(given, periods), periods)
        filling = self._sum()
        self._take(")")
        return lambda given, periods: _filled(node(given, periods), filling(given, periods), periods)


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadExpression(f"Unexpected '{text[position:].strip()[:1]}'")
        found.append(match[1] or match[2] or match[3])
        position = match.end()
    if not found:
        raise BadExpression("The expression is empty")
    return found


def _number(value: float) -> _Node:
    return lambda given, periods: value


def _both(sign: str, left: _Node, right: _Node) -> _Node:
    def value(given: Given, periods: range) -> float | Series:
        one, other = left(given, periods), right(given, periods)
        if isinstance(one, float) and isinstance(other, float):
            result = _computed(sign, one, other)
            return {} if result is None else result
        places = one if not isinstance(one, float) else other
        assert not isinstance(places, float), "one of the two is a series"
        found: dict[int, float] = {}
        for at in places:
            a, b = _at(one, at), _at(other, at)
            result = None if a is None or b is None else _computed(sign, a, b)
            if result is not None:
                found[at] = result
        return found

    return value


def _at(operand: float | Series, at: int) -> float | None:
    return operand if isinstance(operand, float) else operand.get(at)


def _computed(sign: str, one: float, other: float) -> float | None:
    try:
        result = _OPERATIONS[sign](one, other)
    except (ZeroDivisionError, OverflowError):
        return None
    # A root of what is negative is complex, and what is too large is infinite.
    return result if isinstance(result, float) and math.isfinite(result) else None


_OPERATIONS: Mapping[str, Callable[[float, float], object]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "^": lambda one, other: one**other,
}


def _each(function: Callable[[float], float], operand: float | Series) -> float | Series:
    if isinstance(operand, float):
        return function(operand)
    return {at: function(value) for at, value in operand.items()}


def _filled(operand: float | Series, filling: float | Series, periods: range) -> float | Series:
    if isinstance(operand, float):
        return operand
    filled = {at: operand.get(at, _at(filling, at)) for at in periods}
    return {at: value for at, value in filled.items() if value is not None}


def _repeated(operand: float | Series, periods: range) -> float | Series:
    if isinstance(operand, float):
        return operand
    found: dict[int, float] = {}
    last: float | None = None
    for at in periods:
        last = operand.get(at, last)
        if last is not None:
            found[at] = last
    return found
