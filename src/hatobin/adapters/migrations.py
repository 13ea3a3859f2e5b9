"""Numbered schema changes and the table that remembers them, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hatobin.ports.database import Session

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_version (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL
)
"""


class SchemaTooNew(Exception):
    """The store was written by a newer hatobin; an older one must not touch it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the schema: its number (from 1, without gaps), a name, and its statements."""

    number: int
    name: str
    sql: str


def migrate(session: Session, migrations: Sequence[Migration], script: Callable[[str], object]) -> int:
    """Apply the migrations that the store does not have yet and give the version it has then.

    `script` runs several statements in the session's transaction, which is the
    caller's, so that a failing change leaves nothing behind. Raises
    `SchemaTooNew` when the store is ahead of the last migration, and
    `ValueError` when the numbers are not 1, 2, 3, …
    """
    if [migration.number for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError("migrations must be numbered 1, 2, 3, … in order")
    session.execute(_TABLE)
    row = session.one("SELECT max(version) FROM schema_version")
    current = int(row[0] or 0) if row else 0
    if current > len(migrations):
        raise SchemaTooNew(f"the store has schema {current}, this hatobin knows {len(migrations)}")
    for migration in migrations[current:]:
        script(migration.sql)
        session.execute(
            "INSERT INTO schema_version (version, name) VALUES (:version, :name)",
            {"version": migration.number, "name": migration.name},
        )
    return len(migrations)
