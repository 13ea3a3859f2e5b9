"""Several nodes on one database: who waits for whom, and what is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Barrier, BrokenBarrierError

import pytest

from hatobin.adapters.migrations import Migration, SchemaTooNew
from hatobin.adapters.postgres import PostgresDatabase
from hatobin.app.schema import migrations, schema
from hatobin.capabilities import events, queue
from hatobin.capabilities.events import OutboxRow
from hatobin.capabilities.queue import Lease
from hatobin.ports.database import Session
from tests.adapters.postgres.gate import Gate
from tests.capabilities.queue.test_store import message
from tests.peers import postgres

pytestmark = pytest.mark.interop

Open = Callable[..., PostgresDatabase]
COUNTERS = "CREATE TABLE counter (name TEXT PRIMARY KEY, total INTEGER NOT NULL)"
ONE = Migration(1, "one", "CREATE TABLE a (id INTEGER PRIMARY KEY, body BLOB)")
TWO = Migration(2, "two", "ALTER TABLE a ADD COLUMN note TEXT; CREATE INDEX a_note ON a (note)")


async def test_counting_on_condition_loses_nothing_between_nodes(opened: Open) -> None:
    one, other = opened(), opened()
    one.apply_schema(COUNTERS)

    def add_one(session: Session) -> None:
        session.execute(
            "INSERT INTO counter (name, total) VALUES ('all', 1)"
            " ON CONFLICT (name) DO UPDATE SET total = counter.total + 1"
        )

    await asyncio.gather(*(node.write(add_one) for node in (one, other) for _ in range(200)))
    assert await one.read(lambda s: s.one("SELECT total FROM counter")) == (400,)


async def test_two_nodes_in_each_other_s_way_both_get_through(opened: Open) -> None:
    one, other = opened(), opened()
    one.apply_schema(COUNTERS)
    await one.write(lambda s: s.execute("INSERT INTO counter (name, total) VALUES ('a', 0), ('b', 0)"))
    both_hold_one = Barrier(2)

    def add(first: str, second: str) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            session.one("UPDATE counter SET total = total + 1 WHERE name = :name RETURNING total", {"name": first})
            try:
                both_hold_one.wait(0.5)
            except BrokenBarrierError:
                pass  # Running again, alone.
            session.one("UPDATE counter SET total = total + 1 WHERE name = :name RETURNING total", {"name": second})

        return work

    await asyncio.gather(one.write(add("a", "b")), other.write(add("b", "a")))
    assert await one.read(lambda s: s.execute("SELECT total FROM counter")) == [(2,), (2,)]


async def test_due_recipients_are_claimed_by_one_node_each(opened: Open) -> None:
    nodes = [opened() for _ in range(3)]
    nodes[0].apply_schema(schema())
    for number in range(60):
        await nodes[0].write(lambda s, number=number: queue.enqueue(s, message(number, "a@x.org"), None))  # type: ignore[misc]

    async def claim_all(node: PostgresDatabase, lease: Lease) -> list[str]:
        claimed: list[str] = []
        while found := await node.write(lambda s: queue.claim_due(s, lease, now=200.0, limit=7)):
            claimed += [ready.key.message_id for ready in found]
        return claimed

    shares = await asyncio.gather(*(claim_all(node, Lease(number, 1)) for number, node in enumerate(nodes)))
    assert sorted(key for share in shares for key in share) == [f"id-{number:04d}" for number in range(60)]


async def test_a_claim_does_not_wait_for_another_node_s_claim(opened: Open) -> None:
    one, other = opened(), opened()
    one.apply_schema(schema())
    for number in range(4):
        await one.write(lambda s, number=number: queue.enqueue(s, message(number, "a@x.org"), None))  # type: ignore[misc]
    claimed_by_one, claimed_by_other = Barrier(2), Barrier(2)

    def claim_and_hold(session: Session) -> int:
        found = queue.claim_due(session, Lease(0, 1), now=200.0, limit=2)
        claimed_by_one.wait(10)
        claimed_by_other.wait(10)
        return len(found)

    def claim(session: Session) -> int:
        claimed_by_one.wait(10)
        found = queue.claim_due(session, Lease(1, 1), now=200.0, limit=4)
        claimed_by_other.wait(10)
        return len(found)

    assert await asyncio.gather(one.write(claim_and_hold), other.write(claim)) == [2, 2]


async def test_an_event_is_taken_out_by_one_node_and_in_order(opened: Open) -> None:
    nodes = [opened() for _ in range(2)]
    nodes[0].apply_schema(schema())

    def fill(session: Session) -> None:
        for number in range(100):
            session.execute(
                "INSERT INTO event_outbox"
                " (account_id, region, destination, target_arn, message_id, payload, created_at)"
                " VALUES ('1', 'r', 'd', 't', :id, 'p', 0)",
                {"id": str(number)},
            )

    await nodes[0].write(fill)

    async def take_all(node: PostgresDatabase) -> list[OutboxRow]:
        taken: list[OutboxRow] = []
        while rows := await node.read(lambda s: events.oldest_in_outbox(s, 8)):
            taken += await node.write(lambda s, rows=rows: events.take_outbox(s, rows[0].id, rows[-1].id))
        return taken

    shares = await asyncio.gather(*(take_all(node) for node in nodes))
    assert sorted(row.message_id for share in shares for row in share) == sorted(str(number) for number in range(100))
    for share in shares:
        assert share == sorted(share, key=lambda row: row.id)


async def test_a_name_taken_by_another_node_is_seen_when_the_work_runs_again(opened: Open) -> None:
    one, other = opened(), opened()
    one.apply_schema(COUNTERS)
    nobody_has_it = Barrier(2)

    def create(session: Session) -> str:
        if session.one("SELECT 1 FROM counter WHERE name = 'x'") is not None:
            return "was there"
        try:
            nobody_has_it.wait(0.5)
        except BrokenBarrierError:
            pass
        session.execute("INSERT INTO counter (name, total) VALUES ('x', 0)")
        return "created"

    assert sorted(await asyncio.gather(one.write(create), other.write(create))) == ["created", "was there"]


async def test_workers_that_start_together_migrate_once(url: str) -> None:
    stores = [PostgresDatabase.open(url, reader_threads=0) for _ in range(4)]
    versions = await asyncio.gather(*(asyncio.to_thread(store.migrate, [ONE, TWO]) for store in stores))
    assert versions == [2] * 4
    for store in stores:
        await store.close()


async def test_a_store_of_a_newer_hatobin_is_not_touched(opened: Open) -> None:
    database = opened()
    assert database.migrate([ONE, TWO]) == 2
    with pytest.raises(SchemaTooNew):
        database.migrate([ONE])
    await database.write(lambda s: s.execute("INSERT INTO a (body, note) VALUES (:b, 'n')", {"b": b"\0"}))
    assert await database.read(lambda s: s.execute("SELECT id, body, note FROM a")) == [(1, b"\0", "n")]


async def test_a_failing_migration_leaves_nothing_behind(opened: Open) -> None:
    database = opened()
    wrong = Migration(2, "wrong", "ALTER TABLE a ADD COLUMN note TEXT; ALTER TABLE nothing ADD COLUMN x TEXT")
    database.migrate([ONE])
    with pytest.raises(Exception, match="nothing"):
        database.migrate([ONE, wrong])
    assert database.migrate([ONE, TWO]) == 2


_SHAPE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
  pg_get_expr(d.adbin, d.adrelid), c.reloptions::text, o.collname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_collation o ON o.oid = a.attcollation
WHERE c.relkind = 'r' AND c.relname <> 'schema_version'
UNION ALL SELECT tablename, indexdef, NULL, NULL, NULL, NULL, NULL, NULL FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'schema_version' ORDER BY 1, 2"""


