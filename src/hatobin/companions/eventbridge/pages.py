"""Pages of EventBridge's lists: tokens that hold the last name, bound to the list that they continue."""

from __future__ import annotations

from hatobin.companions.eventbridge.addresses import validation
from hatobin.companions.eventbridge.model import PAGE_SIZE
from hatobin.gateway.paging import Paging

_INVALID_TOKEN = "Invalid NextToken."  # noqa: S105 - a text


def paging(kind: str) -> Paging:
    """Give the rules of one list: 100 of a page, or fewer where the caller says so."""
    return Paging(
        kind=f"events {kind}",
        default_size=PAGE_SIZE,
        max_size=PAGE_SIZE,
        cursor=(str,),
        token_error=lambda _: validation(_INVALID_TOKEN),
        size_error=None,
        fallback_size=PAGE_SIZE,
    )
