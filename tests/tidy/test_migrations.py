"""The numbered migrations lead to exactly the tables that the rooms' schema.sql say (here on SQLite)."""

from __future__ import annotations

import re
import sqlite3

from hatobin.app.schema import migrations, schema

Tables = dict[str, frozenset[object]]


def tables_of(*scripts: str) -> Tables:
    """Run scripts and give what they made: the columns of tables, whatever their order, and the text of indexes."""
    database = sqlite3.connect(":memory:")
    for script in scripts:
        database.executescript(script)
    found: Tables = {}
    for kind, name, text in database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "table":
            columns = database.execute(
                'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,)
            )
            rowid = "without rowid" if re.search(r"\bWITHOUT\s+ROWID\b", text, re.IGNORECASE) else "rowid"
            found[name] = frozenset((*columns, rowid))
        else:
            found[name] = frozenset([" ".join(text.split())])
    database.close()
    return found


def test_migrations_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrations_lead_to_the_rooms_schema() -> None:
    wanted = tables_of(schema())
    made = tables_of(*(migration.sql for migration in migrations()))
    differing = sorted(name for name in wanted.keys() | made.keys() if wanted.get(name) != made.get(name))
    assert not differing, (
        f"{', '.join(differing)}: a room's schema.sql and the migrations disagree. Add a migration; "
        "before the first release, python -m tools.first_migration writes the first one anew."
    )


def test_a_missing_column_a_lost_index_and_another_predicate_are_found() -> None:
    whole = "CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a) WHERE b IS NULL;"
    assert tables_of(whole) == tables_of(
        "CREATE TABLE t (a TEXT)", "ALTER TABLE t ADD COLUMN b TEXT", "CREATE INDEX i\n ON t (a) WHERE b IS NULL"
    )
    assert tables_of(whole) != tables_of("CREATE TABLE t (a TEXT, b TEXT)")
    assert tables_of(whole) != tables_of("CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a)")
    assert tables_of(whole) != tables_of("CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)")
