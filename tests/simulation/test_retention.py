"""Retention in a simulated world: a year of traffic, and tables that stay as they were after two months."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from hatobin.app.schema import schema
from hatobin.capabilities import account, events, queue
from hatobin.capabilities.account import SendLimits
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.queue import MessageKey
from hatobin.companions.cloudwatch import MetricUpkeep
from hatobin.flow.retention import BLOB_AGE_S, PIECE, Removed, Retention
from hatobin.ports import Session, Value
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Delivery, Service, Settings, Store
from tests.simulation.receiver import Accepts, KnowsNobody, Receiver
from tests.simulation.server import ACCOUNT, RECEIVER_IP, REGION, CrashPlan, World, draft
from tests.stores import sqlite_only

DAY_S = 86_400.0
HISTORY_DAYS = 14
STORE = Store(history_s=HISTORY_DAYS * DAY_S)
LARGE = "A line of text.\r\n" * 8000  # Over `store.inline_body_bytes`: it goes to the blob store.

TABLES = sorted(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", schema()))
# One row per address that has bounced: the list is the account's own to keep.
KEPT_FOR_EVER = {"suppressed_destinations"}


def relaying() -> World:
    delivery = Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False)
    return World(settings=Settings(delivery=delivery, service=Service(domain="mail.example"), store=STORE))


def counts(world: World) -> dict[str, int]:
    found = {table: world.count(f"SELECT COUNT(*) FROM {table}") for table in TABLES}
    # The days of metrics are kept for longer than the year of the test.
    days = world.count("SELECT COUNT(*) FROM cloudwatch_point WHERE period = 86400")
    return {**found, "cloudwatch_point": found["cloudwatch_point"] - days}


def retention(world: World) -> Retention:
    return Retention(world.ports, world.settings)


async def make_pass(world: World, keeper: Retention | None = None) -> Removed:
    """Let retention make one pass; it rests now and then, so time must go on."""
    task = asyncio.ensure_future((keeper or retention(world)).once())
    assert await world.run(task.done)
    upkeep = asyncio.ensure_future(MetricUpkeep(world.ports).once())
    assert await world.run(upkeep.done)
    return task.result()


async def pass_days(world: World, days: float) -> None:
    """Jump, and let the worker beat again: while it stood still, its lease was over."""
    world.clock.elapsed_s += days * DAY_S
    await world.run(lambda: False, limit_s=world.settings.server.dead_after_s)


async def send(world: World, outbound: Any, *recipients: str, body: str = "Hello") -> MessageKey:
    accepted = await outbound.acceptor.accept(draft(*recipients, body=body))
    assert await world.run(lambda: world.all_final()() and not outbound.ready.messages)
    key: MessageKey = accepted.key
    return key


async def counted(world: World, account_id: str) -> None:
    """An account sends, as far as its counters can tell."""
    now = world.clock.now()

    def work(session: Session) -> None:
        account.spend(session, account_id, REGION, 1, now, SendLimits(-1.0, 50_000))
        account.count(session, account_id, REGION, now, delivered=1)

    await world.database.write(work)


@pytest.mark.parametrize("mode", ["relay", "mailbox"])
async def test_a_year_of_traffic_leaves_the_tables_as_two_months_did(mode: Any) -> None:
    delivery = Delivery(mode=mode, relay=RECEIVER_IP, service_signature=False)
    world = World(settings=Settings(delivery=delivery, service=Service(domain="mail.example"), store=STORE))
    world.network.receivers[RECEIVER_IP] = Receiver(Accepts())
    outbound = await world.start()
    await world.verify("sender@example.com")
    keeper = retention(world)
    after_two_months: dict[str, int] = {}
    for day in range(365):
        await pass_days(world, 1)
        await send(world, outbound, f"a{day}@example.net", f"b{day}@example.org")
        await send(world, outbound, f"bounce+{day}@simulator.amazonses.com", body=LARGE)
        if day < 10:
            await counted(world, "210987654321")  # It sends no more after that.
        await make_pass(world, keeper)
        if day == 66:  # Hours of metrics and reputations are kept for 63.
            after_two_months = counts(world)
    found = counts(world)
    for table in TABLES:
        if table not in KEPT_FOR_EVER:
            assert found[table] <= after_two_months[table], table
    metrics = world.count("SELECT COUNT(*) FROM cloudwatch_metric")
    assert 0 < world.count("SELECT COUNT(*) FROM cloudwatch_point WHERE period = 86400") <= metrics * 365
    assert found["queue_message"] == 3 * HISTORY_DAYS  # One bounces, and a third tells of it.
    assert found["event_record"] >= found["queue_message"]
    assert not world.count("SELECT COUNT(*) FROM account_minutes WHERE account_id = '210987654321'")
    assert not world.count("SELECT COUNT(*) FROM account_statistics WHERE account_id = '210987654321'")
    assert len(world.blobs.stored) <= (HISTORY_DAYS if mode == "mailbox" else 0)
    await world.kill(outbound)


async def test_what_is_queued_stays_however_old_it_is() -> None:
    world = relaying()
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net", body=LARGE))
    assert await world.run(lambda: bool(world.count("SELECT COUNT(*) FROM event_record WHERE kind <> 'Send'")))
    await world.kill(outbound)
    world.clock.elapsed_s += 60 * DAY_S  # Nobody serves the store for two months.
    world.crash = CrashPlan()
    before = counts(world)
    assert (await make_pass(world)).messages == 0
    assert counts(world) == before | {"account_minutes": 0}
    assert len(world.blobs.stored) == 1
    receiver = world.network.receivers[RECEIVER_IP] = Receiver(Accepts())
    outbound = await world.start()
    assert await world.run(lambda: bool(receiver.taken) and not outbound.ready.messages)
    assert await world.states(accepted.key) == [RecipientState.DELIVERED]
    await make_pass(world)
    assert await world.states(accepted.key) == []
    assert not world.blobs.stored
    await world.kill(outbound)


async def test_a_message_goes_whole_with_everything_that_hangs_on_it() -> None:
    world = World(settings=Settings(service=Service(domain="mail.example"), store=STORE))
    outbound = await world.start()
    await world.verify("sender@example.com")
    old = await send(world, outbound, "a@example.net", "b@example.net", body=LARGE)
    await pass_days(world, 13)
    new = await send(world, outbound, "c@example.net", body=LARGE)
    await make_pass(world)
    assert len(await world.states(old)) == 2
    await pass_days(world, 1.5)
    await make_pass(world)
    for table in ("queue_message", "queue_recipient", "queue_body", "event_record", "inbox_message"):
        left = {row[0] for row in world._peek(f"SELECT message_id FROM {table}", {})}  # type: ignore[index]
        assert left == {new.message_id}, table
    assert list(world.blobs.stored) == [queue.blob_key(new)]
    await world.kill(outbound)


async def test_an_event_that_comes_after_its_message_has_gone_goes_too() -> None:
    world = relaying()
    outbound = await world.start()
    await world.verify("sender@example.com")
    world.network.receivers[RECEIVER_IP] = Receiver(KnowsNobody())
    key = await send(world, outbound, "nobody@example.net")
    world.clock.elapsed_s += 15 * DAY_S
    await make_pass(world)
    late = Event(key, None, EventKind.COMPLAINT, world.clock.now(), "{}", mail=MailJson("{}", "{}"))
    await world.database.write(lambda session: events.record(session, late))
    removed = await make_pass(world)
    assert (removed.messages, removed.orphaned_events) == (0, 1)
    assert not counts(world)["event_record"]
    await world.kill(outbound)


async def test_a_blob_without_its_row_is_collected_after_a_day_and_a_strangers_never() -> None:
    world = relaying()
    outbound = await world.start()
    await world.verify("sender@example.com")
    waiting = await outbound.acceptor.accept(draft("a@example.net", body=LARGE))  # Nobody is there to take it.
    forgotten = MessageKey(ACCOUNT, REGION, message_id(REGION, world.clock.now(), "0" * 36))
    await world.blobs.put(queue.blob_key(forgotten), b"x")
    await world.blobs.put("buckets/archive/1", b"x")
    keeper = retention(world)
    assert (await make_pass(world, keeper)).blobs == 0
    world.clock.elapsed_s += BLOB_AGE_S / 4 + 1
    assert (await make_pass(world, keeper)).blobs == 0
    await world.kill(outbound)
    world.crash = CrashPlan()
    world.clock.elapsed_s += BLOB_AGE_S
    assert (await make_pass(world, keeper)).blobs == 1
    assert sorted(world.blobs.stored) == ["buckets/archive/1", queue.blob_key(waiting.key)]


async def test_a_large_past_goes_in_small_transactions_and_both_accounts_are_reached() -> None:
    world = relaying()
    await fill(world, "123456789012", "us-east-1", PIECE * 2 + 10)
    await fill(world, "123456789012", "eu-west-1", 5)
    await fill(world, "999999999999", "us-east-1", PIECE)
    world.clock.elapsed_s += 20 * DAY_S
    world.crash.commits = 0
    removed = await make_pass(world)
    assert removed.messages == 3 * PIECE + 15
    assert not counts(world)["queue_message"]
    # 3 × 500 and the rest; a piece may go over the end of an account.
    assert world.crash.commits == 4


async def fill(world: World, account_id: str, region: str, count: int) -> None:
    """Messages that are all final."""
    now = world.clock.now()

    def work(session: Session) -> None:
        for _ in range(count):
            key = MessageKey(account_id, region, message_id(region, now, world.entropy.uuid()))
            final = queue.NewRecipient("a@example.net", "example.net", RecipientState.DELIVERED, "250 ok")
            queue.enqueue(
                session,
                queue.NewMessage(
                    key, now, now + 50_400, "s", "r", "arn", None, False, None, "{}", "", b"", None, (final,)
                ),
                None,
            )

    await world.database.write(work)


class _Explaining:
    """A session that asks, before each statement, how it will search."""

    dialect = "sqlite"

    def __init__(self, session: Session, plans: dict[str, str]) -> None:
        self._session = session
        self._plans = plans
        self.memo: dict[object, Any] = {}

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[tuple[Any, ...]]:
        self._plans[sql] = str([row[3] for row in self._session.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)])
        return self._session.execute(sql, parameters)

    def one(self, sql: str, parameters: Mapping[str, Value] | None = None) -> tuple[Any, ...] | None:
        rows = self.execute(sql, parameters)
        return rows[0] if rows else None

    def many(self, sql: str, parameters: Sequence[Mapping[str, Value]]) -> None:
        for one in parameters:
            self.execute(sql, one)


@sqlite_only
async def test_no_statement_of_a_pass_goes_through_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    world = relaying()
    await fill(world, "123456789012", "us-east-1", 21)  # 16 + 4 + 1: every size of condition.
    await counted(world, "123456789012")
    world.clock.elapsed_s += 20 * DAY_S
    plans: dict[str, str] = {}
    for name in ("read", "write"):
        original = getattr(world.database, name)
        monkeypatch.setattr(
            world.database, name, lambda work, do=original: do(lambda session: work(_Explaining(session, plans)))
        )
    await make_pass(world)
    monkeypatch.undo()
    assert not counts(world)["queue_message"]
    assert len(plans) > 15
    for sql, plan in plans.items():
        # A condition's own list of keys is gone through, and nothing else.
        assert not re.search(r"SCAN (?!\d+-ROW VALUES|CONSTANT ROW)|TEMP B-TREE", plan), f"{sql}\n{plan}"
