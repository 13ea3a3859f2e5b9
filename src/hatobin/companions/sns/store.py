"""The SQL of topics and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import msgspec

from hatobin.companions import outward
from hatobin.companions.sns.model import (
    Subscription,
    SubscriptionKey,
    SubscriptionState,
    Topic,
    TopicKey,
)
from hatobin.ports import Row, Session, Value

_TOPIC = "account_id = :account_id AND region = :region AND topic_name = :topic_name"
_SUBSCRIPTION = "account_id = :account_id AND region = :region AND subscription_id = :subscription_id"
_SUBSCRIPTION_COLUMNS = (
    "account_id, region, topic_name, subscription_id, protocol, endpoint, state, principal, confirmed_by_owner,"
    " guarded, attributes"
)

_strings = msgspec.json.Decoder(dict[str, str])


SUBSCRIPTIONS_READ = 1_000
"""So many subscriptions are kept as what their rows say."""


@dataclass(frozen=True, slots=True)
class SubscriptionCounts:
    """How many subscriptions a topic has, by state."""

    pending: int
    confirmed: int
    removed: int


def find_topic(session: Session, key: TopicKey) -> Topic | None:
    """Give a topic, or None."""
    row = session.one(
        f"SELECT attributes, tags, created_at FROM sns_topic WHERE {_TOPIC}",
        _topic_parameters(key),
    )
    return None if row is None else Topic(key, _strings.decode(row[0]), _strings.decode(row[1]), row[2])


def topic_exists(session: Session, topic_arn: str) -> bool:
    """Say whether there is a topic with this ARN, as far as that is known: elsewhere may be any."""
    key = TopicKey.from_arn(topic_arn)
    return key is not None and (outward.places(session).has("sns") or find_topic(session, key) is not None)


def insert_topic(session: Session, topic: Topic) -> None:
    """Keep a new topic."""
    session.execute(
        "INSERT INTO sns_topic (account_id, region, topic_name, attributes, tags, created_at)"
        " VALUES (:account_id, :region, :topic_name, :attributes, :tags, :created_at)",
        {
            **_topic_parameters(topic.key),
            "attributes": _json(topic.attributes),
            "tags": _json(topic.tags),
            "created_at": topic.created_at,
        },
    )


def update_topic(session: Session, key: TopicKey, *, attributes: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Replace attributes and tags of a topic."""
    session.execute(
        f"UPDATE sns_topic SET attributes = :attributes, tags = :tags WHERE {_TOPIC}",
        {**_topic_parameters(key), "attributes": _json(attributes), "tags": _json(tags)},
    )


def delete_topic(session: Session, key: TopicKey) -> None:
    """Remove a topic and its subscriptions; nobody is told, and links of it die."""
    session.execute(f"DELETE FROM sns_topic WHERE {_TOPIC}", _topic_parameters(key))
    session.execute(
        f"UPDATE sns_subscription SET state = :removed, token = NULL WHERE {_TOPIC}",
        {**_topic_parameters(key), "removed": int(SubscriptionState.REMOVED)},
    )


def list_topics(session: Session, *, account_id: str, region: str, after: str, limit: int) -> list[TopicKey]:
    """Give topics by name, from behind `after`."""
    rows = session.execute(
        "SELECT topic_name FROM sns_topic WHERE account_id = :account_id AND region = :region"
        " AND topic_name > :after ORDER BY topic_name LIMIT :limit",
        {"account_id": account_id, "region": region, "after": after, "limit": limit},
    )
    return [TopicKey(account_id, region, row[0]) for row in rows]


def count_subscriptions(session: Session, key: TopicKey) -> SubscriptionCounts:
    """Count a topic's subscriptions."""
    rows = session.execute(
        f"SELECT state, COUNT(*) FROM sns_subscription WHERE {_TOPIC} GROUP BY state",
        _topic_parameters(key),
    )
    counts = {SubscriptionState(row[0]): int(row[1]) for row in rows}
    return SubscriptionCounts(
        pending=counts.get(SubscriptionState.PENDING, 0),
        confirmed=counts.get(SubscriptionState.CONFIRMED, 0),
        removed=counts.get(SubscriptionState.REMOVED, 0),
    )


def confirmed_subscriptions(session: Session, key: TopicKey) -> list[Subscription]:
    """Give the subscriptions that get what is published, oldest first."""
    rows = session.execute(
        f"SELECT {_SUBSCRIPTION_COLUMNS}, created_at FROM sns_subscription WHERE {_TOPIC} AND state = :confirmed",
        {**_topic_parameters(key), "confirmed": int(SubscriptionState.CONFIRMED)},
    )
    # Sorted here: a sorter costs SQLite more than the statement, and each group of messages asks.
    return [_subscription(row) for row in sorted(rows, key=itemgetter(-1, 3))]


def find_subscription(session: Session, key: SubscriptionKey, *, with_removed: bool = False) -> Subscription | None:
    """Give a subscription, or None; a removed one only where it is asked for."""
    row = session.one(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM sns_subscription"
        f" WHERE {_SUBSCRIPTION} AND topic_name = :topic_name AND state <> :unwanted",
        {**subscription_parameters(key), "unwanted": -1 if with_removed else int(SubscriptionState.REMOVED)},
    )
    return None if row is None else _subscription(row)


