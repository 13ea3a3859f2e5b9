"""Plain inserts of many rows, several rows in one statement.

`INSERT INTO t (…) VALUES (:a, :b)` for sixteen rows becomes one statement with
sixteen rows of values. Few sizes are made, so the engine keeps them prepared.

Law: https://www.sqlite.org/lang_insert.html; at most 32,766 parameters
(https://www.sqlite.org/limits.html §9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from hatobin.ports.database import Value

FEWEST_ROWS = 4
"""Fewer rows go in one by one."""

_SIZES = (32, 8, 4)
_PLAIN = re.compile(r"\s*(INSERT\s+INTO\s+\w+\s*\([\w\s,]+\)\s*VALUES)\s*\(([\s:\w,]+)\)\s*", re.IGNORECASE)
_NAME = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True)
class MultiRowInsert:
    """The statements for several rows, largest first, and how their values are laid out."""

    names: tuple[str, ...]
    statements: tuple[tuple[int, str], ...]

    def values(self, rows: Sequence[Mapping[str, Value]]) -> tuple[Value, ...]:
        """Give the values of these rows in the order of the statement's parameters."""
        take = itemgetter(*self.names)
        return tuple(chain.from_iterable(map(take, rows)))


@lru_cache(maxsize=256)
def multi_row_insert(sql: str) -> MultiRowInsert | None:
    """Give the form for several rows; None for whatever is not a plain insert of named parameters."""
    match = _PLAIN.fullmatch(sql)
    if match is None:
        return None
    places = [place.strip() for place in match[2].split(",")]
    names = [name[1] for place in places if (name := _NAME.fullmatch(place)) is not None]
    if len(names) != len(places) or len(names) < 2:
        return None
    row = f"({', '.join('?' * len(names))})"
    statements = tuple((rows, f"{match[1]} {', '.join([row] * rows)}") for rows in _SIZES)
    return MultiRowInsert(tuple(names), statements)
