"""Pages: opaque tokens bound to what they list, and page sizes.

A token holds the kind of the list and the key of the last item, so the next
page is a keyset query (`WHERE key > :after`) and stays right while rows come
and go. Lists of one kind share tokens across API versions, as at AWS; a token
of another kind is refused. Tokens are no secret: what they point at is still
looked up within the caller's account and region.

Observed (`surface.md` §4.6, appendix F): default page sizes; a v1 token
continues the v2 list of its kind.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from hatobin.words.errors import CallerError

T = TypeVar("T")
KeyPart = str | int | float
Key = tuple[KeyPart, ...]

# No key of ours is longer; a longer token is not one of ours.
MAX_TOKEN_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class PageSizes:
    """How many items a page has when the caller does not say, and at most."""

    default: int
    maximum: int

    def within(self, asked: int | None) -> int:
        """Give the page size for what was asked; what is out of range gets the maximum."""
        if asked is None:
            return self.default
        return asked if 1 <= asked <= self.maximum else self.maximum


TEMPLATES = PageSizes(10, 100)
IDENTITIES = PageSizes(25, 1000)
CONFIGURATION_SETS = PageSizes(50, 1000)
CUSTOM_VERIFICATION_TEMPLATES = PageSizes(50, 50)
OTHERS = PageSizes(100, 1000)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of one page, and the token of the next; None on the last."""

    items: list[T]
    next_token: str | None


# Code and text for a token that is not of the list, by service.
_INVALID_TOKENS = {
    "ses": ("InvalidParameterValue", "Invalid token."),
    "sesv2": ("InvalidNextTokenException", "The specified request includes an invalid or expired token."),
    "mailmanager": ("ValidationException", "Invalid pagination token."),
    "sns": ("InvalidParameter", "Invalid parameter: NextToken"),
    "sqs": ("InvalidParameterValue", "Invalid NextToken value."),
}


def page(rows: Sequence[T], *, size: int, kind: str, key: Callable[[T], Key]) -> Page[T]:
    """Cut a page of `size` from rows that were read with a limit of `size + 1`.

    The row beyond the page only says that there is another one; the token
    points behind the page's last item.
    """
    items = list(rows[:size])
    has_more = len(rows) > size and bool(items)
    return Page(items, write_token(kind, key(items[-1])) if has_more else None)


def write_token(kind: str, key: Key) -> str:
    """Make the token that continues a list of `kind` after `key`."""
    return base64.urlsafe_b64encode(msgspec.json.encode([kind, *key])).decode().rstrip("=")


def read_token(token: str | None, *, kind: str, service: str) -> Key | None:
    """Give the key to continue after, None at the start of the list.

    Raises `CallerError` with the service's own code for a token that is not
    one of this kind. An empty token is the start, as AWS has it.
    """
    if not token:
        return None
    key = _parse(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
    if key is None or key[0] != kind:
        code, message = _INVALID_TOKENS[service]
        raise CallerError(code, message)
    return key[1:]


def _parse(token: str) -> Key | None:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        parts = msgspec.json.decode(data, type=list[str | int | float])
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
    return tuple(parts) if len(parts) > 1 else None
