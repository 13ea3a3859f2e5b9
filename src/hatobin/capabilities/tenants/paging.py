"""What the lists of this room share: a hundred to a page, and SES's words about sizes and tokens (observed)."""

from __future__ import annotations

from hatobin.capabilities.tenants.model import bad
from hatobin.gateway.paging import Paging
from hatobin.words.errors import CallerError

MAX_PAGE = 100


def _size_error(size: int) -> CallerError:
    bound = "greater than or equal to 1" if size < 1 else f"less than or equal to {MAX_PAGE}"
    return bad(
        f"1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )


def _token_error(token: str) -> CallerError:
    if not token:
        return bad(
            "1 validation error detected: Value '' at 'nextToken' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
    return bad("Invalid Next Token")


def paging(kind: str, *cursor: type[str] | type[float]) -> Paging:
    """Make the rules of one list."""
    return Paging(
        kind=kind,
        default_size=MAX_PAGE,
        max_size=MAX_PAGE,
        cursor=cursor,
        token_error=_token_error,
        size_error=_size_error,
        empty_token_is_refused=True,
    )
