"""The whole schema: every room's `schema.sql`, gathered in the order of their paths.

Rooms own their tables; this module only collects them. Statements are
idempotent (CREATE … IF NOT EXISTS), so a start on an existing store is cheap.
"""

from __future__ import annotations

from pathlib import Path

import hatobin


def schema() -> str:
    """Give the statements that create every table."""
    root = Path(hatobin.__file__).parent
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(root.glob("*/*/schema.sql")))
