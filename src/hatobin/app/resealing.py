"""Everything sealed in a store, brought under the first master key or counted."""

from __future__ import annotations

from hatobin.capabilities import identities, tracking
from hatobin.companions import acm, iam
from hatobin.companions.kms import SealedTable, Vault, reseal_piece
from hatobin.ports import Database, Session

PIECE = 100
"""Values that one transaction seals anew at most."""
TABLES: tuple[SealedTable, ...] = (*iam.SEALED, acm.SEALED, identities.SEALED, tracking.SEALED)


async def reseal(database: Database, vault: Vault) -> dict[str, int]:
    """Seal all that is under former keys anew, in many short transactions; gives how many of each kind.

    It may be interrupted anywhere and run again. Raises `SealBroken` for a value that no key opens.
    """
    return {table.name: await _walk(database, vault, table, changes=True) for table in TABLES}


async def count_former(database: Database, vault: Vault) -> int:
    """Count what is still sealed under former keys."""
    return sum([await _walk(database, vault, table, changes=False) for table in TABLES])


async def _walk(database: Database, vault: Vault, table: SealedTable, *, changes: bool) -> int:
    former, after = 0, None
    while True:
        start = after

        def piece(session: Session, start: tuple[str, ...] | None = start) -> tuple[int, tuple[str, ...] | None]:
            found = reseal_piece(session, vault, table, start, PIECE, changes=changes)
            return found.former, found.next

        count, after = await (database.write(piece) if changes else database.read(piece))
        former += count
        if after is None:
            return former
