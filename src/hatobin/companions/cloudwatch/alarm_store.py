"""The SQL of alarms and of their history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.companions.cloudwatch.alarms import Alarm, Standing, State
from hatobin.companions.cloudwatch.errors import place_in
from hatobin.companions.cloudwatch.model import DAY_S
from hatobin.gateway.models import cloudwatch as models
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

HISTORY_KEPT_S = 14 * DAY_S
"""How long CloudWatch keeps the history of alarms (API reference, DescribeAlarmHistory, says two weeks)."""
EXPIRED_AT_ONCE = 500

_COLUMNS = (
    "account_id, region, name, definition, tags, actions_enabled, configured_at, state, reason, reason_data,"
    " updated_at, transitioned_at"
)
_KEY = "account_id = :account_id AND region = :region AND name = :name"

_definition = msgspec.json.Decoder(models.PutMetricAlarmInput)
_tags = msgspec.json.Decoder(tuple[tuple[str, str], ...])


class HistoryItem(Struct, frozen=True):
    """Something that became of an alarm. `kind` is ConfigurationUpdate, StateUpdate or Action."""

    name: str
    at: float
    kind: str
    summary: str
    data: str
    id: int = 0


def _alarm(row: Sequence[Any]) -> Alarm:
    account_id, region, name, definition, tags, enabled, configured_at, state, reason, data, updated, changed = row
    return Alarm(
        account_id,
        region,
        name,
        _definition.decode(definition),
        _tags.decode(tags),
        bool(enabled),
        configured_at,
        Standing(State(state), reason, data, updated, changed),
    )


def _where(account_id: str, region: str, name: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "name": name}


def find(session: Session, account_id: str, region: str, name: str) -> Alarm | None:
    """Give an alarm by its name."""
    row = session.one(f"SELECT {_COLUMNS} FROM cloudwatch_alarm WHERE {_KEY}", _where(account_id, region, name))
    return None if row is None else _alarm(row)


def count(session: Session, account_id: str, region: str) -> int:
    """Count the alarms of an account in a region."""
    row = session.one(
        "SELECT COUNT(*) FROM cloudwatch_alarm WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return 0 if row is None else int(row[0])


def put(session: Session, alarm: Alarm) -> bool:
    """Store an alarm; one of its name keeps its state and its tags. False when there was one."""
    row = session.one(
        f"""INSERT INTO cloudwatch_alarm ({_COLUMNS}, evaluated_at)
        VALUES (:account_id, :region, :name, :definition, :tags, :actions_enabled, :configured_at, :state, :reason,
          :reason_data, :updated_at, :transitioned_at, 0)
        ON CONFLICT (account_id, region, name) DO UPDATE SET definition = excluded.definition,
          actions_enabled = excluded.actions_enabled, configured_at = excluded.configured_at, evaluated_at = 0
        RETURNING state, reason, updated_at""",
        {
            **_where(alarm.account_id, alarm.region, alarm.name),
            "definition": msgspec.json.encode(alarm.definition).decode(),
            "tags": msgspec.json.encode(alarm.tags).decode(),
            "actions_enabled": int(alarm.actions_enabled),
            "configured_at": alarm.configured_at,
            "state": alarm.standing.state.value,
            "reason": alarm.standing.reason,
            "reason_data": alarm.standing.reason_data,
            "updated_at": alarm.standing.updated_at,
            "transitioned_at": alarm.standing.transitioned_at,
        },
    )
    standing = alarm.standing
    return row == (standing.state.value, standing.reason, standing.updated_at)


def put_standing(session: Session, alarm: Alarm, new: Standing) -> bool:
    """Give an alarm another state; False when it was changed meanwhile, by its owner or another worker."""
    row = session.one(
        f"""UPDATE cloudwatch_alarm SET state = :state, reason = :reason, reason_data = :reason_data,
          updated_at = :updated_at, transitioned_at = :transitioned_at
        WHERE {_KEY} AND state = :before AND configured_at = :configured_at RETURNING name""",
        {
            **_where(alarm.account_id, alarm.region, alarm.name),
            "state": new.state.value,
            "reason": new.reason,
            "reason_data": new.reason_data,
            "updated_at": new.updated_at,
            "transitioned_at": new.transitioned_at,
            "before": alarm.standing.state.value,
            "configured_at": alarm.configured_at,
        },
    )
    return row is not None


def put_actions_enabled(session: Session, account_id: str, region: str, name: str, *, enabled: bool) -> None:
    """Switch the actions of an alarm; one that is not there stays so."""
    session.execute(
        f"UPDATE cloudwatch_alarm SET actions_enabled = :enabled WHERE {_KEY}",
        {**_where(account_id, region, name), "enabled": int(enabled)},
    )


def put_tags(session: Session, alarm: Alarm, tags: Sequence[tuple[str, str]]) -> None:
    """Give an alarm other tags."""
    session.execute(
        f"UPDATE cloudwatch_alarm SET tags = :tags WHERE {_KEY}",
        {**_where(alarm.account_id, alarm.region, alarm.name), "tags": msgspec.json.encode(tuple(tags)).decode()},
    )


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove an alarm; its history stays. False when there was none."""
    row = session.one(f"DELETE FROM cloudwatch_alarm WHERE {_KEY} RETURNING name", _where(account_id, region, name))
    return row is not None


