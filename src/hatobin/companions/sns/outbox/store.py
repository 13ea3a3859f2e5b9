"""The SQL of deliveries to HTTP endpoints.

A lease is the row's owner and a `due_at` in the future: whoever dies with
leased rows gives them back when that moment comes. Rows that share an order
key form a line of which only the first is due; settling it calls the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.companions.sns.delivery_policy import RetryPolicy
from hatobin.companions.sns.model import (
    DEAD_RETENTION_S,
    RETRY_FOR_S,
    Backlog,
    DeliveryState,
    Kind,
    Subscription,
    SubscriptionKey,
    SubscriptionState,
    TopicKey,
    retry_delay_s,
)
from hatobin.companions.sns.outbox.count_store import forget_counts
from hatobin.companions.sns.store import subscription_parameters
from hatobin.ports import Row, Session, Value

UPKEEP_ROWS = 500

_LINE = "account_id = :account_id AND region = :region AND subscription_id = :subscription_id"
_ROW = f"{_LINE} AND message_id = :message_id"
_DUE = int(DeliveryState.DUE)
_WAITING = int(DeliveryState.WAITING)
_DEAD = int(DeliveryState.DEAD)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message for one subscription, on its way into the table."""

    kind: Kind
    message_id: str
    message: str
    published_at: float
    signature_version: str
    subject: str | None = None
    attributes: str | None = None
    token: str | None = None
    order_key: str | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that we hold: where it goes, what it says, and what was tried before."""

    subscription: Subscription
    draft: Draft
    attempts: int
    turn_at: float
    policy: RetryPolicy | None = None
    """How its topic or its subscription wants it to be tried again."""

    def retry_at(self, now: float) -> float | None:
        """Say when to try again after one more failure; None when it was the last one."""
        if self.policy is not None:
            pause_s = self.policy.pause_s(self.attempts + 1)
            return None if pause_s is None else now + pause_s
        due_at = now + retry_delay_s(self.attempts + 1)
        return due_at if due_at <= self.turn_at + RETRY_FOR_S else None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed: the HTTP status, if there was an answer, and words."""

    status: int | None
    error: str


def enqueue(session: Session, key: SubscriptionKey, draft: Draft, *, now: float) -> None:
    """Keep a delivery: due now, or behind the earlier ones with its order key."""
    sequence = 0
    if draft.order_key is not None:
        row = session.one(
            f"SELECT MAX(sequence) FROM sns_delivery WHERE {_LINE} AND order_key = :order_key AND state <> {_DEAD}",
            {**subscription_parameters(key), "order_key": draft.order_key},
        )
        sequence = 0 if row is None or row[0] is None else row[0] + 1
    _insert(session, key, draft, state=_WAITING if sequence else _DUE, sequence=sequence, now=now)


def keep_dead(session: Session, key: SubscriptionKey, draft: Draft, *, error: str, now: float) -> None:
    """Keep a message that could not be delivered at all."""
    _insert(session, key, draft, state=_DEAD, sequence=0, now=now, error=error)
    _count_dead(session, key, error, now)


def due_keys(session: Session, *, now: float, protocols: tuple[str, str] = ("http", "https")) -> list[SubscriptionKey]:
    """Give the subscriptions of two protocols that have something due."""
    rows = session.execute(
        "SELECT s.account_id, s.region, s.topic_name, s.subscription_id FROM sns_subscription s"
        " WHERE s.protocol IN (:one, :other) AND EXISTS (SELECT 1 FROM sns_delivery d"
        " WHERE d.account_id = s.account_id AND d.region = s.region AND d.subscription_id = s.subscription_id"
        # In one order on every node, because they are leased in this order (see `Database.write`).
        f" AND d.state = {_DUE} AND d.due_at <= :now) ORDER BY s.account_id, s.region, s.subscription_id",
        {"now": now, "one": protocols[0], "other": protocols[1]},
    )
    return [SubscriptionKey(TopicKey(row[0], row[1], row[2]), row[3]) for row in rows]


