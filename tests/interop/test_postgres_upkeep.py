"""What traffic leaves behind in PostgreSQL: updates that stay in their page, dead rows that vacuum takes away.

The server of the tests has autovacuum off, so the figures are those of the
statements alone.

Refs: https://www.postgresql.org/docs/current/storage-hot.html.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from hatobin.adapters.postgres import PostgresDatabase
from hatobin.app.schema import migrations
from hatobin.capabilities import queue
from hatobin.capabilities.queue import Lease, MessageKey, NewMessage, NewRecipient
from hatobin.capabilities.queue.settling import FinalState, drop_bodies, finish_all
from hatobin.ports import Session
from hatobin.words.outcome import RecipientState
from tests.peers import postgres
from tests.running import wait_until

MESSAGES = 2000
GROUP = 50
CONTENT_BYTES = 2000
LEASE = Lease(0, 1)


@dataclass(frozen=True)
class TableFigures:
    """What the server counted for one table."""

    updates: int
    hot_updates: int
    dead: int
    size_bytes: int


@pytest.fixture
def url() -> str:
    """An empty database."""
    return postgres.shared().create_database(f"upkeep_{uuid.uuid4().hex[:8]}")


def figures(connection: Any, table: str) -> TableFigures:
    """Read the figures of a table."""
    row = connection.execute(
        "SELECT n_tup_upd, n_tup_hot_upd, n_dead_tup, pg_table_size(relid) + pg_indexes_size(relid)"
        " FROM pg_stat_user_tables WHERE relname = %s",
        (table,),
    ).fetchone()
    return TableFigures(*row)


def reported(connection: Any, table: str, updates: int) -> TableFigures:
    """Read the figures once so many updates have been reported: a session does that at its end, all tables at once."""
    wait_until(lambda: figures(connection, table).updates >= updates, f"the updates of {table} are reported")
    return figures(connection, table)


def message(number: int) -> NewMessage:
    return NewMessage(
        key=MessageKey("123456789012", "us-east-1", f"0100-{number:012d}-000000"),
        accepted_at=1000.0,
        expires_at=2000.0,
        source="sender@example.com",
        reverse_path="sender@example.com",
        identity_arn="",
        configuration_set=None,
        tls_required=False,
        dkim=None,
        tags="{}",
        mail="",
        content=b"x" * CONTENT_BYTES,
        blob_key=None,
        recipients=(NewRecipient("reader@example.net", "example.net"),),
    )


def accept(session: Session, messages: Sequence[NewMessage]) -> None:
    queue.enqueue_all(session, [(one, LEASE) for one in messages])


def settle(session: Session, messages: Sequence[NewMessage]) -> None:
    finals = [
        FinalState(one.key, 0, RecipientState.DELIVERED, 1001.0, "250 2.0.0 Ok: queued as 1A2B3C") for one in messages
    ]
    finish_all(session, finals)
    drop_bodies(session, [one.key for one in messages])


async def traffic(url: str, first: int) -> None:
    """Let messages through, from acceptance to their final state, a group at a time."""
    database = PostgresDatabase.open(url)
    database.migrate(migrations())
    for start in range(first, first + MESSAGES, GROUP):
        group = [message(number) for number in range(start, start + GROUP)]
        await database.write(lambda session, group=group: accept(session, group))  # type: ignore[misc]
        await database.write(lambda session, group=group: settle(session, group))  # type: ignore[misc]
    await database.close()


def vacuum(connection: Any) -> None:
    """What autovacuum does."""
    connection.execute("VACUUM queue_recipient, queue_body, queue_message, queue_total")


async def test_dead_rows_go_and_their_room_is_used_again(url: str) -> None:
    await traffic(url, first=0)
    with psycopg.connect(url, autocommit=True) as connection:
        settled = reported(connection, "queue_recipient", MESSAGES)
        assert (settled.updates, settled.dead) == (MESSAGES, MESSAGES), "one version more for each recipient"
        vacuum(connection)
        after_first = {table: figures(connection, table) for table in ("queue_recipient", "queue_body")}
        assert [one.dead for one in after_first.values()] == [0, 0]
        await traffic(url, first=MESSAGES)
        reported(connection, "queue_recipient", 2 * MESSAGES)
        vacuum(connection)
        body = figures(connection, "queue_body")
        assert body.size_bytes < MESSAGES * CONTENT_BYTES / 4, "bodies leave nothing but some pages of the index"
        assert body.dead == 0
        # What is settled stays, for its time.
        assert figures(connection, "queue_recipient").size_bytes <= after_first["queue_recipient"].size_bytes * 2


async def test_counters_are_updated_in_their_page(url: str) -> None:
    await traffic(url, first=0)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("queue_total", "commit_mark"):
            found = reported(connection, table, MESSAGES // GROUP - 1)
            assert found.hot_updates >= 0.9 * found.updates, table
            assert found.size_bytes <= 64 * 1024, table


async def test_a_recipients_update_without_an_indexed_column_stays_in_its_page(url: str) -> None:
    database = PostgresDatabase.open(url)
    database.migrate(migrations())
    messages = [message(number) for number in range(200)]
    await database.write(lambda session: accept(session, messages))

    def count(session: Session) -> None:
        for one in messages:
            queue.count_possible_duplicates(session, one.key, [0])

    await database.write(count)
    await database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        found = reported(connection, "queue_recipient", len(messages))
        # A fifth of each page is free at first, which is less than every row of it needs at once.
        assert found.hot_updates >= 0.2 * found.updates


async def test_busy_tables_are_vacuumed_early(url: str) -> None:
    database = PostgresDatabase.open(url)
    database.migrate(migrations())
    await database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("queue_recipient", "queue_body", "event_outbox", "sns_delivery", "sqs_message"):
            (options,) = connection.execute("SELECT reloptions FROM pg_class WHERE relname = %s", (table,)).fetchone()
            assert "autovacuum_vacuum_scale_factor=0.01" in options, table
