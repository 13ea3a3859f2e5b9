"""Pages of IAM's lists: `Marker` and `MaxItems`; a marker is bound to the list that it continues.

Refs: IAM API reference, "MaxItems": 100 unless the caller says otherwise, 1,000 at most.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from hatobin.companions.iam.errors import invalid

PAGE_SIZE = 100

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """The items of one page, and the marker of the next; None on the last."""

    items: list[T]
    marker: str | None

    @property
    def is_truncated(self) -> bool:
        """Whether there is more."""
        return self.marker is not None


def cut(rows: Sequence[T], limit: int | None, *, kind: str, key: Callable[[T], str]) -> Page[T]:
    """Cut a page from what follows the marker: all of it, or one row more than the page holds."""
    size = limit or PAGE_SIZE
    items = list(rows[:size])
    if len(rows) <= size:
        return Page(items, None)
    return Page(items, base64.urlsafe_b64encode(f"{kind}\n{key(items[-1])}".encode()).decode())


def start(marker: str | None, *, kind: str) -> str:
    """Give the key to continue after, empty at the start. Raises `CallerError` for a marker of another list."""
    if marker is None:
        return ""
    try:
        found, _, key = base64.b64decode(marker, altchars=b"-_", validate=True).decode().partition("\n")
    except ValueError:
        found, key = "", ""
    if found != kind or not key:
        raise invalid("Invalid Marker.")
    return key