def lease(
    session: Session,
    subscription: Subscription,
    *,
    owner: str,
    limit: int,
    until: float,
    now: float,
    policy: RetryPolicy | None = None,
) -> list[Leased]:
    """Take up to `limit` due deliveries of a subscription, earliest first, until `until`.

    What was published to a subscription that has since been removed is dropped instead.
    """
    parameters = {**subscription_parameters(subscription.key), "now": now, "limit": limit}
    if subscription.state is SubscriptionState.REMOVED:
        session.execute(
            f"DELETE FROM sns_delivery WHERE {_LINE} AND kind = :kind AND message_id IN"
            f" (SELECT message_id FROM sns_delivery WHERE {_LINE} AND kind = :kind AND state <> {_DEAD} LIMIT :rows)",
            {**parameters, "kind": Kind.NOTIFICATION.value, "rows": UPKEEP_ROWS},
        )
    rows = session.execute(
        "SELECT kind, message_id, message, published_at, signature_version, subject, attributes, token, order_key,"
        f" attempts, turn_at, due_at FROM sns_delivery WHERE {_LINE} AND state = {_DUE} AND due_at <= :now"
        " ORDER BY due_at LIMIT :limit",
        parameters,
    )
    leased: list[Leased] = []
    for row in rows:
        taken = session.execute(
            f"UPDATE sns_delivery SET lease_owner = :owner, due_at = :until WHERE {_ROW} AND due_at = :seen"
            " RETURNING message_id",
            {**parameters, "message_id": row[1], "owner": owner, "until": until, "seen": row[11]},
        )
        if taken:
            leased.append(Leased(subscription, _draft(row), attempts=row[9], turn_at=row[10], policy=policy))
    return leased


def settle_delivered(session: Session, delivery: Leased, *, now: float) -> None:
    """Remove a delivery that arrived, even if its lease was lost meanwhile, and call the next of its line.

    Only who removes the row calls the next: a second holder of the same row must not call the one after.
    """
    removed = session.execute(f"DELETE FROM sns_delivery WHERE {_ROW} RETURNING message_id", _row_parameters(delivery))
    if removed:
        _call_next(session, delivery, now=now)


def settle_retry(session: Session, delivery: Leased, failure: Failure, *, owner: str, due_at: float) -> None:
    """Put off a delivery that failed; ignored when the lease was lost."""
    session.execute(
        "UPDATE sns_delivery SET attempts = attempts + 1, due_at = :due_at, lease_owner = NULL,"
        f" last_status = :status, last_error = :error WHERE {_ROW} AND lease_owner = :owner",
        {
            **_row_parameters(delivery),
            "due_at": due_at,
            "status": failure.status,
            "error": failure.error,
            "owner": owner,
        },
    )


def settle_dead(session: Session, delivery: Leased, failure: Failure, *, owner: str, now: float) -> bool:
    """Keep a delivery that failed for good as a dead row, and call the next of its line.

    False when the lease was lost: then somebody else decides.
    """
    ended = session.execute(
        f"UPDATE sns_delivery SET state = {_DEAD}, attempts = attempts + 1, lease_owner = NULL, ended_at = :now,"
        f" last_status = :status, last_error = :error WHERE {_ROW} AND lease_owner = :owner RETURNING message_id",
        {**_row_parameters(delivery), "status": failure.status, "error": failure.error, "owner": owner, "now": now},
    )
    if not ended:
        return False
    _count_dead(session, delivery.subscription.key, failure.error, now)
    _call_next(session, delivery, now=now)
    return True


def discard(session: Session, delivery: Leased) -> None:
    """Remove a delivery that a dead-letter queue has now."""
    session.execute(f"DELETE FROM sns_delivery WHERE {_ROW}", _row_parameters(delivery))


def release(session: Session, delivery: Leased, *, owner: str, now: float) -> None:
    """Give back a delivery that was not attempted."""
    session.execute(
        f"UPDATE sns_delivery SET due_at = :now, lease_owner = NULL WHERE {_ROW} AND lease_owner = :owner",
        {**_row_parameters(delivery), "owner": owner, "now": now},
    )


