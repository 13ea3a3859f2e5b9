"""The SQL of calls that leave.

A lease is the row's owner and a `due_at` in the future: whoever dies with leased rows gives them back when that
moment comes. Rows that share an order key form a line of which only the first is due; settling it calls the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.outward.model import (
    DEAD_RETENTION_S,
    MAX_ERROR,
    CallDraft,
    CallState,
    Leased,
    TargetBacklog,
    TargetKey,
)
from hatobin.ports import Entropy, Session, Value

UPKEEP_ROWS = 500
USED_EVERY_S = 3600.0
"""How exactly it is known when a target was last used."""

_TARGET = "account_id = :account_id AND region = :region AND kind = :kind AND target = :target"
_ROW = f"{_TARGET} AND call_id = :call_id"
_DUE, _WAITING, _DEAD = int(CallState.DUE), int(CallState.WAITING), int(CallState.DEAD)
_INSERT = (
    "INSERT INTO outward_call (account_id, region, kind, target, call_id, state, order_key, sequence, payload,"
    " created_at, turn_at, due_at, attempts) VALUES (:account_id, :region, :kind, :target, :call_id, :state,"
    " :order_key, :sequence, :payload, :now, :now, :now, 0)"
)


def enqueue(session: Session, key: TargetKey, drafts: Sequence[CallDraft], *, now: float, entropy: Entropy) -> None:
    """Keep calls, in their order: due now, or behind the earlier ones with their order key."""
    session.execute(
        "INSERT INTO outward_target (account_id, region, kind, target, delivered, dead_lettered, used_at)"
        " VALUES (:account_id, :region, :kind, :target, 0, 0, :now) ON CONFLICT (account_id, region, kind, target)"
        # Locks the row, so that upkeep does not remove it meanwhile, and rarely writes it.
        " DO UPDATE SET used_at = excluded.used_at WHERE outward_target.used_at <= :before",
        {**_target(key), "now": now, "before": now - USED_EVERY_S},
    )
    for draft in drafts:
        call_id, sequence = entropy.uuid(), 0
        if draft.order_key is not None:
            row = session.one(
                f"SELECT MAX(sequence) FROM outward_call WHERE {_TARGET} AND order_key = :order_key"
                f" AND state <> {_DEAD}",
                {**_target(key), "order_key": draft.order_key},
            )
            sequence = 0 if row is None or row[0] is None else row[0] + 1
        session.execute(
            _INSERT,
            {
                **_target(key),
                "call_id": call_id,
                "state": _WAITING if sequence else _DUE,
                # A key of its own makes a line of one.
                "order_key": call_id if draft.order_key is None else draft.order_key,
                "sequence": sequence,
                "payload": draft.payload,
                "now": now,
            },
        )


def due_keys(session: Session, *, now: float) -> list[TargetKey]:
    """Give the targets that have something due, in one order on every node, because they are leased in it."""
    rows = session.execute(
        "SELECT t.account_id, t.region, t.kind, t.target FROM outward_target t WHERE EXISTS (SELECT 1 FROM"
        " outward_call c WHERE c.account_id = t.account_id AND c.region = t.region AND c.kind = t.kind"
        f" AND c.target = t.target AND c.state = {_DUE} AND c.due_at <= :now)"
        " ORDER BY t.account_id, t.region, t.kind, t.target",
        {"now": now},
    )
    return [TargetKey(*row) for row in rows]


def lease(session: Session, key: TargetKey, *, owner: str, limit: int, until: float, now: float) -> list[Leased]:
    """Take up to `limit` due calls of a target, earliest first, until `until`."""
    rows = session.execute(
        "SELECT call_id, payload, order_key, created_at, turn_at, attempts, due_at FROM outward_call"
        f" WHERE {_TARGET} AND state = {_DUE} AND due_at <= :now ORDER BY due_at, created_at LIMIT :limit",
        {**_target(key), "now": now, "limit": limit},
    )
    leased: list[Leased] = []
    for call_id, payload, order_key, created_at, turn_at, attempts, due_at in rows:
        taken = session.execute(
            f"UPDATE outward_call SET lease_owner = :owner, due_at = :until WHERE {_ROW} AND due_at = :seen"
            f" AND state = {_DUE} RETURNING call_id",
            {**_target(key), "call_id": call_id, "owner": owner, "until": until, "seen": due_at},
        )
        if taken:
            leased.append(Leased(key, call_id, payload, order_key, created_at, turn_at, attempts))
    return leased


def settle_arrived(session: Session, call: Leased, *, now: float) -> None:
    """Remove a call that arrived, even if its lease was lost meanwhile, and call the next of its line.

    Only who removes the row calls the next: a second holder of the same row must not call the one after.
    """
    if session.execute(f"DELETE FROM outward_call WHERE {_ROW} RETURNING call_id", _row(call)):
        _call_next(session, call, now=now)


def settle_retry(session: Session, call: Leased, error: str, *, owner: str, due_at: float) -> None:
    """Put off a call that failed; ignored when the lease was lost."""
    session.execute(
        "UPDATE outward_call SET attempts = attempts + 1, due_at = :due_at, lease_owner = NULL, last_error = :error"
        f" WHERE {_ROW} AND lease_owner = :owner",
        {**_row(call), "due_at": due_at, "error": error[:MAX_ERROR], "owner": owner},
    )


def settle_dead(session: Session, call: Leased, error: str, *, owner: str, now: float) -> None:
    """Keep a call that failed for good as a dead row, and call the next of its line; ignored without the lease."""
    ended = session.execute(
        f"UPDATE outward_call SET state = {_DEAD}, attempts = attempts + 1, lease_owner = NULL, ended_at = :now,"
        f" last_error = :error WHERE {_ROW} AND lease_owner = :owner RETURNING call_id",
        {**_row(call), "error": error[:MAX_ERROR], "owner": owner, "now": now},
    )
    if not ended:
        return
    session.execute(
        f"UPDATE outward_target SET dead_lettered = dead_lettered + 1, last_error = :error WHERE {_TARGET}",
        {**_target(call.key), "error": error[:MAX_ERROR]},
    )
    _call_next(session, call, now=now)


def release(session: Session, call: Leased, *, owner: str, now: float) -> None:
    """Give back a call that was not made."""
    session.execute(
        f"UPDATE outward_call SET due_at = :now, lease_owner = NULL WHERE {_ROW} AND lease_owner = :owner",
        {**_row(call), "owner": owner, "now": now},
    )


def count_arrived(session: Session, key: TargetKey, count: int, *, now: float) -> None:
    """Add to what a target has got."""
    session.execute(
        f"UPDATE outward_target SET delivered = delivered + :count, used_at = :now, last_error = NULL WHERE {_TARGET}",
        {**_target(key), "count": count, "now": now},
    )


def backlog(session: Session) -> list[TargetBacklog]:
    """Say of every target what it has not got and how it went so far."""
    rows = session.execute(
        "SELECT t.account_id, t.region, t.kind, t.target,"
        f" COUNT(CASE WHEN c.state <> {_DEAD} THEN 1 END), MIN(CASE WHEN c.state <> {_DEAD} THEN c.created_at END),"
        f" COUNT(CASE WHEN c.state = {_DEAD} THEN 1 END), t.delivered, t.dead_lettered,"
        f" COALESCE(MAX(CASE WHEN c.state <> {_DEAD} THEN c.last_error END), t.last_error)"
        " FROM outward_target t LEFT JOIN outward_call c ON c.account_id = t.account_id AND c.region = t.region"
        " AND c.kind = t.kind AND c.target = t.target GROUP BY t.account_id, t.region, t.kind, t.target, t.delivered,"
        " t.dead_lettered, t.last_error ORDER BY t.kind, t.target, t.account_id, t.region"
    )
    return [TargetBacklog(TargetKey(*row[:4]), *row[4:]) for row in rows]


def upkeep(session: Session, *, now: float) -> int:
    """Do a bounded piece of upkeep and say how many rows it touched; zero is the end of it."""
    touched = session.execute(
        "DELETE FROM outward_call WHERE (account_id, region, kind, target, call_id) IN"
        " (SELECT account_id, region, kind, target, call_id FROM outward_call"
        " WHERE ended_at <= :before ORDER BY ended_at LIMIT :rows) RETURNING 1",
        {"before": now - DEAD_RETENTION_S, "rows": UPKEEP_ROWS},
    )
    # A line whose first place is empty: the one before was settled while this one was being inserted elsewhere.
    touched += session.execute(
        f"UPDATE outward_call SET state = {_DUE}, due_at = :now, turn_at = :now WHERE state = {_WAITING}"
        " AND NOT EXISTS (SELECT 1 FROM outward_call e WHERE e.account_id = outward_call.account_id"
        " AND e.region = outward_call.region AND e.kind = outward_call.kind AND e.target = outward_call.target"
        f" AND e.order_key = outward_call.order_key AND e.state <> {_DEAD} AND e.sequence < outward_call.sequence)"
        " RETURNING 1",
        {"now": now},
    )
    touched += session.execute(
        "DELETE FROM outward_target WHERE used_at <= :before AND NOT EXISTS (SELECT 1 FROM outward_call c"
        " WHERE c.account_id = outward_target.account_id AND c.region = outward_target.region"
        " AND c.kind = outward_target.kind AND c.target = outward_target.target) RETURNING 1",
        {"before": now - DEAD_RETENTION_S},
    )
    return len(touched)


def _call_next(session: Session, call: Leased, *, now: float) -> None:
    if call.order_key == call.call_id:
        return
    line = f"{_TARGET} AND order_key = :order_key AND state = {_WAITING}"
    session.execute(
        f"UPDATE outward_call SET state = {_DUE}, due_at = :now, turn_at = :now WHERE {line}"
        f" AND sequence = (SELECT MIN(sequence) FROM outward_call WHERE {line})",
        {**_target(call.key), "order_key": call.order_key, "now": now},
    )


def _target(key: TargetKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "kind": key.kind, "target": key.target}


def _row(call: Leased) -> dict[str, Value]:
    return {**_target(call.key), "call_id": call.call_id}
