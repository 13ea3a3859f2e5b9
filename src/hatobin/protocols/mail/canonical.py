"""Canonical forms of header fields and bodies, over which DKIM and ARC sign.

Law: RFC 6376 §3.4. Both forms ignore empty lines at the end of the body; the
relaxed ones also ignore how lines are folded and how wide blanks are.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import Literal

Canonicalization = Literal["relaxed", "simple"]

_WIDE_BLANK = re.compile(rb"[ \t]+")


def relaxed_header(raw: bytes) -> bytes:
    """Put one whole field into relaxed form, with its final CRLF (RFC 6376 §3.4.2)."""
    name, _, value = raw.partition(b":")
    if b"\x0b" in value or b"\x0c" in value:
        # Blanks are space and tab alone; the two others that `split` knows stay.
        value = _WIDE_BLANK.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    else:
        value = b" ".join(value.split())
    return b"%b:%b\r\n" % (name.rstrip(b" \t").lower(), value)


_LOCKED_HASH_OCTETS = 2047
_SMALL_BODY_OCTETS = 32 * 1024


def simple_header(raw: bytes) -> bytes:
    """Give one whole field as it is; simple form changes nothing (RFC 6376 §3.4.1)."""
    return raw


def relaxed_lines(body: bytes) -> bytes:
    """Put lines into relaxed form, with the empty ones at their end (RFC 6376 §3.4.4)."""
    if b"\t" in body:
        body = body.replace(b"\t", b" ")
    # Halving runs of spaces: as many passes as the widest run has binary digits.
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    return body[:-1] if body.endswith(b" ") else body


def relaxed_body(body: bytes) -> bytes:
    """Put a body into relaxed form; an empty one stays empty (RFC 6376 §3.4.4)."""
    body = _ended(relaxed_lines(body))
    return b"" if body == b"\r\n" else body


def simple_body(body: bytes) -> bytes:
    """Put a body into simple form; an empty one becomes one CRLF (RFC 6376 §3.4.3)."""
    return _ended(body)


def body_hash(body: bytes, canonicalization: Canonicalization, length: int | None = None) -> str:
    """Give the base64 of the SHA-256 over the canonical body, or over its first `length` octets."""
    canonical = relaxed_body(body) if canonicalization == "relaxed" else simple_body(body)
    if length is not None:
        canonical = canonical[:length]
    return b64encode(_sha256(canonical)).decode("ascii")


def _sha256(data: bytes) -> bytes:
    """Hash; a small body without giving up the interpreter lock.

    hashlib releases the lock above 2,047 octets, and in a busy process taking
    it again costs ten times what hashing 4 KB does. A large body does release it.
    """
    if len(data) <= _LOCKED_HASH_OCTETS or len(data) > _SMALL_BODY_OCTETS:
        return hashlib.sha256(data).digest()
    digest = hashlib.sha256()
    for start in range(0, len(data), _LOCKED_HASH_OCTETS):
        digest.update(data[start : start + _LOCKED_HASH_OCTETS])
    return digest.digest()


def _ended(body: bytes) -> bytes:
    """Cut empty lines at the end and make sure of one CRLF."""
    if not body.endswith(b"\r\n"):
        return body + b"\r\n"
    if not body.endswith(b"\r\n\r\n"):
        return body
    return body[: text_end(body)] + b"\r\n"


def text_end(body: bytes) -> int:
    """Find where the run of CRLFs that ends the body begins.

    Linear even for a body of nothing else: the octets CR and LF at the end
    are looked at as a whole, since a run of CRLF is broken by "\\n\\n", by
    "\\r\\r", or by a line feed that no carriage return precedes.
    """
    start = len(body.rstrip(b"\r\n"))
    double_feed = body.rfind(b"\n\n", start)
    double_return = body.rfind(b"\r\r", start)
    start = max(start, double_feed + 1 if double_feed >= 0 else 0, double_return + 1 if double_return >= 0 else 0)
    return start + 1 if body[start : start + 1] == b"\n" else start
