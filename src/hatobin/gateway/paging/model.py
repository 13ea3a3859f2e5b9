"""Page sizes, tokens and their refusals. Pure.

Refs: surface.md §4.6 and appendix F (default sizes, tokens bound to the kind;
probed).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from hatobin.words.errors import CallerError

MAX_TOKEN_LENGTH = 4096
"""Characters of a token that are looked at; a longer one is refused."""

Cursor = tuple[str | float, ...]
R = TypeVar("R")


class Owner(Protocol):
    """Whose list it is: an account in a region. A `Call` is one."""

    @property
    def account_id(self) -> str: ...

    @property
    def region(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page to read: at most `size` rows after `after`; None is the beginning."""

    size: int
    after: Cursor | None

    @property
    def fetch(self) -> int:
        """Rows to ask the store for: one more than the page, to know whether another follows."""
        return self.size + 1


@dataclass(frozen=True, slots=True)
class Paging:
    """The rules of one list operation.

    `size_error` is None where SES serves `fallback_size` instead of refusing
    a size out of range. `cursor` names the types of the keyset's columns.
    """

    kind: str
    default_size: int
    max_size: int
    cursor: tuple[type[str] | type[float], ...]
    token_error: Callable[[str], CallerError]
    size_error: Callable[[int], CallerError] | None
    fallback_size: int = 0
    empty_token_is_refused: bool = False

    def start(self, owner: Owner, page_size: int | None, next_token: str | None, scope: str = "") -> PageRequest:
        """Read a request's size and token. `scope` is what else the token is bound to, a filter.

        Raises `CallerError` with the operation's own text.
        """
        return PageRequest(self._size(page_size), self._after(owner, next_token, scope))

    def finish(
        self, owner: Owner, request: PageRequest, rows: Sequence[R], place: Callable[[R], Cursor], scope: str = ""
    ) -> tuple[Sequence[R], str | None]:
        """Cut what the store gave to the page and make the token of the next one, if there is one."""
        if len(rows) <= request.size:
            return rows, None
        page = rows[: request.size]
        return page, self.token(owner, place(page[-1]), scope)

    def _size(self, requested: int | None) -> int:
        if requested is None:
            return self.default_size
        if 1 <= requested <= self.max_size:
            return requested
        if self.size_error is None:
            return self.fallback_size
        raise self.size_error(requested)

    def token(self, owner: Owner, cursor: Cursor, scope: str = "") -> str:
        """Make the token of the page that begins after `cursor`."""
        content = msgspec.json.encode((self.kind, owner.account_id, owner.region, scope, cursor))
        return base64.urlsafe_b64encode(content).decode()

    def _after(self, owner: Owner, token: str | None, scope: str) -> Cursor | None:
        if token is None or (not token and not self.empty_token_is_refused):
            return None
        try:
            if len(token) > MAX_TOKEN_LENGTH:
                raise ValueError(token)
            content = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
            kind, account, region, bound, cursor = _token_decoder.decode(content)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            raise self.token_error(token) from None
        if (kind, account, region, bound) != (self.kind, owner.account_id, owner.region, scope):
            raise self.token_error(token)
        if len(cursor) != len(self.cursor) or not all(map(isinstance, cursor, self.cursor)):
            raise self.token_error(token)
        return cursor


_token_decoder = msgspec.json.Decoder(tuple[str, str, str, str, Cursor])
