"""Cheap figures: they say what counting the rows says, and go through no table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hatobin.capabilities import queue
from hatobin.capabilities.queue import FinalState, Lease, MessageKey, NewMessage, NewRecipient
from hatobin.ports import Database
from hatobin.ports.walk import Place
from hatobin.words.outcome import RecipientState
from tests.stores import open_store, sqlite_only

OURS = Lease(0, 1)
DELIVERED, BOUNCED = RecipientState.DELIVERED, RecipientState.BOUNCED


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    store = open_store()
    yield store
    await store.close()


async def enqueue(
    database: Database, number: int, *states: RecipientState, lease: Lease | None = None, account_id: str = "1"
) -> MessageKey:
    key = MessageKey(account_id, "us-east-1", f"id-{number}")
    recipients = tuple(NewRecipient(f"r{at}@x.org", "x.org", state) for at, state in enumerate(states))
    new = NewMessage(key, 1.0, 2.0, "s", "r", "arn", None, False, None, "{}", "", b"x", None, recipients)
    await database.write(lambda session: queue.enqueue(session, new, lease))
    return key


async def finish(database: Database, *finals: tuple[MessageKey, int, RecipientState]) -> None:
    states = [FinalState(key, position, state, 1.0, "250 ok") for key, position, state in finals]
    await database.write(lambda session: queue.finish_all(session, states))


async def check(database: Database) -> queue.QueueTotals:
    """Compare the totals with the rows."""
    totals, figures = await database.read(lambda session: (queue.totals(session), queue.figures(session)))
    assert totals.queued == figures.by_state.get(RecipientState.QUEUED, 0)
    assert {state: count for state, count in totals.final.items() if count} == {
        state: count for state, count in figures.by_state.items() if state
    }
    assert totals.possible_duplicates == figures.possible_duplicates
    return totals


async def test_totals_follow_recipients_through_their_states(database: Database) -> None:
    queued, suppressed = RecipientState.QUEUED, RecipientState.SUPPRESSED
    first = await enqueue(database, 1, queued, queued, suppressed, lease=OURS)
    second = await enqueue(database, 2, queued, account_id="2")
    totals = await check(database)
    assert (totals.waiting, totals.leased) == (1, 2)
    await finish(database, (first, 0, DELIVERED), (second, 0, BOUNCED))
    await check(database)
    await database.write(lambda session: queue.count_possible_duplicates(session, first, [1]))
    totals = await check(database)
    assert (totals.queued, totals.final[DELIVERED], totals.possible_duplicates) == (1, 1, 1)


async def test_a_recipient_counts_once_whatever_is_said_of_it(database: Database) -> None:
    key = await enqueue(database, 1, RecipientState.QUEUED, RecipientState.QUEUED)
    await finish(database, (key, 0, DELIVERED), (key, 0, DELIVERED))
    await finish(database, (key, 0, BOUNCED), (key, 1, BOUNCED))
    totals = await check(database)
    assert (totals.final[DELIVERED], totals.final[BOUNCED]) == (1, 1)


async def test_totals_stay_when_the_message_is_removed(database: Database) -> None:
    key = await enqueue(database, 1, RecipientState.QUEUED)
    await finish(database, (key, 0, DELIVERED))
    await database.write(lambda session: queue.remove(session, [Place(key.account_id, key.region, key.message_id)]))
    totals = await database.read(queue.totals)
    assert totals.final[DELIVERED] == 1


async def test_an_empty_store_has_noughts_for_every_state(database: Database) -> None:
    totals = await check(database)
    assert list(totals.final) == [state for state in RecipientState if state]


@sqlite_only
async def test_counting_what_is_queued_reads_nothing_but_its_indexes(database: Database) -> None:
    for condition in ("IS NULL", "IS NOT NULL"):
        (plan,) = await database.read(
            lambda session, condition=condition: session.execute(  # type: ignore[misc]
                f"EXPLAIN QUERY PLAN SELECT COUNT(*) FROM queue_recipient WHERE state = 0 AND lease_worker {condition}"
            )
        )
        assert "COVERING INDEX queue_recipient_" in plan[3], plan
