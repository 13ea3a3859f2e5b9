"""A sharded PostgreSQL can distribute the tables by account, but for those that docs/scaling.md names.

It asks that every primary key and every unique index holds the distribution
column (Citus, "Limitations": unique constraints must include it). Seen on what
the numbered migrations make, because that is what a database has.
"""

from __future__ import annotations

import re
import sqlite3
from functools import cache

from hatobin.app.schema import migrations
from tests.tidy.source import ROOT, complaint
from tests.tidy.waivers import KEYED_OTHERWISE

DISTRIBUTED_BY = "account_id"
# Unique indexes without the account, and why that is so.
UNIQUE_OTHERWISE = {
    "s3_bucket_by_name": "names of buckets are one namespace, and a request names only its bucket",
    "iam_access_key_by_id": "a request names only its key, and the key says whose it is",
    "iam_session_by_id": "the same for temporary credentials",
}


@cache
def _keys() -> dict[str, list[str]]:
    """Tables and unique indexes to the columns of their key, in order."""
    with sqlite3.connect(":memory:") as database:
        for migration in migrations():
            database.executescript(migration.sql)
        found = {}
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = database.execute("SELECT pk, name FROM pragma_table_info(?) WHERE pk > 0", (table,)).fetchall()
            found[table] = [name for _, name in sorted(columns)]
            indexes = database.execute(
                """SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin <> 'pk'""", (table,)
            ).fetchall()
            for (index,) in indexes:
                names = database.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,))
                found[index] = [name for (name,) in names]
    database.close()
    return found


def _exceptions() -> set[str]:
    return {name for name, columns in _keys().items() if columns[:1] != [DISTRIBUTED_BY]}


def test_every_unique_key_begins_with_the_account_but_those_with_a_reason() -> None:
    known = KEYED_OTHERWISE.keys() | UNIQUE_OTHERWISE.keys()
    assert not (places := sorted(_exceptions() - known)), complaint("a key that shards cannot be told by", places)
    assert not (places := sorted(known - _exceptions())), complaint("an exception that is none any more", places)


def test_every_table_carries_the_account_or_serves_all() -> None:
    with sqlite3.connect(":memory:") as database:
        for migration in migrations():
            database.executescript(migration.sql)
        without = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if DISTRIBUTED_BY not in [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
        ]
    database.close()
    # Copied to every shard's node: Citus calls them reference tables.
    assert sorted(without) == ["outward_place", "queue_worker", "worker_figures"]


def test_the_page_on_scaling_names_the_exceptions() -> None:
    page = (ROOT / "docs/scaling.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert named == _exceptions()