def page(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    prefix: str | None = None,
    state: str | None = None,
) -> list[Alarm]:
    """Give alarms by name."""
    conditions, parameters = "", dict[str, Value]()
    if prefix:
        conditions = " AND substr(name, 1, :prefix_length) = :prefix"
        parameters |= {"prefix": prefix, "prefix_length": len(prefix)}
    if state:
        conditions += " AND state = :state"
        parameters["state"] = state
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM cloudwatch_alarm
        WHERE account_id = :account_id AND region = :region AND name > :after {conditions}
        ORDER BY name LIMIT :fetch""",
        {
            "account_id": account_id,
            "region": region,
            "after": "" if request.after is None else str(request.after[0]),
            "fetch": request.fetch,
            **parameters,
        },
    )
    return [_alarm(row) for row in rows]


def any_due(session: Session, end: int) -> bool:
    """Say whether an alarm was not looked at yet for the minute that ended at `end`."""
    return session.one("SELECT 1 FROM cloudwatch_alarm WHERE evaluated_at < :end LIMIT 1", {"end": end}) is not None


def claim_due(session: Session, end: int, limit: int) -> list[Alarm]:
    """Take up to `limit` alarms for the minute that ended at `end`: each is given to one worker only."""
    rows = session.execute(
        f"""UPDATE cloudwatch_alarm SET evaluated_at = :end
        WHERE evaluated_at < :end AND (account_id, region, name) IN (
          SELECT account_id, region, name FROM cloudwatch_alarm WHERE evaluated_at < :end
          ORDER BY evaluated_at, account_id, region, name LIMIT :limit)
        RETURNING {_COLUMNS}""",
        {"end": end, "limit": limit},
    )
    return [_alarm(row) for row in sorted(rows, key=lambda row: row[:3])]


def note(session: Session, account_id: str, region: str, items: Sequence[HistoryItem]) -> None:
    """Write down what became of alarms."""
    session.many(
        """INSERT INTO cloudwatch_alarm_history (account_id, region, name, at, kind, summary, data)
        VALUES (:account_id, :region, :name, :at, :kind, :summary, :data)""",
        [
            {
                **_where(account_id, region, item.name),
                "at": item.at,
                "kind": item.kind,
                "summary": item.summary[:255],
                "data": item.data[:4095],
            }
            for item in items
        ],
    )


def history(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    name: str | None,
    kind: str | None,
    start: float | None,
    end: float | None,
    ascending: bool,
) -> list[HistoryItem]:
    """Give what became of alarms, in the order of its recording or the other way round."""
    conditions, parameters = "", dict[str, Value]()
    given = (("name", "=", name), ("kind", "=", kind), ("at", ">=", start), ("at", "<=", end))
    for number, (column, sign, value) in enumerate(given):
        if value is not None:
            conditions += f" AND {column} {sign} :given_{number}"
            parameters[f"given_{number}"] = value
    if request.after is not None:
        conditions += f" AND id {'>' if ascending else '<'} :after"
        parameters["after"] = place_in(request.after)
    rows = session.execute(
        f"""SELECT name, at, kind, summary, data, id FROM cloudwatch_alarm_history
        WHERE account_id = :account_id AND region = :region {conditions}
        ORDER BY id {"" if ascending else "DESC"} LIMIT :fetch""",
        {"account_id": account_id, "region": region, "fetch": request.fetch, **parameters},
    )
    return [HistoryItem(*row) for row in rows]


def find_old_history(session: Session, now: float) -> bool:
    """Say whether some of the history is older than it is kept."""
    row = session.one(
        "SELECT 1 FROM cloudwatch_alarm_history WHERE at < :before LIMIT 1", {"before": now - HISTORY_KEPT_S}
    )
    return row is not None


def forget_history(session: Session, now: float) -> None:
    """Remove up to `EXPIRED_AT_ONCE` items of the history that are older than they are kept."""
    session.execute(
        """DELETE FROM cloudwatch_alarm_history WHERE id IN (
          SELECT id FROM cloudwatch_alarm_history WHERE at < :before ORDER BY at LIMIT :limit)""",
        {"before": now - HISTORY_KEPT_S, "limit": EXPIRED_AT_ONCE},
    )


def alarm_states(session: Session) -> dict[str, int]:
    """Count the alarms of all accounts by state."""
    rows = session.execute("SELECT state, COUNT(*) FROM cloudwatch_alarm GROUP BY state ORDER BY state")
    return {state: int(count) for state, count in rows}
