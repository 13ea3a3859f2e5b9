"""The SQL of what subscriptions have got."""

from __future__ import annotations

from hatobin.companions.sns.model import SubscriptionKey
from hatobin.companions.sns.store import subscription_parameters
from hatobin.ports import Session

_COUNT = """
INSERT INTO sns_delivered (account_id, region, subscription_id, delivered, last_delivered_at)
VALUES (:account_id, :region, :subscription_id, :count, :now)
ON CONFLICT (account_id, region, subscription_id) DO UPDATE
SET delivered = sns_delivered.delivered + excluded.delivered, last_delivered_at = excluded.last_delivered_at"""


def count_delivered(session: Session, key: SubscriptionKey, count: int, *, now: float) -> None:
    """Add to what a subscription has got."""
    session.execute(_COUNT, {**subscription_parameters(key), "count": count, "now": now})


def forget_counts(session: Session) -> None:
    """Remove the counts of subscriptions that are no more."""
    session.execute(
        "DELETE FROM sns_delivered WHERE NOT EXISTS (SELECT 1 FROM sns_subscription s"
        " WHERE s.account_id = sns_delivered.account_id AND s.region = sns_delivered.region"
        " AND s.subscription_id = sns_delivered.subscription_id)"
    )
