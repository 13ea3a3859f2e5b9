"""The SQL of configuration sets and event destinations."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.configuration_sets.destinations import EventDestination, Target
from hatobin.capabilities.configuration_sets.model import ConfigurationSet, Options
from hatobin.capabilities.tags import TagPair
from hatobin.companions import outward
from hatobin.companions.outward import WebhookPlace
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Row, Session, Value, remembered

SETS_READ = 1_000
"""So many sets are kept as what their rows say."""

_options = msgspec.json.Decoder(Options)
_texts = msgspec.json.Decoder(tuple[str, ...])
_target = msgspec.json.Decoder(Target)

_SET = "account_id = :account_id AND region = :region AND name = :name"
_DESTINATIONS = "account_id = :account_id AND region = :region AND set_name = :name"
_FIND = f"SELECT options FROM configuration_sets WHERE {_SET}"
# Two statements, and sorted here: each group of messages asks, and a join or a sorter costs SQLite more than both.
_FIND_DESTINATIONS = (
    f"SELECT position, name, enabled, event_types, target FROM event_destinations WHERE {_DESTINATIONS}"
)


def _where(account_id: str, region: str, name: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "name": name}


def find(session: Session, account_id: str, region: str, name: str) -> ConfigurationSet | None:
    """Give a set with its destinations; its name is case-sensitive."""
    where = _where(account_id, region, name)
    row = session.one(_FIND, where)
    if row is None:
        return None
    destinations = tuple(sorted(session.execute(_FIND_DESTINATIONS, where)))
    return _made(account_id, region, name, row[0], destinations, outward.places(session).webhooks_of(name))


def find_once(session: Session, account_id: str, region: str, name: str) -> ConfigurationSet | None:
    """Give a set as `find` does, and the same again until the session's memo is cleared."""
    asked = ("configuration set", account_id, region, name)
    return remembered(session, asked, lambda: find(session, account_id, region, name))


@lru_cache(maxsize=SETS_READ)
def _made(
    account_id: str,
    region: str,
    name: str,
    options: str,
    destinations: tuple[Row, ...],
    webhooks: tuple[WebhookPlace, ...],
) -> ConfigurationSet:
    """Make the same value of the same rows, with what it has worked out of them."""
    made = tuple(_destination(row[1:]) for row in destinations)
    return ConfigurationSet(account_id, region, name, _options.decode(options), made, webhooks)


def _destination(row: tuple[Any, ...]) -> EventDestination:
    name, enabled, event_types, target = row
    return EventDestination(name, bool(enabled), _texts.decode(event_types), _target.decode(target))


def exists(session: Session, account_id: str, region: str, name: str) -> bool:
    """Say whether there is a set of this name."""
    return session.one(f"SELECT 1 FROM configuration_sets WHERE {_SET}", _where(account_id, region, name)) is not None


def tags_of(session: Session, account_id: str, region: str, name: str) -> tuple[TagPair, ...] | None:
    """Give the tags of a set; None where there is no set."""
    row = session.one(f"SELECT tags FROM configuration_sets WHERE {_SET}", _where(account_id, region, name))
    return None if row is None else tags.decode(row[0])


def change_options(
    session: Session, account_id: str, region: str, name: str, change: Callable[[Options], Options]
) -> bool:
    """Change the blocks of a set; False when there is none. What `change` raises leaves the set as it was."""
    where = _where(account_id, region, name)
    # An UPDATE, so that another node's change waits for this one's commit.
    row = session.one(f"UPDATE configuration_sets SET options = options WHERE {_SET} RETURNING options", where)
    if row is None:
        return False
    changed = msgspec.json.encode(change(_options.decode(row[0]))).decode()
    session.execute(f"UPDATE configuration_sets SET options = :options WHERE {_SET}", {**where, "options": changed})
    return True


def pause(session: Session, account_id: str, region: str, name: str, now: float) -> bool:
    """Switch the sending of a set off; False when there is no set."""
    return change_options(session, account_id, region, name, lambda options: options.with_sending(False, now))


