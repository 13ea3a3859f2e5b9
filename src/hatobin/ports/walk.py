"""Walking over a table by its key, a piece at a time: how rows are found whose time is over.

Keys begin with account and region, so what is older than a bound is one range
per account and region. A walk visits them in order, by seeks, and looks at no
row twice: a piece ends with the place where the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hatobin.ports.database import Session, Value

C = TypeVar("C", str, int)

_SIZES = (16, 4, 1)
"""Keys in one condition: few sizes, so that few statements are prepared."""


@dataclass(frozen=True, slots=True)
class Table(Generic[C]):
    """What is walked over. An index or the primary key begins with account_id, region and `column`."""

    name: str
    column: str
    lowest: C
    """A value below every value of `column`."""


@dataclass(frozen=True, slots=True)
class Place(Generic[C]):
    """The last key that a walk has looked at."""

    account_id: str
    region: str
    key: C


@dataclass(frozen=True, slots=True)
class Piece(Generic[C]):
    """What one piece of a walk has found, and where it stopped; None at the end of the table."""

    found: list[Place[C]]
    stopped_at: Place[C] | None


def walk(
    session: Session, table: Table[C], start: Place[C] | None, *, bound: Callable[[str], C], limit: int
) -> Piece[C]:
    """Give up to `limit` keys below `bound(region)`, each once, from the one after `start` on.

    At most `limit` accounts and regions are visited, so a piece is bounded also where nothing is found.
    """
    found: list[Place[C]] = []
    place = start or _next_scope(session, table, "", "")
    for _ in range(limit):
        if place is None:
            return Piece(found, None)
        keys = _keys(session, table, place, bound(place.region), limit - len(found))
        found += [Place(place.account_id, place.region, key) for key in keys]
        if len(found) == limit:
            return Piece(found, found[-1])
        place = _next_scope(session, table, place.account_id, place.region)
    return Piece(found, place)


def conditions(table: Table[C], places: Sequence[Place[C]]) -> Iterator[tuple[str, dict[str, Value]]]:
    """Give conditions with their parameters that together select the rows of these keys, some keys each."""
    start = 0
    for size in _SIZES:
        while len(places) - start >= size:
            parameters: dict[str, Value] = {}
            for number, place in enumerate(places[start : start + size]):
                parameters[f"account_{number}"] = place.account_id
                parameters[f"region_{number}"] = place.region
                parameters[f"key_{number}"] = place.key
            values = ", ".join(f"(:account_{number}, :region_{number}, :key_{number})" for number in range(size))
            yield f"(account_id, region, {table.column}) IN (VALUES {values})", parameters
            start += size


def _keys(session: Session, table: Table[C], place: Place[C], bound: C, limit: int) -> list[C]:
    rows = session.execute(
        f"""SELECT DISTINCT {table.column} FROM {table.name}
        WHERE account_id = :account_id AND region = :region AND {table.column} > :after AND {table.column} < :bound
        ORDER BY {table.column} LIMIT :limit""",  # noqa: S608 - only names
        {
            "account_id": place.account_id,
            "region": place.region,
            "after": place.key,
            "bound": bound,
            "limit": limit,
        },
    )
    return [row[0] for row in rows]


def _next_scope(session: Session, table: Table[C], account_id: str, region: str) -> Place[C] | None:
    """Step to the next account and region.

    Two statements, because SQLite goes through all rows of the account for one comparison of both columns.
    """
    here: dict[str, Value] = {"account_id": account_id, "region": region}
    row = session.one(
        f"""SELECT account_id, region FROM {table.name} WHERE account_id = :account_id AND region > :region
        ORDER BY region LIMIT 1""",  # noqa: S608 - only names
        here,
    ) or session.one(
        f"""SELECT account_id, region FROM {table.name} WHERE account_id > :account_id
        ORDER BY account_id, region LIMIT 1""",  # noqa: S608 - only names
        {"account_id": account_id},
    )
    return None if row is None else Place(row[0], row[1], table.lowest)
