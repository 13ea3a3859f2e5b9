"""The whole schema: what the rooms say it is today, and the numbered steps that lead there.

Rooms own their tables: a room's `schema.sql` says what they are. A store is
brought there by the files of `migrations/`, `NNNN_name.sql` in the common
statement language, applied in their order and each once. A test compares the
two ways, so a change of a room's `schema.sql` needs a migration beside it.
"""

from __future__ import annotations

from pathlib import Path

import hatobin
from hatobin.adapters.migrations import Migration

_ROOT = Path(hatobin.__file__).parent
_MIGRATIONS = _ROOT / "app" / "migrations"


def schema() -> str:
    """Give the statements that create every table, in the order of the rooms' paths."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_ROOT.glob("*/*/schema.sql")))


def migrations() -> list[Migration]:
    """Give the steps from an empty store to today's schema, in their order."""
    found: list[Migration] = []
    for path in sorted(_MIGRATIONS.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(int(number), name, path.read_text(encoding="utf-8")))
    return found
