"""Pages of IAM's lists: `Marker` and `MaxItems`; a marker is bound to the account and the list that it continues.

Refs: IAM API reference, "MaxItems": 100 unless the caller says otherwise, 1,000 at most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from hatobin.companions.iam.errors import invalid
from hatobin.gateway import Call
from hatobin.gateway.paging import PageRequest, Paging

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """The items of one page, and the marker of the next; None on the last."""

    items: list[T]
    marker: str | None

    @property
    def is_truncated(self) -> bool:
        """Whether there is more."""
        return self.marker is not None


class _Everywhere(Struct, frozen=True):
    """An account in every region: IAM has none."""

    account_id: str
    region: str = ""


def cut(call: Call, rows: Sequence[T], limit: int | None, *, kind: str, key: Callable[[T], str]) -> Page[T]:
    """Cut a page from what follows the marker: all of it, or one row more than the page holds."""
    asked = PageRequest(limit or PAGE_SIZE, None)
    items, marker = _rules(kind).finish(_Everywhere(call.account_id), asked, rows, lambda row: (key(row),))
    return Page(list(items), marker)


def start(call: Call, marker: str | None, *, kind: str) -> str:
    """Give the key to continue after, empty at the start. Raises `CallerError` for a marker of another list."""
    after = _rules(kind).start(_Everywhere(call.account_id), None, marker).after
    return "" if after is None else str(after[0])


def _rules(kind: str) -> Paging:
    return Paging(
        kind=f"iam {kind}",
        default_size=PAGE_SIZE,
        max_size=MAX_PAGE_SIZE,
        cursor=(str,),
        token_error=lambda _: invalid("Invalid Marker."),
        size_error=None,
        fallback_size=PAGE_SIZE,
        empty_token_is_refused=True,
    )