async def test_migrations_lead_to_the_rooms_schema_here_too(opened: Open) -> None:
    made = opened(reader_threads=1)
    made.migrate(migrations())
    other = PostgresDatabase.open(postgres.shared().create_database("as_the_rooms_say"), reader_threads=1)
    other.apply_schema(schema())
    assert await made.read(lambda s: s.execute(_SHAPE)) == await other.read(lambda s: s.execute(_SHAPE))
    await other.close()


async def test_nodes_that_take_turns_never_block_each_other(opened: Open) -> None:
    """Both groups count in both rows, gathered in opposite orders."""
    gates = [Gate(), Gate()]
    nodes = [opened(on_write=gate) for gate in gates]
    nodes[0].apply_schema(COUNTERS)
    runs: list[str] = []

    def add(name: str) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            runs.append(name)
            session.one(
                "INSERT INTO counter (name, total) VALUES (:name, 1)"
                " ON CONFLICT (name) DO UPDATE SET total = counter.total + 1 RETURNING total",
                {"name": name},
            )

        return work

    waiting = [asyncio.ensure_future(node.write(lambda s: s.one("SELECT 1"))) for node in nodes]
    for gate in gates:
        await gate.closed()
    for node, names in zip(nodes, ("ab", "ba"), strict=True):
        waiting += [asyncio.ensure_future(node.write(add(name), turn=name)) for name in names * 20]
    await asyncio.sleep(0)
    for gate in gates:
        gate.open.set()
    await asyncio.gather(*waiting)
    assert len(runs) == 80
    assert await nodes[0].read(lambda s: s.execute("SELECT total FROM counter")) == [(40,), (40,)]
