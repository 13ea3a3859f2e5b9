"""Rates over the representative volume, of accounts and of what is theirs."""

from __future__ import annotations

import pytest

from hatobin.capabilities import metrics
from hatobin.capabilities.metrics import Reputation, ReputationScope, ReputationTally, ScopeKind, Sender
from hatobin.capabilities.metrics.reputation import KEPT_HOURS, LEAST_HOURS, MOST_HOURS, REPRESENTATIVE_SENDS
from hatobin.ports import Session
from hatobin.words.lane import Lane
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_ACCOUNT, OTHER_REGION, REGION, Room

HOUR_S = 3600
IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
SENDER = Sender(ACCOUNT, REGION, IDENTITY, "main", "acme")
OWN = ReputationScope(ACCOUNT, REGION)


def count(
    room: Room, hours_ago: int, sends: int, bounces: int = 0, complaints: int = 0, sender: Sender = SENDER
) -> None:
    def work(session: Session) -> None:
        at = NOON - hours_ago * HOUR_S
        accepted, settled = ReputationTally(), ReputationTally()
        accepted.add(sender, at, "sends", sends)
        accepted.record(session, Lane.ACCEPT)
        settled.add(sender, at, "bounces", bounces)
        settled.add(sender, at, "complaints", complaints)
        settled.record(session, Lane.SETTLE)

    room.transact(work)


def found(room: Room, scope: ReputationScope = OWN, *, since: float = 0.0) -> Reputation:
    return room.transact(lambda session: metrics.reputation(session, scope, NOON, since=since))


def test_who_never_sent_has_no_rates(room: Room) -> None:
    assert found(room) == Reputation()
    assert found(room).bounce_rate == 0.0


def test_rates_are_fractions_of_what_was_sent(room: Room) -> None:
    count(room, 0, 200, bounces=10, complaints=1)
    assert (found(room).bounce_rate, found(room).complaint_rate) == (0.05, 0.005)


def test_everybody_concerned_has_the_same_mail(room: Room) -> None:
    count(room, 1, 100, bounces=2)
    count(room, 0, 50, sender=Sender(ACCOUNT, REGION, IDENTITY, None, None))
    of_account = {
        (ScopeKind.IDENTITY, "example.com"): (150, 2),
        (ScopeKind.CONFIGURATION_SET, "main"): (100, 2),
        (ScopeKind.TENANT, "acme"): (100, 2),
        (ScopeKind.TENANT, "other"): (0, 0),
    }
    for (kind, name), expected in of_account.items():
        reputation = found(room, ReputationScope(ACCOUNT, REGION, kind, name))
        assert (reputation.sends, reputation.bounces) == expected
    assert found(room).sends == 150


def test_accounts_and_regions_are_apart_but_for_a_lent_identity(room: Room) -> None:
    count(room, 0, 10, sender=Sender(OTHER_ACCOUNT, REGION, IDENTITY, "main", None))
    assert found(room).sends == 0
    assert found(room, ReputationScope(OTHER_ACCOUNT, OTHER_REGION)).sends == 0
    assert found(room, ReputationScope(OTHER_ACCOUNT, REGION)).sends == 10
    assert found(room, ReputationScope(ACCOUNT, REGION, ScopeKind.IDENTITY, "example.com")).sends == 10


def test_the_volume_goes_back_until_it_is_representative(room: Room) -> None:
    count(room, 1, 100)
    count(room, LEAST_HOURS - 1, REPRESENTATIVE_SENDS - 200, bounces=1)
    count(room, LEAST_HOURS + 5, 200, bounces=20)
    count(room, LEAST_HOURS + 6, 5000, bounces=5000)
    assert found(room) == Reputation(REPRESENTATIVE_SENDS + 100, 21, 0, began_at=NOON - (LEAST_HOURS + 5) * HOUR_S)


def test_a_busy_day_counts_whole(room: Room) -> None:
    count(room, 0, REPRESENTATIVE_SENDS)
    count(room, LEAST_HOURS - 1, 1, bounces=1)
    count(room, LEAST_HOURS, 1, bounces=1)
    assert found(room).bounces == 1


def test_what_is_older_than_a_month_counts_no_more(room: Room) -> None:
    count(room, MOST_HOURS, 10, bounces=1)
    count(room, MOST_HOURS + 1, 10, bounces=5)
    assert found(room) == Reputation(10, 1, 0, began_at=NOON - MOST_HOURS * HOUR_S)


def test_a_fresh_start_leaves_out_what_was_before(room: Room) -> None:
    count(room, 10, 100, bounces=50)
    count(room, 5, 100, bounces=50)
    count(room, 2, 100, bounces=1)
    assert found(room, since=NOON - 5 * HOUR_S + 60) == Reputation(100, 1, 0, began_at=NOON - 2 * HOUR_S)


def test_a_rate_is_never_more_than_one(room: Room) -> None:
    count(room, 0, 1, bounces=3)
    assert found(room).bounce_rate == 1.0


@pytest.mark.parametrize(("hours", "left"), [(KEPT_HOURS, 1), (KEPT_HOURS + 1, 0)])
def test_hours_are_forgotten_when_they_are_over(room: Room, hours: int, left: int) -> None:
    count(room, hours, 1, sender=Sender(ACCOUNT, REGION, "", None, None))

    def work(session: Session) -> int:
        metrics.forget_hours(session, metrics.hours_over(session, NOON, 10))
        row = session.one("SELECT COUNT(DISTINCT hour) FROM sending_hours")
        assert row is not None
        return int(row[0])

    assert room.transact(work) == left
