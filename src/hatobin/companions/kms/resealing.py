"""Bringing sealed values under the first master key, piece by piece.

A room that keeps sealed values says how they are read and replaced. A piece
is one short transaction. Nothing depends on where a walk was interrupted: both
keys open until the former one is forgotten, and what is sealed under the first
key is passed over.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from hatobin.companions.kms.vault import Vault
from hatobin.ports import Session

Place = tuple[str, ...]


class SealedValue(Struct, frozen=True):
    """A sealed value, the key of its row, and the context that it opens under."""

    place: Place
    context: str
    sealed: bytes


class SealedTable(Struct, frozen=True):
    """How the sealed values of a room are walked over.

    `read` gives at most `limit` values in the order of their places, from behind
    one or from the start; `replace` stores another in the place of the one that
    was read, unless that has changed since.
    """

    name: str
    read: Callable[[Session, Place | None, int], list[SealedValue]]
    replace: Callable[[Session, SealedValue, bytes], None]


class Examined(Struct, frozen=True):
    """What a piece came to: how many values it saw, how many were under a former key, and where the next begins."""

    seen: int
    former: int
    next: Place | None


def reseal_piece(
    session: Session, vault: Vault, table: SealedTable, after: Place | None, limit: int, *, changes: bool = True
) -> Examined:
    """Seal what a piece of a table has under former keys anew, or only count it.

    Raises `SealBroken` for a value that no key opens: then nothing of the piece is changed.
    """
    values = table.read(session, after, limit)
    former = [value for value in values if not vault.is_current(value.sealed)]
    for value in former:
        plaintext = vault.open(value.sealed, context=value.context)
        if changes:
            table.replace(session, value, vault.seal(plaintext, context=value.context))
    return Examined(len(values), len(former), values[-1].place if len(values) == limit else None)
