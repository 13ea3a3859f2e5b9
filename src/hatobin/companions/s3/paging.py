"""Pages of keys: prefixes rolled up at a delimiter, tokens for the next page, keys in URL form.

A page is found by seeks: where many keys share a common prefix, the next
read begins behind them all, so a page costs at most about as many reads as it
has entries, whatever lies between.

Refs: Amazon S3 API Reference, ListObjects, ListObjectsV2, ListMultipartUploads.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

from hatobin.protocols.aws.s3.addressing import successor
from hatobin.protocols.aws.s3.errors import refusal

T = TypeVar("T")

MAX_ENTRIES = 1000


class Start(Struct, frozen=True):
    """Where a read begins: at a key and id, or behind them."""

    key: str
    id: str = ""
    takes_it: bool = False


class Wanted(Struct, frozen=True):
    """What a page shall hold."""

    prefix: str
    delimiter: str
    after: str
    after_id: str
    limit: int

    @property
    def end(self) -> str | None:
        """The first key behind all with the prefix, or None."""
        return successor(self.prefix)

    def common_prefix(self, key: str) -> str | None:
        """Give what a key is rolled up to, or None for a key that is shown itself."""
        if not self.delimiter:
            return None
        end = key.find(self.delimiter, len(self.prefix))
        return key[: end + len(self.delimiter)] if end >= 0 else None

    def start(self) -> Start | None:
        """Give where the page begins; None when nothing can follow."""
        if self.after < self.prefix:
            return Start(self.prefix, takes_it=True)
        # A page that ended with a common prefix has shown all that begin with it.
        if self.delimiter and self.common_prefix(self.after) == self.after:
            behind = successor(self.after)
            return None if behind is None else Start(behind, takes_it=True)
        return Start(self.after, self.after_id)


class Page(Struct, Generic[T], frozen=True):
    """Items and common prefixes in their order; `last` is the key of the last one, in a page that has a next."""

    items: Sequence[T]
    prefixes: Sequence[str]
    last: Start | None


def find_page(fetch: Callable[[Start, int], Sequence[tuple[str, str, T]]], wanted: Wanted) -> Page[T]:
    """Gather one page."""
    items: list[T] = []
    prefixes: list[str] = []
    last: Start | None = None
    start = wanted.start() if wanted.limit else None
    while start is not None:
        room = wanted.limit + 1 - len(items) - len(prefixes)
        rows = fetch(start, room)
        for key, number, item in rows:
            common = wanted.common_prefix(key)
            if common is not None and prefixes and prefixes[-1] == common:
                continue
            if len(items) + len(prefixes) == wanted.limit:
                return Page(items, prefixes, last)
            if common is None:
                items.append(item)
                last = Start(key, number)
            else:
                prefixes.append(common)
                last = Start(common)
        if len(rows) < room:
            break
        common = wanted.common_prefix(rows[-1][0])
        if common is None:
            start = Start(rows[-1][0], rows[-1][1])
        else:
            behind = successor(common)
            start = None if behind is None else Start(behind, takes_it=True)
    return Page(items, prefixes, None)


def encode_token(last: str) -> str:
    """Write a continuation token."""
    return base64.urlsafe_b64encode(b"1" + last.encode()).decode()


def decode_token(token: str | None) -> str:
    """Read a continuation token; empty when there is none. Raises `S3Error` (InvalidArgument)."""
    if token is None:
        return ""
    try:
        data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        if data[:1] == b"1" and b"\x00" not in data:
            return data[1:].decode()
    except (binascii.Error, ValueError):
        pass
    raise refusal("InvalidArgument", "The continuation token provided is incorrect", ArgumentName="continuation-token")


def url_form(text: str) -> str:
    """Write a key as `encoding-type=url` wants it."""
    return quote(text, safe="/-_.*")
