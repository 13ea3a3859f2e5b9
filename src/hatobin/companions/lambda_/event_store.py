"""The SQL of asynchronous invocations."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.lambda_.model import Event, FunctionKey
from hatobin.ports import Session, Value

_ONE = "account_id = :account_id AND region = :region AND function_name = :function_name AND request_id = :request_id"
_COLUMNS = "account_id, region, function_name, request_id, payload, accepted_at, attempts, throttles"


def enqueue(session: Session, event: Event) -> None:
    """Keep an invocation that is due now."""
    session.execute(
        """INSERT INTO lambda_invocation (account_id, region, function_name, request_id, payload, accepted_at, due_at,
            attempts, throttles, owner)
        VALUES (:account_id, :region, :function_name, :request_id, :payload, :accepted_at, :accepted_at, 0, 0, '')""",
        {**_of(event), "payload": event.payload, "accepted_at": event.accepted_at},
    )


def count(session: Session, account_id: str) -> int:
    """Count the invocations of an account that wait."""
    row = session.one(
        "SELECT COUNT(*) FROM lambda_invocation WHERE account_id = :account_id", {"account_id": account_id}
    )
    return int(row[0]) if row else 0


def backlog(session: Session) -> int:
    """Count the invocations that wait, of all accounts, those that run now among them."""
    row = session.one("SELECT COUNT(*) FROM lambda_invocation")
    return int(row[0]) if row else 0


def is_due(session: Session, *, now: float, accepted_before: float) -> bool:
    """Say whether an invocation is due that was accepted by then."""
    row = session.one(
        "SELECT 1 FROM lambda_invocation WHERE due_at <= :now AND accepted_at <= :before LIMIT 1",
        {"now": now, "before": accepted_before},
    )
    return row is not None


def lease(session: Session, *, owner: str, now: float, until: float, accepted_before: float, limit: int) -> list[Event]:
    """Take the invocations that have been due longest, of those accepted by then; `until` then nobody else does."""
    rows = session.execute(
        f"""UPDATE lambda_invocation SET owner = :owner, due_at = :until WHERE due_at <= :now
        AND (account_id, region, function_name, request_id) IN (
            SELECT account_id, region, function_name, request_id FROM lambda_invocation
            WHERE due_at <= :now AND accepted_at <= :before ORDER BY due_at LIMIT :limit)
        RETURNING {_COLUMNS}""",
        {"owner": owner, "until": until, "now": now, "before": accepted_before, "limit": limit},
    )
    return [Event(FunctionKey(row[0], row[1], row[2]), *row[3:]) for row in rows]


def renew(session: Session, events: Sequence[Event], *, owner: str, until: float) -> None:
    """Keep invocations that are running for longer."""
    session.many(
        f"UPDATE lambda_invocation SET due_at = :until WHERE {_ONE} AND owner = :owner",
        [{**_of(event), "owner": owner, "until": until} for event in events],
    )


def postpone(session: Session, event: Event, *, owner: str, due_at: float, attempts: int, throttles: int) -> None:
    """Give an invocation back, to be tried again."""
    session.execute(
        f"""UPDATE lambda_invocation SET owner = '', due_at = :due_at, attempts = :attempts, throttles = :throttles
        WHERE {_ONE} AND owner = :owner""",
        {**_of(event), "owner": owner, "due_at": due_at, "attempts": attempts, "throttles": throttles},
    )


def finish(session: Session, event: Event, *, owner: str) -> bool:
    """Forget an invocation; false when another process has it by now."""
    rows = session.execute(
        f"DELETE FROM lambda_invocation WHERE {_ONE} AND owner = :owner RETURNING request_id",
        {**_of(event), "owner": owner},
    )
    return bool(rows)


def forget_function(session: Session, key: FunctionKey) -> None:
    """Forget what waits for a function that is no more."""
    session.execute(
        "DELETE FROM lambda_invocation"
        " WHERE account_id = :account_id AND region = :region AND function_name = :function_name",
        {"account_id": key.account_id, "region": key.region, "function_name": key.name},
    )


def _of(event: Event) -> dict[str, Value]:
    key = event.key
    return {
        "account_id": key.account_id,
        "region": key.region,
        "function_name": key.name,
        "request_id": event.request_id,
    }
