"""Pages of SNS lists: opaque tokens that hold the last item's key, bound to the list they continue."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hatobin.companions.sns.addresses import invalid
from hatobin.companions.sns.model import PAGE_SIZE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of one page, and the token of the next; None on the last."""

    items: list[T]
    next_token: str | None


def cut_page(rows: Sequence[T], *, kind: str, key: Callable[[T], str]) -> Page[T]:
    """Cut a page from rows that were read with a limit of `PAGE_SIZE` + 1."""
    items = list(rows[:PAGE_SIZE])
    if len(rows) <= PAGE_SIZE:
        return Page(items, None)
    return Page(items, base64.urlsafe_b64encode(f"{kind} {key(items[-1])}".encode()).decode())


def read_token(token: str | None, *, kind: str) -> str:
    """Give the key to continue after, empty at the start; raises InvalidParameter for a token of another list."""
    if not token:
        return ""
    try:
        found, _, key = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition(" ")
    except ValueError:
        raise invalid("NextToken") from None
    if found != kind:
        raise invalid("NextToken")
    return key