def find_by_endpoint(session: Session, topic: TopicKey, *, protocol: str, endpoint: str) -> Subscription | None:
    """Give the subscription of an endpoint to a topic that has not been removed, or None."""
    row = session.one(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM sns_subscription WHERE {_TOPIC} AND state <> :removed"
        " AND protocol = :protocol AND endpoint = :endpoint",
        {
            **_topic_parameters(topic),
            "removed": int(SubscriptionState.REMOVED),
            "protocol": protocol,
            "endpoint": endpoint,
        },
    )
    return None if row is None else _subscription(row)


def find_by_token(session: Session, topic: TopicKey, token: str, *, now: float) -> Subscription | None:
    """Give the subscription that a token confirms (it may be confirmed, or removed), or None."""
    row = session.one(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM sns_subscription"
        f" WHERE {_TOPIC} AND token = :token AND token_expires_at > :now",
        {**_topic_parameters(topic), "token": token, "now": now},
    )
    return None if row is None else _subscription(row)


def insert_subscription(
    session: Session, subscription: Subscription, *, token: str | None, token_expires_at: float | None, now: float
) -> None:
    """Keep a new subscription."""
    session.execute(
        "INSERT INTO sns_subscription"
        " (account_id, region, subscription_id, topic_name, protocol, endpoint, state, token, token_expires_at,"
        " principal, confirmed_by_owner, guarded, attributes, created_at, dead_lettered)"
        " VALUES (:account_id, :region, :subscription_id, :topic_name, :protocol, :endpoint, :state, :token,"
        " :token_expires_at, :principal, :confirmed_by_owner, :guarded, :attributes, :now, 0)",
        {
            **subscription_parameters(subscription.key),
            "protocol": subscription.protocol,
            "endpoint": subscription.endpoint,
            "state": int(subscription.state),
            "token": token,
            "token_expires_at": token_expires_at,
            "principal": subscription.principal,
            "confirmed_by_owner": int(subscription.confirmed_by_owner),
            "guarded": int(subscription.guarded),
            "attributes": _json(subscription.attributes),
            "now": now,
        },
    )


def renew_token(session: Session, key: SubscriptionKey, *, token: str, expires_at: float) -> None:
    """Give a subscription a new token; the one before stops working."""
    session.execute(
        f"UPDATE sns_subscription SET token = :token, token_expires_at = :expires_at WHERE {_SUBSCRIPTION}",
        {**subscription_parameters(key), "token": token, "expires_at": expires_at},
    )


def confirm_subscription(session: Session, key: SubscriptionKey, *, by_owner: bool, guarded: bool) -> None:
    """Let a subscription get what is published from now on."""
    session.execute(
        f"UPDATE sns_subscription SET state = :confirmed, confirmed_by_owner = :by_owner, guarded = :guarded"
        f" WHERE {_SUBSCRIPTION}",
        {
            **subscription_parameters(key),
            "confirmed": int(SubscriptionState.CONFIRMED),
            "by_owner": int(by_owner),
            "guarded": int(guarded),
        },
    )


def remove_subscription(session: Session, key: SubscriptionKey, *, token: str | None, expires_at: float | None) -> None:
    """End a subscription; `token` restores it until `expires_at`."""
    session.execute(
        f"UPDATE sns_subscription SET state = :removed, token = :token, token_expires_at = :expires_at"
        f" WHERE {_SUBSCRIPTION}",
        {
            **subscription_parameters(key),
            "removed": int(SubscriptionState.REMOVED),
            "token": token,
            "expires_at": expires_at,
        },
    )


def update_subscription(session: Session, key: SubscriptionKey, attributes: Mapping[str, str]) -> None:
    """Replace the attributes of a subscription."""
    session.execute(
        f"UPDATE sns_subscription SET attributes = :attributes WHERE {_SUBSCRIPTION}",
        {**subscription_parameters(key), "attributes": _json(attributes)},
    )


def list_subscriptions(
    session: Session, *, account_id: str, region: str, topic_name: str | None, after: str, limit: int
) -> list[Subscription]:
    """Give the subscriptions of an account, or of one topic, by id, from behind `after`."""
    rows = session.execute(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM sns_subscription"
        " WHERE account_id = :account_id AND region = :region AND subscription_id > :after AND state <> :removed"
        + (" AND topic_name = :topic_name" if topic_name is not None else "")
        + " ORDER BY subscription_id LIMIT :limit",
        {
            "account_id": account_id,
            "region": region,
            "after": after,
            "removed": int(SubscriptionState.REMOVED),
            "topic_name": topic_name,
            "limit": limit,
        },
    )
    return [_subscription(row) for row in rows]


def subscription_parameters(key: SubscriptionKey) -> dict[str, Value]:
    """Give the parameters that name a subscription and its topic."""
    return {**_topic_parameters(key.topic), "subscription_id": key.subscription_id}


def _topic_parameters(key: TopicKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "topic_name": key.name}


@lru_cache(maxsize=SUBSCRIPTIONS_READ)
def _subscription(row: Row) -> Subscription:
    return Subscription(
        key=SubscriptionKey(TopicKey(row[0], row[1], row[2]), row[3]),
        protocol=row[4],
        endpoint=row[5],
        state=SubscriptionState(row[6]),
        principal=row[7],
        confirmed_by_owner=bool(row[8]),
        guarded=bool(row[9]),
        attributes=_strings.decode(row[10]),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
