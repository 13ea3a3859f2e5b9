"""Tokens: what they carry, and who refuses them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.gateway.paging import Cursor, Paging
from hatobin.gateway.paging.model import MAX_TOKEN_LENGTH
from hatobin.words.errors import CallerError


@dataclass(frozen=True)
class Owner:
    account_id: str = "1"
    region: str = "r"


def rules(kind: str = "things", *, refuses_sizes: bool = True) -> Paging:
    return Paging(
        kind=kind,
        default_size=2,
        max_size=3,
        cursor=(float, str),
        token_error=lambda token: CallerError("BadToken", token),
        size_error=(lambda size: CallerError("BadSize", str(size))) if refuses_sizes else None,
        fallback_size=3,
    )


def token(owner: Owner = Owner(), kind: str = "things", scope: str = "") -> str:
    paging = rules(kind)
    page = paging.start(owner, 1, None)
    made = paging.finish(owner, page, [(1.5, "a"), (2.5, "b")], lambda row: row, scope)[1]
    assert made is not None
    return made


def test_a_token_brings_back_the_place_of_the_last_row() -> None:
    assert rules().start(Owner(), None, token()).after == (1.5, "a")


def test_a_full_last_page_has_no_token() -> None:
    page = rules().start(Owner(), 2, None)
    assert page.fetch == 3
    rows = [(1.0, "a"), (2.0, "b")]
    assert rules().finish(Owner(), page, rows, lambda row: row) == (rows, None)


@pytest.mark.parametrize(
    "foreign",
    [
        token(Owner(account_id="2")),
        token(Owner(region="q")),
        token(kind="others"),
        token(scope="filtered"),
        "x" * (MAX_TOKEN_LENGTH + 1),
        "鳩",
    ],
)
def test_tokens_of_others_are_refused(foreign: str) -> None:
    with pytest.raises(CallerError) as caught:
        rules().start(Owner(), None, foreign)
    assert caught.value.message == foreign


def test_a_cursor_of_other_columns_is_refused() -> None:
    made = Paging("things", 1, 1, (str,), lambda t: CallerError("BadToken", t), None)
    _, foreign = made.finish(Owner(), made.start(Owner(), 1, None), ["a", "b"], lambda row: (row,))
    with pytest.raises(CallerError):
        rules().start(Owner(), None, foreign)


@given(st.text(max_size=200))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    try:
        place: Cursor | None = rules().start(Owner(), None, text).after
    except CallerError:
        return
    assert place is None


@pytest.mark.parametrize(("size", "served"), [(None, 2), (1, 1), (3, 3), (0, 3), (4, 3)])
def test_sizes_out_of_range_are_served_where_ses_does(size: int | None, served: int) -> None:
    assert rules(refuses_sizes=False).start(Owner(), size, None).size == served
    if size in (0, 4):
        with pytest.raises(CallerError):
            rules().start(Owner(), size, None)
