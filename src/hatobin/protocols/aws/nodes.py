"""A type seen as a tree of nodes: what the slow paths walk, where msgspec decodes the fast ones.

Built once per structure from its annotations (`msgspec.inspect`), then kept.
Query forms, XML, CBOR and the validation texts all read the same tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from hatobin.protocols.aws.shapes import FLAT, KEY, PATTERN, TIMESTAMP, VALUE, Shape, UnionShape


class Kind(Enum):
    """The scalar kinds, named as services name them in their texts."""

    STRING = "String"
    INTEGER = "Integer"
    FLOAT = "Double"
    BOOLEAN = "Boolean"
    BLOB = "Blob"
    TIMESTAMP = "Timestamp"


@dataclass(frozen=True, slots=True)
class Limits:
    """Constraints on a value: its length where it has one, else itself."""

    low: int | float | None = None
    high: int | float | None = None
    pattern: str | None = None
    shown_pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A leaf."""

    kind: Kind
    limits: Limits


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list; `flat` is the name of its members where Query repeats them without a level of their own."""

    item: Node
    limits: Limits
    flat: str | None


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map with string keys."""

    key: ScalarNode
    value: Node
    limits: Limits
    flat: str | None
    key_name: str
    value_name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: its field, its name on the wire, its type."""

    field: str
    wire: str
    node: Node
    is_required: bool


@dataclass(frozen=True, slots=True)
class StructNode:
    """A structure."""

    type: type[Shape]
    members: tuple[Member, ...]
    is_union: bool


Node = ScalarNode | ListNode | MapNode | StructNode


@cache
def struct_node(kind: type[Shape]) -> StructNode:
    """Give the tree of a generated structure."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return _struct(info)


def _struct(info: inspect.StructType) -> StructNode:
    assert issubclass(info.cls, Shape)
    members = tuple(Member(f.name, f.encode_name, _node(f.type), f.required) for f in info.fields)
    return StructNode(info.cls, members, issubclass(info.cls, UnionShape))


def _node(info: inspect.Type) -> Node:
    extra: dict[str, Any] = {}
    if isinstance(info, inspect.UnionType):
        (info,) = (kind for kind in info.types if not isinstance(kind, inspect.NoneType))
    while isinstance(info, inspect.Metadata):
        extra |= info.extra or {}
        info = info.type
    if isinstance(info, inspect.StructType):
        return _struct(info)
    if isinstance(info, inspect.ListType):
        return ListNode(_node(info.item_type), Limits(info.min_length, info.max_length), extra.get(FLAT))
    if isinstance(info, inspect.DictType):
        key, value = _node(info.key_type), _node(info.value_type)
        assert isinstance(key, ScalarNode)
        limits = Limits(info.min_length, info.max_length)
        return MapNode(key, value, limits, extra.get(FLAT), extra.get(KEY, "key"), extra.get(VALUE, "value"))
    return _scalar(info, extra)


def _scalar(info: inspect.Type, extra: dict[str, Any]) -> ScalarNode:
    if isinstance(info, inspect.StrType):
        pattern = info.pattern
        shown = extra.get(PATTERN) or (_bare(pattern) if pattern else None)
        return ScalarNode(Kind.STRING, Limits(info.min_length, info.max_length, pattern, shown))
    if isinstance(info, inspect.LiteralType):
        return ScalarNode(Kind.STRING, Limits(values=tuple(str(value) for value in info.values)))
    if isinstance(info, inspect.IntType):
        return ScalarNode(Kind.INTEGER, Limits(info.ge, info.le))
    if isinstance(info, inspect.FloatType):
        return ScalarNode(Kind.TIMESTAMP if extra.get(TIMESTAMP) else Kind.FLOAT, Limits(info.ge, info.le))
    if isinstance(info, inspect.BoolType):
        return ScalarNode(Kind.BOOLEAN, Limits())
    if isinstance(info, inspect.BytesType):
        return ScalarNode(Kind.BLOB, Limits(info.min_length, info.max_length))
    raise TypeError(f"no node for {info!r}")


def _bare(pattern: str) -> str:
    """Take off the anchoring that the generator put around a service's pattern."""
    return pattern.removeprefix("^(?a:").removesuffix(r")\Z")


def wire_value(value: object) -> Any:
    """Give a structure as plain dicts and lists, with bytes kept as bytes."""
    return msgspec.to_builtins(value, builtin_types=(bytes,))