def backlog(session: Session, *, account_id: str | None = None, region: str | None = None) -> tuple[Backlog, ...]:
    """Say of every subscription what it has not got and how it went so far, for one account or all."""
    rows = session.execute(
        "SELECT s.account_id, s.region, s.topic_name, s.subscription_id, s.endpoint,"
        f" COUNT(CASE WHEN d.state = {_DUE} THEN 1 END), COUNT(CASE WHEN d.state = {_WAITING} THEN 1 END),"
        f" COUNT(CASE WHEN d.state = {_DEAD} THEN 1 END),"
        f" MIN(CASE WHEN d.state <> {_DEAD} THEN d.published_at END), {_counted('delivered')}, s.dead_lettered,"
        f" {_counted('last_delivered_at')}, MAX(d.last_error), s.last_error, s.last_error_at"
        " FROM sns_subscription s LEFT JOIN sns_delivery d ON d.account_id = s.account_id AND d.region = s.region"
        " AND d.subscription_id = s.subscription_id"
        + (" WHERE s.account_id = :account_id" if account_id is not None else " WHERE 1 = 1")
        + (" AND s.region = :region" if region is not None else "")
        + " GROUP BY s.account_id, s.region, s.topic_name, s.subscription_id, s.endpoint,"
        " s.dead_lettered, s.last_error, s.last_error_at ORDER BY s.topic_name, s.subscription_id",
        {"account_id": account_id, "region": region},
    )
    return tuple(_backlog(row) for row in rows)


def _backlog(row: Row) -> Backlog:
    account_id, region, topic, subscription_id, *figures = row
    endpoint, due, waiting, dead, oldest_at, delivered, given_up, delivered_at = figures[:8]
    waiting_error, given_up_error, given_up_at = figures[8:]
    # What was given up before the last success is over.
    is_over = given_up_at is None or (delivered_at is not None and delivered_at >= given_up_at)
    return Backlog(
        SubscriptionKey(TopicKey(account_id, region, topic), subscription_id).arn,
        endpoint,
        due,
        waiting,
        dead,
        oldest_at,
        delivered or 0,
        given_up,
        delivered_at,
        waiting_error or (None if is_over else given_up_error),
    )


def _counted(column: str) -> str:
    """Give the SQL of what was counted."""
    return (
        f"(SELECT n.{column} FROM sns_delivered n WHERE n.account_id = s.account_id"
        " AND n.region = s.region AND n.subscription_id = s.subscription_id)"
    )


def backlog_by_protocol(session: Session) -> dict[str, tuple[int, int]]:
    """Give, of the subscriptions of each protocol together, how many deliveries wait and how many are dead.

    Counted on the index that is there to deliver, so no message is read.
    """
    rows = session.execute(
        "SELECT s.protocol, d.state, SUM(d.deliveries) FROM (SELECT account_id, region, subscription_id, state,"
        " COUNT(*) AS deliveries FROM sns_delivery GROUP BY account_id, region, subscription_id, state) d"
        " JOIN sns_subscription s ON s.account_id = d.account_id AND s.region = d.region"
        " AND s.subscription_id = d.subscription_id GROUP BY s.protocol, d.state"
    )
    found: dict[str, tuple[int, int]] = {}
    for protocol, state, count in rows:
        waiting, dead = found.get(protocol, (0, 0))
        found[protocol] = (waiting, dead + int(count)) if state == _DEAD else (waiting + int(count), dead)
    return found


