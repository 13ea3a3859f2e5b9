"""The auditor finds what is wrong: each kind of flaw, in books that are right but for it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.ledger import Ledger, Row, State, flaws
from tests.chaos.load import Promise
from tests.chaos.run import Result

OK, TWICE, REJECTED, LATE = (
    ("m1", "ok+1@example.net"),
    ("m1", "silent-1+2@example.net"),
    ("m2", "reject+3@example.net"),
    ("m3", "greylist+4@example.net"),
)
ROWS = {
    OK: Row(State.DELIVERED, 1, 0),
    TWICE: Row(State.DELIVERED, 2, 1),
    REJECTED: Row(State.BOUNCED, 1, 0),
    LATE: Row(State.EXPIRED, 9, 0),
}
BOOKS = Ledger(ROWS, {"DELIVERED": 2, "BOUNCED": 1, "EXPIRED": 1, "POSSIBLE_DUPLICATE": 1})
PROMISES = [Promise("m1", (OK[1], TWICE[1])), Promise("m2", (REJECTED[1],)), Promise("m3", (LATE[1],))]
GOT = Counter({OK: 1, TWICE: 2})


def line(ledger: Ledger, promises: list[Promise], got: Counter[tuple[str, str]]) -> dict[str, object]:
    result = Result(ledger, promises, got, flaws(ledger, promises, got), Counter({"worker killed": 3}))
    figures: dict[str, object] = json.loads(result.line(seed=7))
    return figures


def test_right_books_close() -> None:
    assert flaws(BOOKS, PROMISES, GOT) == []
    assert line(BOOKS, PROMISES, GOT) == {
        "ledger": "closed",
        "accepted": 4,
        "delivered": 2,
        "bounced": 1,
        "expired": 1,
        "suppressed": 0,
        "rejected": 0,
        "rendering_failed": 0,
        "cancelled": 0,
        "queued": 0,
        "lost": 0,
        "possible_duplicate": 1,
        "faults": 3,
        "seed": 7,
    }


def test_a_promise_that_the_database_does_not_know_is_lost() -> None:
    promises = [*PROMISES, Promise("m4", ("ok+5@example.net",))]
    assert flaws(BOOKS, promises, GOT) == ["('m4', 'ok+5@example.net') was promised and is not in the database"]
    figures = line(BOOKS, promises, GOT)
    assert (figures["ledger"], figures["accepted"], figures["lost"]) == ("open", 5, 1)


def test_delivered_is_true_only_where_it_arrived() -> None:
    assert flaws(BOOKS, PROMISES, Counter({TWICE: 2})) == [f"{OK} is called delivered and did not arrive"]
    assert line(BOOKS, PROMISES, Counter({TWICE: 2}))["lost"] == 1


def test_a_copy_that_was_not_owned_up_to_is_a_flaw() -> None:
    (flaw,) = flaws(BOOKS, PROMISES, GOT + Counter([OK]))
    assert flaw.startswith(f"{OK} arrived 2 times")


def test_mail_for_somebody_who_refused_it_is_a_flaw() -> None:
    assert flaws(BOOKS, PROMISES, GOT + Counter([REJECTED])) == [f"{REJECTED} is BOUNCED and arrived 1 times"]


@pytest.mark.parametrize("state", [State.QUEUED, State.BOUNCED, State.EXPIRED])
def test_another_fate_than_the_address_asked_for_is_a_flaw(state: State) -> None:
    rows = ROWS | {OK: Row(state, 1, 0)}
    found = flaws(replace(BOOKS, rows=rows), PROMISES, GOT)
    assert found[0].startswith(f"{OK} should be DELIVERED")


def test_totals_that_say_something_else_than_the_rows_are_a_flaw() -> None:
    totals = BOOKS.totals | {"DELIVERED": 3}
    found = flaws(replace(BOOKS, totals=totals), PROMISES, GOT)
    assert found == ["the server's total of DELIVERED is 3, its rows are 2"]