def lock(session: Session, account_id: str, region: str, name: str) -> bool:
    """Keep other nodes from changing a set's destinations until the commit; False when there is no set."""
    row = session.one(
        f"UPDATE configuration_sets SET options = options WHERE {_SET} RETURNING 1", _where(account_id, region, name)
    )
    return row is not None


def insert(
    session: Session,
    account_id: str,
    region: str,
    name: str,
    options: Options,
    now: float,
    tag_pairs: tuple[TagPair, ...] = (),
) -> bool:
    """Store a new set; False when the name is taken."""
    row = session.one(
        """
        INSERT INTO configuration_sets (account_id, region, name, options, tags, created_at)
        VALUES (:account_id, :region, :name, :options, :tags, :now)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {
            **_where(account_id, region, name),
            "options": msgspec.json.encode(options).decode(),
            "tags": tags.encode(tag_pairs),
            "now": now,
        },
    )
    return row is not None


def number(session: Session, account_id: str, region: str) -> int:
    """Count the sets of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM configuration_sets WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove a set and its destinations; False when there was none."""
    where = _where(account_id, region, name)
    session.execute(f"DELETE FROM event_destinations WHERE {_DESTINATIONS}", where)
    return session.one(f"DELETE FROM configuration_sets WHERE {_SET} RETURNING name", where) is not None


def page(
    session: Session, account_id: str, region: str, request: PageRequest, *, name_contains: str | None = None
) -> list[str]:
    """Give names of sets in their order; `name_contains` is found anywhere, whatever the case."""
    condition, parameters = "", dict[str, Value]()
    if name_contains is not None:
        escaped = name_contains.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        condition, parameters = "AND lower(name) LIKE :part ESCAPE '!'", {"part": f"%{escaped}%"}
    rows = session.execute(
        f"""
        SELECT name FROM configuration_sets
        WHERE account_id = :account_id AND region = :region AND name > :after {condition}
        ORDER BY name LIMIT :fetch
        """,
        {
            "account_id": account_id,
            "region": region,
            "after": "" if request.after is None else request.after[0],
            "fetch": request.fetch,
            **parameters,
        },
    )
    return [row[0] for row in rows]


def insert_destination(
    session: Session, account_id: str, region: str, set_name: str, destination: EventDestination
) -> None:
    """Put a destination behind the set's others."""
    session.execute(
        f"""
        INSERT INTO event_destinations
          (account_id, region, set_name, name, position, enabled, event_types, target)
        SELECT :account_id, :region, :name, :destination, coalesce(max(position), 0) + 1, :enabled, :event_types,
          :target
        FROM event_destinations WHERE {_DESTINATIONS}
        """,
        {**_where(account_id, region, set_name), **_values(destination)},
    )


def replace_destination(
    session: Session, account_id: str, region: str, set_name: str, destination: EventDestination
) -> bool:
    """Put a destination in the place of the one of its name; False when the set has none."""
    row = session.one(
        f"""
        UPDATE event_destinations SET enabled = :enabled, event_types = :event_types, target = :target
        WHERE {_DESTINATIONS} AND name = :destination RETURNING name
        """,
        {**_where(account_id, region, set_name), **_values(destination)},
    )
    return row is not None


def _values(destination: EventDestination) -> dict[str, Value]:
    return {
        "destination": destination.name,
        "enabled": int(destination.enabled),
        "event_types": msgspec.json.encode(destination.event_types).decode(),
        "target": msgspec.json.encode(destination.target).decode(),
    }


def delete_destination(session: Session, account_id: str, region: str, set_name: str, name: str) -> bool:
    """Remove a destination; False when the set has none of this name."""
    row = session.one(
        f"DELETE FROM event_destinations WHERE {_DESTINATIONS} AND name = :destination RETURNING name",
        {**_where(account_id, region, set_name), "destination": name},
    )
    return row is not None
