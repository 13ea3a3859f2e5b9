"""Annotations: the Python type of each shape, with its limits.

Enums and limited scalars become aliases, lists and maps are written in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tools.generate_models.names import type_name
from tools.generate_models.patches import OPEN_ENUMS, PATTERNS, SQS_FLAT_NAMES, SQS_MAP_NAMES

Model = dict[str, Any]

PRIMITIVES = {
    "string": "str",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "blob": "bytes",
    "timestamp": "Timestamp",
}
# JSON numbers beyond this are no useful limit, and msgspec keeps limits in 64 bits.
LARGEST_LIMIT = 2**62


def pattern_source(pattern: str) -> str:
    """Translate a pattern; services match the whole value, so it is anchored here."""
    # Java's \\w, \\d and \\s are ASCII; a translated pattern says itself what it means.
    source = rf"^(?:{PATTERNS[pattern]})\Z" if pattern in PATTERNS else rf"^(?a:{pattern})\Z"
    re.compile(source)
    return source


def _limits(shape: Model) -> list[str]:
    kind, found = shape["type"], []
    low, high = ("ge", "le") if kind in ("integer", "long", "float", "double") else ("min_length", "max_length")
    for trait, name in (("min", low), ("max", high)):
        value = shape.get(trait)
        if value is not None and abs(value) < LARGEST_LIMIT and not (name == "min_length" and value == 0):
            found.append(f"{name}={value}")
    if "pattern" in shape:
        found.append(f"pattern={pattern_source(shape['pattern'])!r}")
        if shape["pattern"] in PATTERNS:
            found.append(f"extra={{'pattern': {shape['pattern']!r}}}")
    return found


@dataclass(frozen=True)
class Types:
    """The annotations of one service's shapes."""

    service: str
    shapes: dict[str, Model]

    def is_alias(self, name: str) -> bool:
        """Say whether a shape gets a name of its own at the top of the module."""
        shape = self.shapes[name]
        return shape["type"] in PRIMITIVES and (self._is_closed_enum(shape) or bool(_limits(shape)))

    def _is_closed_enum(self, shape: Model) -> bool:
        return "enum" in shape and self.service not in OPEN_ENUMS

    def alias_source(self, name: str) -> str:
        """Write one alias."""
        shape = self.shapes[name]
        if self._is_closed_enum(shape):
            return f"{type_name(name)} = Literal[{', '.join(repr(value) for value in shape['enum'])}]"
        return f"{type_name(name)} = Annotated[{PRIMITIVES[shape['type']]}, Meta({', '.join(_limits(shape))})]"

    def annotation(self, name: str, flat_name: str | None = None) -> str:
        """Write the type of a member, item or map value of shape `name`."""
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure" or self.is_alias(name):
            return type_name(name)
        if kind in PRIMITIVES:
            return PRIMITIVES[kind]
        if kind == "list":
            bare = f"list[{self.annotation(shape['member']['shape'])}]"
        elif kind == "map":
            bare = f"dict[{self.annotation(shape['key']['shape'])}, {self.annotation(shape['value']['shape'])}]"
        else:
            raise NotImplementedError(kind)
        meta = _limits(shape)
        if extra := self._wire_names(name, shape, flat_name):
            meta.append(f"extra={extra!r}")
        return f"Annotated[{bare}, Meta({', '.join(meta)})]" if meta else bare

    def _wire_names(self, name: str, shape: Model, flat_name: str | None) -> dict[str, str]:
        if self.service == "sqs":
            extra = {"flat": flat_name or SQS_FLAT_NAMES[name]} if name in SQS_FLAT_NAMES else {}
            if name in SQS_MAP_NAMES:
                extra["key"], extra["value"] = SQS_MAP_NAMES[name]
            return extra
        if shape.get("flattened") or "locationName" in shape.get("member", {}):
            raise NotImplementedError(f"{self.service}.{name}: list names")
        if shape["type"] == "map" and "locationName" in shape["key"]:
            return {"key": shape["key"]["locationName"], "value": shape["value"]["locationName"]}
        return {}

    def referred(self, name: str) -> list[str]:
        """Give the shapes that shape `name` mentions."""
        shape = self.shapes[name]
        members = [member["shape"] for member in shape.get("members", {}).values()]
        return members + [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]

    def reachable(self, roots: list[str]) -> list[str]:
        """Give every shape under `roots`, each once, in the order of the model."""
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.referred(name)
        return [name for name in self.shapes if name in found]
