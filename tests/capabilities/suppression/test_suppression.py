"""The suppression list: exact when it is managed, wide when mail is sent."""

from __future__ import annotations

from typing import cast

import pytest

from hatobin.capabilities import suppression
from hatobin.capabilities.suppression import InvalidDestination, effective, store
from hatobin.capabilities.suppression.model import key_of
from hatobin.capabilities.suppression.store import MAX_LOOKUP
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Row, Session, Value
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room
from tests.stores import sqlite_only


def add(room: Room, address: str, reason: str = "BOUNCE", now: float = NOON) -> None:
    room.transact(lambda s: suppression.add(s, ACCOUNT, REGION, address, reason, now))


def lookup(room: Room, *addresses: str, account_id: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
    return dict(room.transact(lambda s: suppression.lookup(s, account_id, region, addresses)))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Foo.Bar@Example.COM", "Foo.Bar@example.com"),
        ("  foo@example.com\t", "foo@example.com"),
        ("foo/bar@example.com", "foo/bar@example.com"),
        ('"q s"@Example.com', '"q s"@example.com'),
        ('"a@b"@Example.com', '"a@b"@example.com'),
    ],
)
def test_only_the_domain_is_folded(written: str, kept: str) -> None:
    assert key_of(written) == kept


@pytest.mark.parametrize("text", ["", "   ", "nobody", "@example.com", "nobody@", "a" * 320 + "@example.com"])
def test_what_is_no_address_is_not_suppressed(text: str) -> None:
    with pytest.raises(InvalidDestination):
        key_of(text)


def test_entries_with_other_local_case_are_other_entries(room: Room) -> None:
    add(room, "Foo@Example.COM")
    assert room.transact(lambda s: suppression.find(s, ACCOUNT, REGION, "foo@example.com")) is None
    found = room.transact(lambda s: suppression.find(s, ACCOUNT, REGION, "Foo@EXAMPLE.com"))
    assert found is not None
    assert found.address == "Foo@example.com"
    assert not room.transact(lambda s: suppression.remove(s, ACCOUNT, REGION, "foo@example.com"))
    assert room.transact(lambda s: suppression.remove(s, ACCOUNT, REGION, "Foo@example.com"))


def test_sending_ignores_case_and_answers_with_the_address_as_given(room: Room) -> None:
    add(room, "Foo@example.com", "COMPLAINT")
    assert lookup(room, "FOO@EXAMPLE.COM", "bar@example.com") == {"FOO@EXAMPLE.COM": "COMPLAINT"}


def test_plus_addresses_are_their_own(room: Room) -> None:
    add(room, "a+b@example.com")
    assert lookup(room, "a@example.com", "a+b@example.com", "a+c@example.com") == {"a+b@example.com": "BOUNCE"}


def test_the_exact_spelling_decides_between_several(room: Room) -> None:
    add(room, "foo@example.com", "BOUNCE", NOON)
    add(room, "Foo@example.com", "COMPLAINT", NOON + 1)
    assert lookup(room, "foo@example.com", "FOO@example.com") == {
        "foo@example.com": "BOUNCE",
        "FOO@example.com": "COMPLAINT",  # Neither spelling: the latest.
    }


def test_lists_belong_to_an_account_and_a_region(room: Room) -> None:
    add(room, "foo@example.com")
    assert lookup(room, "foo@example.com", account_id=OTHER_ACCOUNT) == {}
    assert lookup(room, "foo@example.com", region=OTHER_REGION) == {}


def test_more_addresses_than_one_statement_takes(room: Room) -> None:
    many = [f"u{number}@example.com" for number in range(MAX_LOOKUP + 3)]
    for address in (many[0], many[MAX_LOOKUP - 1], many[-1]):
        add(room, address)
    assert lookup(room, *many) == dict.fromkeys((many[0], many[MAX_LOOKUP - 1], many[-1]), "BOUNCE")
    assert lookup(room) == {}


def test_adding_again_renews_reason_time_and_cause(room: Room) -> None:
    room.transact(
        lambda s: suppression.add(s, ACCOUNT, REGION, "a@example.com", "BOUNCE", NOON, message_id="m", feedback_id="f")
    )
    add(room, "a@EXAMPLE.com", "COMPLAINT", NOON + 5)
    found = room.transact(lambda s: suppression.find(s, ACCOUNT, REGION, "a@example.com"))
    assert found == suppression.SuppressedDestination("a@example.com", "COMPLAINT", NOON + 5, None, None)


@pytest.mark.parametrize(
    ("override", "left"),
    [(None, {"a": "BOUNCE"}), ((), {}), (("COMPLAINT",), {"b": "COMPLAINT"}), (("BOUNCE",), {"a": "BOUNCE"})],
)
def test_a_set_overrides_the_account_s_reasons(override: tuple[str, ...] | None, left: dict[str, str]) -> None:
    found = {"a": "BOUNCE", "b": "COMPLAINT"}
    assert effective(found, account_reasons=("BOUNCE",), override=override) == left


@sqlite_only
def test_a_look_up_while_sending_is_one_index_search(room: Room) -> None:
    plan = "EXPLAIN QUERY PLAN " + store._lookup_sql(2)
    wanted = {"account_id": ACCOUNT, "region": REGION, "tenant_id": "", "f0": "a@x.org", "f1": "b@x.org"}
    steps = [row[-1] for row in room.transact(lambda s: s.execute(plan, wanted))]
    assert steps == [
        "SEARCH suppressed_destinations USING COVERING INDEX suppressed_destinations_folded "
        "(account_id=? AND region=? AND tenant_id=? AND folded=?)"
    ]


@sqlite_only
@pytest.mark.parametrize(("reason", "seeks"), [(None, 2), ("COMPLAINT", 1)])
def test_a_page_of_a_list_of_millions_is_one_seek_for_each_reason(room: Room, reason: str | None, seeks: int) -> None:
    asked: list[tuple[str, object]] = []

    class Explaining:
        def execute(self, sql: str, parameters: dict[str, Value]) -> list[Row]:
            asked.extend(row[-1] for row in session.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
            return session.execute(sql, parameters)

    def look(real: Session) -> None:
        nonlocal session
        session = real
        request = PageRequest(1000, (NOON, "m@example.com"))
        store.page(cast(Session, Explaining()), ACCOUNT, REGION, request, reason=reason, since=NOON, until=NOON + 9)

    session = cast(Session, None)
    room.transact(look)
    assert len(asked) == seeks
    for step in asked:
        assert "USING INDEX suppressed_destinations_reason " in str(step)
        assert "(updated_at,address)>(?,?)" in str(step)
