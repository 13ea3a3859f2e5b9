"""Inputs of operations as plain trees, drawn from botocore's shapes: right, odd, and of the wrong kind.

A tree is what `json` can write, and bytes. Most members are right most of the
time, or no request would come further than the door.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from botocore.model import Shape
from hypothesis import strategies as st

from tests.fuzz.words import BLOBS, MOMENTS, ODD_NUMBERS, ODD_TEXTS, Known

MAX_DEPTH = 6
_COUNTS = (1, 1, 1, 2, 0, 3, 60)
_BOOLEANS = (True, False, True, False, "true", "False", "maybe", 1, None)
_WRONG = (None, True, 0, -1, 1.5, "", "text", [], {}, [None], [[]], {"": None}, [{"a": 1}], {"a": {"b": ["c"]}}, 10**30)


class Chance(Protocol):
    """Where choices come from: Hypothesis, which shrinks what fails, or a seed, which is fast and varied."""

    def below(self, bound: int) -> int:
        """Give a whole number from 0; the plain choice is 0."""
        ...

    def one_of(self, items: Sequence[Any]) -> Any:
        """Give one of these; the plain choice is the first."""
        ...


class Drawn:
    """Choices that Hypothesis makes."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, bound: int) -> int:
        """See `Chance.below`."""
        return int(self._data.draw(_below(bound)))

    def one_of(self, items: Sequence[Any]) -> Any:
        """See `Chance.one_of`."""
        return items[self.below(len(items))]


class Rolled:
    """Choices that a seed makes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, bound: int) -> int:
        """See `Chance.below`."""
        return self._random.randrange(bound)

    def one_of(self, items: Sequence[Any]) -> Any:
        """See `Chance.one_of`."""
        return self._random.choice(items)


@cache
def _below(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


def tree(chance: Chance, shape: Shape, known: Known, service: str) -> dict[str, Any]:
    """Draw an input; a member that it needs is rarely left out, others often."""
    drawn: dict[str, Any] = _Tree(chance, known, service).structure(shape, 0)
    if chance.below(40) == 39:
        drawn[chance.one_of(ODD_TEXTS)] = chance.one_of(_WRONG)
    return drawn


class _Tree:
    """One input while it is drawn."""

    def __init__(self, chance: Chance, known: Known, service: str) -> None:
        self._chance = chance
        self._known = known
        self._service = service

    def structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        """Draw a structure; of a union mostly one member."""
        required = shape.required_members
        if getattr(shape, "is_tagged_union", False):
            required = [self._chance.one_of(sorted(shape.members))]
        drawn = {}
        for name, member in shape.members.items():
            wanted = self._chance.below(40) < 39 if name in required else self._chance.below(3) == 2
            if wanted and (depth < MAX_DEPTH or name in required):
                drawn[name] = self._value(name, member, depth + 1)
        return drawn

    def _value(self, name: str, shape: Shape, depth: int) -> Any:
        if self._chance.below(40) == 39:
            return self._chance.one_of(_WRONG)
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            return self._several(name, shape.member, depth)
        if kind == "map":
            keys = [self._text("key", shape.key) for _ in range(self._chance.below(3))]
            return {key: self._value("value", shape.value, depth + 1) for key in keys}
        return self._scalar(name, shape)

    def _several(self, name: str, shape: Shape, depth: int) -> list[Any]:
        count = self._chance.one_of(_COUNTS)
        if count > 3:
            return [self._value(name, shape, depth + 1)] * count
        return [self._value(name, shape, depth + 1) for _ in range(count)]

    def _scalar(self, name: str, shape: Shape) -> Any:
        kind = shape.type_name
        if kind == "string":
            return self._text(name, shape)
        if kind in ("integer", "long", "float", "double"):
            return self._chance.one_of(ODD_NUMBERS) if self._chance.below(3) == 2 else self._chance.below(61)
        if kind == "boolean":
            return self._chance.one_of(_BOOLEANS)
        return self._chance.one_of(MOMENTS if kind == "timestamp" else BLOBS)

    def _text(self, name: str, shape: Shape) -> str:
        if self._chance.below(8) == 7:
            return str(self._chance.one_of(ODD_TEXTS))
        if shape.enum:
            return str(self._chance.one_of(shape.enum))
        return str(self._chance.one_of(self._known.pool(self._service, name, shape.name)))
