"""Query output: typed values as XML, through writers that are built once per type.

Refs: Smithy 2.0, awsQuery protocol, "Response serialization"; W3C XML 1.0 §2.2
for the characters that no document may hold.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from hatobin.protocols.aws.nodes import Kind, ListNode, MapNode, Node, ScalarNode, StructNode, struct_node
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.timestamps import iso_timestamp

# Appends the content of an element, without its own tags.
Writer = Callable[[Any, list[str]], None]

# A carriage return is written as a reference, or a parser turns it into a line feed (XML 1.0 §2.11).
_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Escape text for XML; characters that XML cannot hold become U+FFFD."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _REFERENCES.get(match[0], "\ufffd"), text)


def write_content(value: Shape, out: list[str]) -> None:
    """Append the members of a structure as elements."""
    structure_writer(type(value))(value, out)


@cache
def structure_writer(kind: type[Shape]) -> Writer:
    """Give the writer of one generated structure."""
    node = struct_node(kind)
    steps = [(attrgetter(member.field), _element(member.node, member.wire)) for member in node.members]

    def write(value: Any, out: list[str]) -> None:
        for get, write_member in steps:
            given = get(value)
            # UNSET leaves out a member that the model requires and SES does not send.
            if given is not None and given is not UNSET:
                write_member(given, out)

    return write


def _element(node: Node, name: str) -> Writer:
    """Give the writer of a member with its tags; flat lists and maps repeat their own name."""
    if isinstance(node, ListNode) and node.flat is not None:
        return _each(_element(node.item, node.flat))
    if isinstance(node, MapNode) and node.flat is not None:
        return _entries(node, node.flat)
    opening, closing, content = f"<{name}>", f"</{name}>", _content(node)

    def write(value: Any, out: list[str]) -> None:
        out.append(opening)
        content(value, out)
        out.append(closing)

    return write


def _content(node: Node) -> Writer:
    if isinstance(node, StructNode):
        return structure_writer(node.type)
    if isinstance(node, ListNode):
        return _each(_element(node.item, "member"))
    if isinstance(node, MapNode):
        return _entries(node, "entry")
    text = _text_of(node)
    return lambda value, out: out.append(text(value))


def _each(write_item: Writer) -> Writer:
    def write(values: list[Any], out: list[str]) -> None:
        for value in values:
            write_item(value, out)

    return write


def _entries(node: MapNode, name: str) -> Writer:
    write_key, write_value = _element(node.key, node.key_name), _element(node.value, node.value_name)

    def write(values: dict[str, Any], out: list[str]) -> None:
        for key, value in values.items():
            out.append(f"<{name}>")
            write_key(key, out)
            write_value(value, out)
            out.append(f"</{name}>")

    return write


def _text_of(node: ScalarNode) -> Callable[[Any], str]:
    if node.kind is Kind.STRING:
        return escape
    if node.kind is Kind.BOOLEAN:
        return lambda value: "true" if value else "false"
    if node.kind is Kind.TIMESTAMP:
        return iso_timestamp
    if node.kind is Kind.BLOB:
        return lambda value: base64.b64encode(value).decode()
    return str
