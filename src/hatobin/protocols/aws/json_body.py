"""JSON bodies: decoders kept per type, and the untyped reading behind the validation texts.

Refs: Smithy 2.0, awsJson and restJson1 protocols.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Malformed

_encode = msgspec.json.Encoder().encode


@cache
def body_decoder(kind: type[Shape]) -> msgspec.json.Decoder[Shape]:
    """Give the decoder of one generated structure."""
    return msgspec.json.Decoder(kind)


def read_object(body: bytes) -> Any:
    """Read a body as plain values; an empty one is an empty object. Raises `Malformed`."""
    if not body or body.isspace():
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Observed: SES v2 answers malformed JSON with a SerializationException whose message is null.
        raise Malformed(None) from None


def write_object(value: Shape | None) -> bytes:
    """Write a structure; an operation without output answers `{}`."""
    return b"{}" if value is None else _encode(value)


def error_body(message: str | None, **members: str) -> bytes:
    """Write the object that carries an error."""
    return _encode({**members, "message": message})
