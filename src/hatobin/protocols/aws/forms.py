"""Query input: a form of dotted names becomes nested values, guided by the type.

`Destination.ToAddresses.member.1=a@b.c` is a list inside a structure. Numbers
and booleans that read as such are converted; what does not stays text, and
the validation says so.

Refs: Smithy 2.0, awsQuery protocol, "Request serialization"; for flat lists
and maps the API reference of Amazon SQS 2012-11-05.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from hatobin.protocols.aws.nodes import Kind, ListNode, MapNode, Node, ScalarNode, StructNode
from hatobin.protocols.aws.timestamps import parse_timestamp
from hatobin.protocols.aws.wire import Malformed

# A form may hold this many pairs: a full bulk request with tags stays below it.
MAX_FORM_PAIRS = 20_000
# Names nest this deep; no service model goes beyond ten.
MAX_NAME_PARTS = 32
# In a name or value with more escapes than this, each must be one.
MAX_ODD_ESCAPES = 16

_INTEGER = re.compile(r"[+-]?\d{1,19}\Z", re.ASCII)
_FLOAT = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?\Z", re.ASCII)

Branch = dict[str, Any]


def parse_form(body: bytes) -> dict[str, str]:
    """Read `application/x-www-form-urlencoded` bytes; the last of equal names counts.

    Raises `Malformed` for too many pairs, for bytes that are not UTF-8, and for
    a long text whose percent-encoding is broken.
    """
    if body.count(b"&") >= MAX_FORM_PAIRS:
        raise Malformed(f"Too many parameters: the limit is {MAX_FORM_PAIRS}")
    try:
        return {_text(name): _text(value) for name, _, value in (part.partition(b"=") for part in body.split(b"&"))}
    except UnicodeDecodeError:
        raise Malformed("Unable to parse request (invalid UTF-8 in form data)") from None


def form_values(node: StructNode, form: Mapping[str, str]) -> Branch:
    """Give the nested values of `form` for a structure; names that it does not have are ignored."""
    root: Branch = {}
    for name, value in form.items():
        parts = name.split(".", MAX_NAME_PARTS)
        branch = root
        for part in parts[:-1]:
            step = branch.setdefault(part, {})
            if not isinstance(step, dict):
                # `A=x&A.B=y`: the deeper name counts.
                step = branch[part] = {}
            branch = step
        if not isinstance(branch.get(parts[-1]), dict):
            branch[parts[-1]] = value
    return _structure(node, root)


def scalar_value(node: ScalarNode, text: str) -> Any:
    """Convert one text by its kind; text that does not read as that kind is given back."""
    if node.kind is Kind.STRING:
        return text
    if node.kind is Kind.BLOB:
        # Ruby and Java encoders break Base64 into lines; AWS reads over white space.
        return "".join(text.split()) if "\n" in text or " " in text else text
    if node.kind is Kind.BOOLEAN:
        return {"true": True, "false": False}.get(text.lower(), text)
    if node.kind is Kind.INTEGER:
        return int(text) if _INTEGER.match(text) else text
    if node.kind is Kind.FLOAT:
        return float(text) if _FLOAT.match(text) else text
    at = parse_timestamp(text)
    return text if at is None else at


def _text(data: bytes) -> str:
    if b"+" in data:
        data = data.replace(b"+", b" ")
    return (_unescaped(data) if b"%" in data else data).decode()


def _unescaped(data: bytes) -> bytes:
    """Decode percent-encoding (RFC 3986 §2.1); where there are few escapes, one that is none stands for itself.

    Python's own decoder takes a tenth of a microsecond for each, which for the
    largest body is seconds, and before anybody knows who is calling. So many of
    them are decoded as quoted-printable, which differs only in its sign.
    """
    if data.count(b"%") <= MAX_ODD_ESCAPES:
        return unquote_to_bytes(data)
    decoded = binascii.a2b_qp(data.replace(b"=", b"=3D").replace(b"%", b"="))
    signs = data.count(b"=") + data.count(b"%3D") + data.count(b"%3d")
    # What quoted-printable reads otherwise: an escape that is none leaves its sign, a soft line break leaves nothing.
    is_read_otherwise = data.endswith(b"%") or any(odd in data for odd in (b"%%", b"%=", b"%\n", b"%\r"))
    if is_read_otherwise or decoded.count(b"=") != signs:
        raise Malformed("Unable to parse request (invalid percent-encoding in form data)")
    return decoded


def _structure(node: StructNode, branch: Branch) -> Branch:
    found: Branch = {}
    for member in node.members:
        name = member.wire
        if isinstance(member.node, ListNode | MapNode) and member.node.flat is not None:
            # Old SDKs send the flat name, current models only know the member's.
            name = member.node.flat if member.node.flat in branch else member.wire
        if name in branch:
            found[member.wire] = _value(member.node, branch[name])
    return found


def _value(node: Node, given: Any) -> Any:
    if isinstance(node, ScalarNode):
        return scalar_value(node, given) if isinstance(given, str) else given
    if isinstance(given, str):
        # `Destination.CcAddresses=` is how an empty list or map is sent.
        return {} if isinstance(node, StructNode | MapNode) else []
    if isinstance(node, StructNode):
        return _structure(node, given)
    if isinstance(node, ListNode):
        items = given if node.flat is not None else given.get("member", {})
        return [_value(node.item, item) for item in _in_order(items)]
    entries = given if node.flat is not None else given.get("entry", {})
    pairs = [entry for entry in _in_order(entries) if isinstance(entry, dict)]
    return {entry.get(node.key_name, ""): _value(node.value, entry.get(node.value_name, "")) for entry in pairs}


def _in_order(numbered: Any) -> list[Any]:
    if not isinstance(numbered, dict):
        return []
    return [numbered[key] for key in sorted((key for key in numbered if _INTEGER.match(key)), key=int)]
