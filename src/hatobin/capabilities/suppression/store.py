"""The SQL of the suppression lists: an account's own, and those of its tenants.

`tenant_id` is empty for the account's own list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from hatobin.capabilities.suppression.model import REASONS, SuppressedDestination, key_of
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

MAX_LOOKUP = 512
"""Addresses that one statement looks up; more are asked for in turns."""

_COLUMNS = "address, reason, updated_at, message_id, feedback_id"
_ADD = """
    INSERT INTO suppressed_destinations
      (account_id, region, tenant_id, address, folded, reason, updated_at, message_id, feedback_id)
    VALUES (:account_id, :region, :tenant_id, :address, :folded, :reason, :now, :message_id, :feedback_id)
    ON CONFLICT (account_id, region, tenant_id, address) DO UPDATE SET
      reason = excluded.reason, updated_at = excluded.updated_at,
      message_id = excluded.message_id, feedback_id = excluded.feedback_id
    """
_LIST = "account_id = :account_id AND region = :region AND tenant_id = :tenant_id"


def _list(account_id: str, region: str, tenant_id: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "tenant_id": tenant_id}


def lookup(
    session: Session, account_id: str, region: str, addresses: Sequence[str], *, tenant_id: str = ""
) -> Mapping[str, str]:
    """Say which of these recipients are on a list, and for which reason ("BOUNCE", "COMPLAINT").

    The keys of the answer are the addresses as given. Case is ignored; where
    several spellings are listed, the exact one decides, else the latest.
    """
    if not addresses:
        return {}
    wanted = {address: address.strip().lower() for address in addresses}
    found: dict[str, list[tuple[float, str, str]]] = {}
    folded = list(dict.fromkeys(wanted.values()))
    for start in range(0, len(folded), MAX_LOOKUP):
        _find(session, _list(account_id, region, tenant_id), folded[start : start + MAX_LOOKUP], found)
    if not found:
        return {}
    reasons = {}
    for address, fold in wanted.items():
        spellings = found.get(fold)
        if spellings is not None:
            exact = key_of(address)
            reasons[address] = max(spellings, key=lambda entry: (entry[1] == exact, entry[0]))[2]
    return reasons


def _find(
    session: Session,
    parameters: dict[str, Value],
    folded: Sequence[str],
    found: dict[str, list[tuple[float, str, str]]],
) -> None:
    size = 1 << (len(folded) - 1).bit_length()
    parameters.update((f"f{number}", folded[min(number, len(folded) - 1)]) for number in range(size))
    for fold, updated_at, address, reason in session.execute(_lookup_sql(size), parameters):
        found.setdefault(fold, []).append((updated_at, address, reason))


@lru_cache(maxsize=16)
def _lookup_sql(size: int) -> str:
    """Give the statement for `size` addresses; sizes are powers of two, so that few texts are prepared."""
    names = ", ".join(f":f{number}" for number in range(size))
    return (
        f"SELECT folded, updated_at, address, reason FROM suppressed_destinations WHERE {_LIST} AND folded IN ({names})"
    )


def add(
    session: Session,
    account_id: str,
    region: str,
    address: str,
    reason: str,
    now: float,
    *,
    tenant_id: str = "",
    message_id: str | None = None,
    feedback_id: str | None = None,
) -> None:
    """Put an address on a list, or renew its reason and time.

    Whether the reason is one that the account suppresses for is the caller's
    question. Raises `InvalidDestination`.
    """
    key = key_of(address)
    row = _row(_list(account_id, region, tenant_id), key, reason, now)
    session.execute(_ADD, {**row, "message_id": message_id, "feedback_id": feedback_id})


def _row(parameters: dict[str, Value], key: str, reason: str, now: float) -> dict[str, Value]:
    return {
        **parameters,
        "address": key,
        "folded": key.lower(),
        "reason": reason,
        "now": now,
        "message_id": None,
        "feedback_id": None,
    }


def add_many(session: Session, account_id: str, region: str, entries: Sequence[tuple[str, str]], now: float) -> None:
    """Put addresses with their reasons on the account's own list, each as `key_of` gives it."""
    parameters = _list(account_id, region, "")
    session.many(_ADD, [_row(parameters, key, reason, now) for key, reason in entries])


def remove(session: Session, account_id: str, region: str, address: str, *, tenant_id: str = "") -> bool:
    """Take an address off a list; False when it was not there. Raises `InvalidDestination`."""
    row = session.one(
        f"DELETE FROM suppressed_destinations WHERE {_LIST} AND address = :address RETURNING address",
        {**_list(account_id, region, tenant_id), "address": key_of(address)},
    )
    return row is not None


def remove_many(session: Session, account_id: str, region: str, addresses: Sequence[str]) -> None:
    """Take addresses off the account's own list, each as `key_of` gives it; one that is not there is fine."""
    parameters = _list(account_id, region, "")
    session.many(
        f"DELETE FROM suppressed_destinations WHERE {_LIST} AND address = :address",
        [{**parameters, "address": address} for address in addresses],
    )


def forget_some(session: Session, account_id: str, region: str, tenant_id: str, limit: int) -> int:
    """Take up to `limit` addresses off a tenant's list; give how many there were."""
    rows = session.execute(
        f"""
        DELETE FROM suppressed_destinations WHERE {_LIST} AND address IN (
          SELECT address FROM suppressed_destinations WHERE {_LIST} ORDER BY address LIMIT :limit
        ) RETURNING address
        """,
        {**_list(account_id, region, tenant_id), "limit": limit},
    )
    return len(rows)


def find(
    session: Session, account_id: str, region: str, address: str, *, tenant_id: str = ""
) -> SuppressedDestination | None:
    """Give one entry by its exact address. Raises `InvalidDestination`."""
    row = session.one(
        f"SELECT {_COLUMNS} FROM suppressed_destinations WHERE {_LIST} AND address = :address",
        {**_list(account_id, region, tenant_id), "address": key_of(address)},
    )
    return None if row is None else SuppressedDestination(*row)


def page(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    tenant_id: str = "",
    reason: str | None = None,
    since: float | None = None,
    until: float | None = None,
) -> list[SuppressedDestination]:
    """Give entries in the order of their last update, the oldest first; times are inclusive.

    Each reason is one seek in an index, whatever the other filters and however long the list.
    """
    found = [
        entry
        for one in (REASONS if reason is None else (reason,))
        for entry in _page(session, _list(account_id, region, tenant_id), request, one, since, until)
    ]
    return sorted(found, key=lambda entry: (entry.updated_at, entry.address))[: request.fetch]


def _page(
    session: Session,
    parameters: dict[str, Value],
    request: PageRequest,
    reason: str,
    since: float | None,
    until: float | None,
) -> list[SuppressedDestination]:
    conditions = [_LIST, "reason = :reason"]
    parameters |= {"reason": reason, "fetch": request.fetch}
    # A token is bound to its filter, so whatever follows it is late enough; two lower bounds would
    # make the engine choose one, and that may be the one that goes over all pages before.
    if since is not None and request.after is None:
        conditions.append("updated_at >= :since")
        parameters["since"] = since
    if until is not None:
        conditions.append("updated_at <= :until")
        parameters["until"] = until
    if request.after is not None:
        conditions.append("(updated_at, address) > (:after_time, :after_address)")
        parameters["after_time"], parameters["after_address"] = request.after
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM suppressed_destinations"
        f" WHERE {' AND '.join(conditions)} ORDER BY updated_at, address LIMIT :fetch",
        parameters,
    )
    return [SuppressedDestination(*row) for row in rows]
