"""The few XML documents that S3 reads: what to delete, what to put together, where to make a bucket.

Read with expat, without DTDs, within bounds: deeper, longer or otherwise shaped
documents are MalformedXML.

Refs: Amazon S3 API Reference, DeleteObjects, CompleteMultipartUpload, CreateBucket.
"""

from __future__ import annotations

from itertools import pairwise
from xml.parsers import expat

from msgspec import Struct

from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.errors import refusal

MAX_DOCUMENT_OCTETS = 4 * 1024 * 1024
"""10,000 parts with two checksums each, or 1,000 keys of 1,024 octets in references, fit."""

MAX_PARTS = 10_000
MAX_DELETED = 1_000
_MAX_DEPTH = 6

# A name, its text, its elements.
Node = tuple[str, list[str], "list[Node]"]


class Deletion(Struct, frozen=True):
    """Keys to delete; each may be bound to an ETag. `is_quiet`: only failures are reported."""

    keys: tuple[tuple[str, str | None], ...]
    is_quiet: bool


class NamedPart(Struct, frozen=True):
    """A part as the client names it at the end. `checksum` is an algorithm with its value."""

    number: int
    etag: str
    checksum: tuple[str, str] | None


def read_deletion(body: bytes) -> Deletion:
    """Read a `Delete` document. Raises `S3Error`."""
    root = _parse(body, "Delete")
    keys: list[tuple[str, str | None]] = []
    is_quiet = False
    for name, _, elements in root[2]:
        if name == "Object":
            fields = _fields(elements)
            if "Key" not in fields or not fields["Key"]:
                raise refusal("MalformedXML")
            if fields.get("VersionId", "null") != "null":
                raise refusal("NotImplemented", "Versions of objects are not implemented.")
            keys.append((fields["Key"], fields.get("ETag")))
        elif name == "Quiet":
            is_quiet = _text((name, _, elements)).lower() == "true"
    if not 1 <= len(keys) <= MAX_DELETED:
        raise refusal("MalformedXML")
    return Deletion(tuple(keys), is_quiet)


def read_parts(body: bytes) -> list[NamedPart]:
    """Read a `CompleteMultipartUpload` document. Raises `S3Error`, also for parts out of order."""
    parts: list[NamedPart] = []
    for name, _, elements in _parse(body, "CompleteMultipartUpload")[2]:
        if name != "Part":
            raise refusal("MalformedXML")
        fields = _fields(elements)
        number = fields.get("PartNumber", "")
        if not (number.isascii() and number.isdigit()) or len(number) > 5 or "ETag" not in fields:
            raise refusal("MalformedXML")
        stated = [
            (algorithm, fields[f"Checksum{algorithm}"])
            for algorithm in checksums.ALGORITHMS
            if f"Checksum{algorithm}" in fields
        ]
        parts.append(NamedPart(int(number), fields["ETag"].strip().strip('"'), stated[0] if stated else None))
    if not 1 <= len(parts) <= MAX_PARTS:
        raise refusal("MalformedXML")
    if any(after.number <= before.number for before, after in pairwise(parts)):
        raise refusal("InvalidPartOrder")
    return parts


def read_location(body: bytes) -> str:
    """Read the region of a `CreateBucketConfiguration`; empty for an empty body. Raises `S3Error`."""
    if not body.strip():
        return ""
    fields = {name: (name, text, elements) for name, text, elements in _parse(body, "CreateBucketConfiguration")[2]}
    if "Location" in fields or "Bucket" in fields or fields.get("Tags", ("", [], []))[2]:
        raise refusal("NotImplemented", "Directory buckets and tags of buckets are not implemented.")
    return _text(fields["LocationConstraint"]) if "LocationConstraint" in fields else ""


def _fields(elements: list[Node]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for node in elements:
        if node[0] in fields:
            raise refusal("MalformedXML")
        fields[node[0]] = _text(node)
    return fields


def _text(node: Node) -> str:
    if node[2]:
        raise refusal("MalformedXML")
    return "".join(node[1])


def _parse(body: bytes, root: str) -> Node:
    """Build the tree of a small document; names without their namespace."""
    top: Node = ("", [], [])
    open_nodes = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_nodes) > _MAX_DEPTH:
            raise refusal("MalformedXML")
        node: Node = (name.rpartition(" ")[2], [], [])
        open_nodes[-1][2].append(node)
        open_nodes.append(node)

    def no_doctype(*_: object) -> None:
        raise refusal("MalformedXML")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_nodes.pop()
    parser.CharacterDataHandler = lambda data: open_nodes[-1][1].append(data)
    parser.StartDoctypeDeclHandler = no_doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an encoding that nobody knows.
        raise refusal("MalformedXML") from None
    if top[2][0][0] != root:
        raise refusal("MalformedXML")
    return top[2][0]
