"""Write app/migrations/0001_initial.sql from the rooms' schema.sql files.

`python -m tools.first_migration`. Only until the first release: from then on
stores have it, and every change of a room's tables is a file of its own.
"""

from __future__ import annotations

from pathlib import Path

from hatobin.app.schema import schema

TARGET = Path(__file__).resolve().parents[1] / "src/hatobin/app/migrations/0001_initial.sql"

_HEAD = """\
-- All tables as of the first release, gathered from the rooms' schema.sql by tools/first_migration.
-- Never edited afterwards: a later change is the next number.
"""


def first_migration() -> str:
    """Give the text of the file."""
    return f"{_HEAD}\n{schema()}"


if __name__ == "__main__":
    TARGET.write_text(first_migration(), encoding="utf-8")
