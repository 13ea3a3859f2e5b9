"""Values on their way into PostgreSQL, and those on their way out that are not what SQLite would give.

Parameters are sent without a type of their own: the server reads each as what
the statement needs there, as SQLite does, and one prepared statement serves
integers, floats and nulls alike. Only in a table of values (`VALUES` in a
subquery) there is no column to take the type from, so there it is sent along.

Text cannot hold U+0000 in PostgreSQL (datatype-character.html), in SQLite it
can. Deviates: such a character is stored as U+FFFD, the replacement
character. Mail contents are bytes and unharmed; in names, subjects and JSON
texts, which AWS refuses with U+0000 in them anyway, it is nobody's intention.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg.types.numeric import NumericBinaryLoader

from hatobin.ports.database import Value

REPLACEMENT = "\ufffd".encode()

Bound = tuple[list[bytes | None], list[int] | None]
"""Values as the protocol carries them, and their formats: None where all are text."""


Types = tuple[int, ...]
_TYPES: Mapping[type, int] = {int: 20, float: 701, str: 25, bytes: 17}  # pg_type.dat: int8, float8, text, bytea.


def types_of(names: tuple[str, ...], parameters: Mapping[str, Value]) -> Types:
    """Give the types of the named parameters, 0 for null; Raises `KeyError` for a missing one."""
    return tuple(_TYPES.get(type(parameters[name]), 0) for name in names)


def bind(names: tuple[str, ...], parameters: Mapping[str, Value]) -> Bound:
    """Encode the named parameters in order. Raises `KeyError` for a missing one."""
    values: list[bytes | None] = []
    formats: list[int] | None = None
    for name in names:
        value = parameters[name]
        if value is None:
            values.append(None)
        elif isinstance(value, str):
            data = value.encode()
            values.append(data if b"\0" not in data else data.replace(b"\0", REPLACEMENT))
        elif isinstance(value, int):  # Also True, as 1.
            values.append(b"%d" % value)
        elif isinstance(value, float):
            values.append(float.__repr__(value).encode())
        elif isinstance(value, bytes):
            formats = formats or [Format.TEXT] * len(names)
            formats[len(values)] = Format.BINARY
            values.append(value)
        else:
            raise TypeError(f"{name} is a {type(value).__name__}, which no column holds")
    return values, formats


class _BooleanAsNumber(Loader):
    """Comparisons give 0 and 1, as in SQLite."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return data[0]


class _Numeric(NumericBinaryLoader):
    """A sum of BIGINT is a NUMERIC; here it is an int again, or a float where it has a fraction."""

    def load(self, data: Buffer) -> int | float:  # type: ignore[override]
        value = super().load(data)
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)


def adapt(connection: psycopg.Connection[object]) -> None:
    """Let a connection give what SQLite gives: numbers for truth values and sums."""
    connection.adapters.register_loader("bool", _BooleanAsNumber)
    connection.adapters.register_loader("numeric", _Numeric)
