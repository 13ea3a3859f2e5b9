"""Pages of the lists of CloudWatch Logs."""

from __future__ import annotations

from hatobin.companions.logs.model import invalid
from hatobin.gateway.paging import Paging

PAGE_SIZE = 50


def paging(kind: str, cursor: tuple[type[str] | type[float], ...]) -> Paging:
    """Give the rules of one list: 50 of a page, or fewer where the caller says so."""
    return Paging(
        kind=f"logs {kind}",
        default_size=PAGE_SIZE,
        max_size=PAGE_SIZE,
        cursor=cursor,
        token_error=lambda _: invalid("The specified nextToken is invalid."),
        size_error=None,
        fallback_size=PAGE_SIZE,
    )
