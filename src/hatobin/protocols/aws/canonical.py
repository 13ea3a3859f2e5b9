"""Canonical forms of a request's parts, as Signature Version 4 wants them.

Strings are Latin-1, one character per byte of the request.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+/?\Z|/\Z")
_UNRESERVED = "-_.~"


def canonical_path(raw_path: str) -> str:
    """Give the path with dot segments resolved and encoded once more (not for S3).

    Every service but S3 signs the encoded path encoded again, so `%20` is
    `%2520` here.
    """
    if _PLAIN_PATH.match(raw_path):
        return raw_path
    return quote(_normalized(raw_path), safe="/~", encoding="latin-1") or "/"


def s3_path(raw_path: str) -> str:
    """Give the path in S3's form: encoded once, with its dots and doubled slashes."""
    return quote(unquote_to_bytes(raw_path.encode("latin-1")), safe="/-_.~") or "/"


def canonical_query(query: str) -> str:
    """Give the query's pairs, each part decoded and strictly encoded, in sorted order."""
    if not query:
        return ""
    parts = (part.partition("=") for part in query.split("&") if part)
    pairs = sorted((_encoded(name), _encoded(value)) for name, _, value in parts)
    return "&".join(f"{name}={value}" for name, value in pairs)


def header_value(value: str) -> str:
    """Trim a header's value and squeeze each run of white space to one space."""
    return " ".join(value.split()) if "  " in value or value != value.strip() or "\t" in value else value


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("latin-1")), safe=_UNRESERVED)


def _normalized(path: str) -> str:
    """Resolve `.`, `..` and empty segments; a final slash stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if path.endswith("/") and kept else ""
    return f"/{'/'.join(kept)}{slash}"
