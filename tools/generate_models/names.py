"""Names: from the wire's PascalCase to Python's snake_case, and safe type names."""

from __future__ import annotations

import keyword
import re

_BEFORE_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_BEFORE_CAPITAL = re.compile(r"([a-z0-9])([A-Z])")


def field_name(wire_name: str) -> str:
    """Give the snake_case name of a member; a Python keyword, and what a module imports, gets a final underscore."""
    name = _BEFORE_CAPITAL.sub(r"\1_\2", _BEFORE_WORD.sub(r"\1_\2", wire_name)).lower()
    return f"{name}_" if keyword.iskeyword(name) or name == "field" else name


def is_regular(wire_name: str) -> bool:
    """Say whether msgspec's `rename="pascal"` leads back from the field to `wire_name`."""
    return "".join(part[:1].upper() + part[1:] for part in field_name(wire_name).split("_")) == wire_name


def module_name(service: str) -> str:
    """Give the name of a service's module.

    >>> module_name("sns"), module_name("lambda")
    ('sns', 'lambda_')
    """
    return f"{service}_" if keyword.iskeyword(service) else service


def type_name(shape_name: str) -> str:
    """Give a shape's type name: fields are lower case, so types never are."""
    return shape_name[0].upper() + shape_name[1:]
