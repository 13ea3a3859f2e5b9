"""Links of verification mails: what they verify, until when, and how they are forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatobin.capabilities import identities
from hatobin.capabilities.identities import InvalidIdentity, Opened, Status, VerificationLink
from hatobin.capabilities.identities.store import find
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, REGION, Room

LINK = VerificationLink(
    ACCOUNT, REGION, "Ann@Example.net", "token", NOON + 60, "https://a.test/ok", "https://a.test/no"
)
KEY = "Ann@example.net"


def wait_for(room: Room, link: VerificationLink = LINK) -> None:
    room.transact(lambda s: identities.await_owner(s, link, now=NOON, entropy=room.chance))


def opened(room: Room, token: str = "token", at: float = NOON) -> Opened:
    return room.transact(lambda s: identities.open_link(s, token, at))


def status(room: Room, account_id: str = ACCOUNT) -> Status | None:
    found = room.transact(lambda s: find(s, account_id, REGION, KEY))
    return None if found is None else found.status


async def test_an_address_waits_for_its_link_and_is_verified_by_it(room: Room) -> None:
    wait_for(room)
    assert status(room) is Status.PENDING
    assert opened(room, "Token") == Opened(verified=False, address=None, redirect=None)
    assert opened(room, "x" * 5000) == Opened(verified=False, address=None, redirect=None)
    assert status(room) is Status.PENDING
    assert opened(room) == Opened(verified=True, address=KEY, redirect="https://a.test/ok")
    assert status(room) is Status.SUCCESS


async def test_a_verified_address_stays_so_while_a_new_link_waits(room: Room) -> None:
    wait_for(room)
    opened(room)
    wait_for(room, replace(LINK, token="second"))
    assert status(room) is Status.SUCCESS


async def test_a_link_belongs_to_one_account(room: Room) -> None:
    wait_for(room)
    wait_for(room, replace(LINK, account_id=OTHER_ACCOUNT, token="other"))
    opened(room, "other")
    assert (status(room), status(room, OTHER_ACCOUNT)) == (Status.PENDING, Status.SUCCESS)


async def test_a_link_that_is_over_verifies_nothing_and_is_forgotten_later(room: Room) -> None:
    wait_for(room)
    assert opened(room, at=NOON + 61) == Opened(verified=False, address=KEY, redirect="https://a.test/no")
    wait_for(room, replace(LINK, token="later", expires_at=NOON + 100))
    over = room.transact(lambda s: identities.links_over(s, NOON + 61, 10))
    assert len(over) == 1
    room.transact(lambda s: identities.forget_links(s, over))
    assert opened(room).address is None
    assert opened(room, "later").verified


async def test_what_is_no_address_is_refused(room: Room) -> None:
    with pytest.raises(InvalidIdentity):
        wait_for(room, replace(LINK, address="nobody"))