def upkeep(session: Session, *, now: float) -> int:
    """Do a bounded piece of upkeep and say how many rows it touched; zero is the end of it."""
    touched = session.execute(
        "DELETE FROM sns_delivery WHERE (account_id, region, subscription_id, message_id) IN"
        " (SELECT account_id, region, subscription_id, message_id FROM sns_delivery"
        " WHERE ended_at <= :before ORDER BY ended_at LIMIT :rows) RETURNING 1",
        {"before": now - DEAD_RETENTION_S, "rows": UPKEEP_ROWS},
    )
    # A line whose first place is empty: the one before was settled while this one was being inserted elsewhere.
    touched += session.execute(
        f"UPDATE sns_delivery SET state = {_DUE}, due_at = :now, turn_at = :now WHERE state = {_WAITING}"
        " AND NOT EXISTS (SELECT 1 FROM sns_delivery e WHERE e.account_id = sns_delivery.account_id"
        " AND e.region = sns_delivery.region AND e.subscription_id = sns_delivery.subscription_id"
        f" AND e.order_key = sns_delivery.order_key AND e.state <> {_DEAD} AND e.sequence < sns_delivery.sequence)"
        " RETURNING 1",
        {"now": now},
    )
    touched += session.execute(
        "DELETE FROM sns_subscription WHERE state IN (:pending, :removed)"
        " AND COALESCE(token_expires_at, created_at) <= :now AND NOT EXISTS (SELECT 1 FROM sns_delivery d"
        " WHERE d.account_id = sns_subscription.account_id AND d.region = sns_subscription.region"
        " AND d.subscription_id = sns_subscription.subscription_id) RETURNING 1",
        {"pending": int(SubscriptionState.PENDING), "removed": int(SubscriptionState.REMOVED), "now": now},
    )
    if touched:
        forget_counts(session)
    return len(touched)


def dead_messages(session: Session, key: SubscriptionKey, *, limit: int) -> Sequence[tuple[str, str, float]]:
    """Give message id, last error and time of the newest deliveries that failed for good."""
    rows = session.execute(
        f"SELECT message_id, last_error, ended_at FROM sns_delivery WHERE {_LINE} AND state = {_DEAD}"
        " ORDER BY ended_at DESC LIMIT :limit",
        {**subscription_parameters(key), "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _insert(
    session: Session,
    key: SubscriptionKey,
    draft: Draft,
    *,
    state: int,
    sequence: int,
    now: float,
    error: str | None = None,
) -> None:
    session.execute(
        "INSERT INTO sns_delivery"
        " (account_id, region, subscription_id, message_id, kind, state, order_key, sequence, signature_version,"
        " subject, message, attributes, token, published_at, turn_at, due_at, attempts, last_error, ended_at)"
        " VALUES (:account_id, :region, :subscription_id, :message_id, :kind, :state, :order_key, :sequence,"
        " :signature_version, :subject, :message, :attributes, :token, :published_at, :now, :now, 0, :error,"
        " :ended_at)",
        {
            **subscription_parameters(key),
            "message_id": draft.message_id,
            "kind": draft.kind.value,
            "state": state,
            # A key of its own makes a line of one.
            "order_key": draft.order_key if draft.order_key is not None else draft.message_id,
            "sequence": sequence,
            "signature_version": draft.signature_version,
            "subject": draft.subject,
            "message": draft.message,
            "attributes": draft.attributes,
            "token": draft.token,
            "published_at": draft.published_at,
            "now": now,
            "error": error,
            "ended_at": now if state == _DEAD else None,
        },
    )


def _draft(row: Row) -> Draft:
    return Draft(
        kind=Kind(row[0]),
        message_id=row[1],
        message=row[2],
        published_at=row[3],
        signature_version=row[4],
        subject=row[5],
        attributes=row[6],
        token=row[7],
        order_key=row[8] if row[8] != row[1] else None,
    )


def _call_next(session: Session, delivery: Leased, *, now: float) -> None:
    if delivery.draft.order_key is None:
        return
    line = f"{_LINE} AND order_key = :order_key AND state = {_WAITING}"
    session.execute(
        f"UPDATE sns_delivery SET state = {_DUE}, due_at = :now, turn_at = :now WHERE {line}"
        f" AND sequence = (SELECT MIN(sequence) FROM sns_delivery WHERE {line})",
        {**_row_parameters(delivery), "order_key": delivery.draft.order_key, "now": now},
    )


def _count_dead(session: Session, key: SubscriptionKey, error: str, now: float) -> None:
    session.execute(
        "UPDATE sns_subscription SET dead_lettered = dead_lettered + 1, last_error = :error, last_error_at = :now"
        f" WHERE {_LINE}",
        {**subscription_parameters(key), "error": error, "now": now},
    )


def _row_parameters(delivery: Leased) -> dict[str, Value]:
    return {**subscription_parameters(delivery.subscription.key), "message_id": delivery.draft.message_id}
