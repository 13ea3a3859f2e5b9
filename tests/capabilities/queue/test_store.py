"""The queue's rows: leases, final states, what a stale holder may still say."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hatobin.capabilities import queue
from hatobin.capabilities.queue import DkimKeyChoice, Lease, MessageKey, NewMessage, NewRecipient, WorkerLease
from hatobin.ports import Database
from hatobin.words.outcome import RecipientState
from tests.simulation.world import SimulatedClock
from tests.stores import open_store, sqlite_only

OURS, THEIRS = Lease(0, 1), Lease(1, 1)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    store = open_store()
    yield store
    await store.close()


def message(number: int, *addresses: str, blob_key: str | None = None, at: float = 100.0) -> NewMessage:
    return NewMessage(
        key=MessageKey("123456789012", "us-east-1", f"id-{number:04d}"),
        accepted_at=at,
        expires_at=at + 50_400,
        source="sender@example.com",
        reverse_path=f"id-{number}@mail.example",
        identity_arn="arn:aws:ses:us-east-1:123456789012:identity/example.com",
        configuration_set=None,
        tls_required=False,
        dkim=DkimKeyChoice("example.com", "selector", "key-1"),
        tags="{}",
        mail="{}",
        content=b"content",
        blob_key=blob_key,
        recipients=tuple(NewRecipient(address, address.partition("@")[2]) for address in addresses),
    )


async def enqueue(database: Database, new: NewMessage, lease: Lease | None) -> MessageKey:
    await database.write(lambda session: queue.enqueue(session, new, lease))
    return new.key


async def finish(database: Database, key: MessageKey, position: int = 0) -> bool:
    return await database.write(
        lambda s: queue.finish(s, key, position, RecipientState.DELIVERED, settled_at=1.0, reply="250 ok")
    )


async def test_leased_rows_are_not_claimed_and_unleased_ones_are_once(database: Database) -> None:
    await enqueue(database, message(1, "a@x.org"), OURS)
    await enqueue(database, message(2, "b@x.org", "c@y.org"), None)
    claimed = await database.write(lambda s: queue.claim_due(s, THEIRS, now=200.0, limit=10))
    assert [(m.key.message_id, [r.address for r in m.recipients]) for m in claimed] == [
        ("id-0002", ["b@x.org", "c@y.org"])
    ]
    assert claimed[0].dkim == DkimKeyChoice("example.com", "selector", "key-1")
    assert claimed[0].content == b"content"
    assert await database.write(lambda s: queue.claim_due(s, OURS, now=200.0, limit=10)) == []


async def test_a_recipient_becomes_final_exactly_once(database: Database) -> None:
    key = await enqueue(database, message(1, "a@x.org"), OURS)
    assert await finish(database, key)
    assert not await finish(database, key)
    assert [r.state for r in await database.read(lambda s: queue.recipients(s, key))] == [RecipientState.DELIVERED]


async def test_a_stale_holders_deferral_is_dropped_and_its_delivery_counts(database: Database) -> None:
    key = await enqueue(database, message(1, "a@x.org"), OURS)
    clock = SimulatedClock()
    await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    taken_over = await database.write(lambda s: queue.claim_due(s, Lease(0, 2), now=clock.now() + 1, limit=10))
    assert len(taken_over) == 1
    stale = await database.write(lambda s: queue.defer(s, key, 0, OURS, due_at=1e12, reply="451 later"))
    assert not stale
    assert await finish(database, key)


async def test_taking_a_slot_frees_its_rows_and_raises_the_epoch(database: Database) -> None:
    clock = SimulatedClock()
    first = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    await enqueue(database, message(1, "a@x.org"), first.lease)
    second = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    assert second.lease == Lease(0, first.lease.epoch + 1)
    claimed = await database.write(lambda s: queue.claim_due(s, second.lease, now=clock.now(), limit=10))
    assert len(claimed) == 1


async def test_a_dead_workers_rows_are_taken_over_by_another_after_a_minute(database: Database) -> None:
    clock = SimulatedClock()
    dead = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    alive = await WorkerLease.acquire(database, clock, 1, dead_after_s=60)
    await enqueue(database, message(1, "a@x.org"), dead.lease)
    clock.elapsed_s += 59
    assert await alive.beat() == 0
    clock.elapsed_s += 2
    assert await alive.beat() == 1


async def test_what_a_dead_worker_had_under_way_counts_as_possibly_sent(database: Database) -> None:
    clock = SimulatedClock()
    dead = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    alive = await WorkerLease.acquire(database, clock, 1, dead_after_s=60)
    key = await enqueue(database, message(1, "a@x.org", "b@y.org"), dead.lease)
    waiting = await enqueue(database, message(2, "c@x.org"), None)
    clock.elapsed_s += 61
    assert await alive.beat() == 2
    assert [r.possible_duplicates for r in await database.read(lambda s: queue.recipients(s, key))] == [1, 1]
    assert [r.possible_duplicates for r in await database.read(lambda s: queue.recipients(s, waiting))] == [0]
    assert (await database.read(queue.totals)).possible_duplicates == 2


async def test_a_forgotten_slot_begins_with_a_later_epoch(database: Database) -> None:
    clock = SimulatedClock()
    first = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    other = await WorkerLease.acquire(database, clock, 1, dead_after_s=60)
    clock.elapsed_s += 90_000
    await other.beat()
    again = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    assert again.lease.epoch > first.lease.epoch


async def test_a_sleeper_that_was_forgotten_comes_back_with_its_beat(database: Database) -> None:
    clock = SimulatedClock()
    sleeper = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    other = await WorkerLease.acquire(database, clock, 1, dead_after_s=60)
    clock.elapsed_s += 90_000
    await other.beat()
    await sleeper.beat()
    await enqueue(database, message(1, "a@x.org"), sleeper.lease)
    clock.elapsed_s += 61
    assert await other.beat() == 1


async def test_a_beat_of_an_earlier_epoch_does_not_keep_the_slot(database: Database) -> None:
    clock = SimulatedClock()
    stale = await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    await WorkerLease.acquire(database, clock, 0, dead_after_s=60)
    alive = await WorkerLease.acquire(database, clock, 1, dead_after_s=60)
    await enqueue(database, message(1, "a@x.org"), stale.lease)
    clock.elapsed_s += 61
    assert await stale.beat() + await alive.beat() == 1


async def test_bodies_go_when_the_last_recipient_is_final(database: Database) -> None:
    key = await enqueue(database, message(1, "a@x.org", "b@y.org", blob_key="messages/1"), OURS)
    await finish(database, key, 0)
    assert await database.write(lambda s: queue.drop_bodies(s, [key])) == []
    await finish(database, key, 1)
    assert await database.write(lambda s: queue.drop_bodies(s, [key])) == ["messages/1"]
    assert await database.read(lambda s: queue.body(s, key)) == (None, None)


async def test_claims_come_in_the_order_of_their_due_times_and_are_bounded(database: Database) -> None:
    for number, at in ((1, 30.0), (2, 10.0), (3, 20.0)):
        await enqueue(database, message(number, "a@x.org", at=at), None)
    first = await database.write(lambda s: queue.claim_due(s, OURS, now=100.0, limit=2))
    assert sorted(m.key.message_id for m in first) == ["id-0002", "id-0003"]
    assert await database.read(queue.next_due_at) == 30.0


async def test_releasing_gives_rows_back_at_once(database: Database) -> None:
    await enqueue(database, message(1, "a@x.org"), OURS)
    await database.write(lambda s: queue.release(s, OURS, now=5.0))
    assert await database.read(queue.next_due_at) == 5.0


@sqlite_only
async def test_the_hot_queries_use_their_indexes(database: Database) -> None:
    plans = await database.read(
        lambda s: [
            str(s.execute(f"EXPLAIN QUERY PLAN {statement}"))
            for statement in (
                "SELECT 1 FROM queue_recipient WHERE state = 0 AND lease_worker IS NULL AND due_at < 5 ORDER BY due_at",
                "SELECT MIN(due_at) FROM queue_recipient WHERE state = 0 AND lease_worker IS NULL",
                "SELECT 1 FROM queue_recipient WHERE state = 0 AND lease_worker IS NOT NULL AND lease_worker = 1",
            )
        ]
    )
    assert ["queue_recipient_due" in plans[0], "queue_recipient_due" in plans[1], "leased" in plans[2]] == [True] * 3
    assert not any("SCAN queue_recipient'" in plan or "TEMP B-TREE" in plan for plan in plans)
