"""The SQL of subscriptions to the dashboard."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hatobin.gateway.models.sesv2 import DomainDeliverabilityTrackingOption
from hatobin.ports import Session

_domains = msgspec.json.Decoder(tuple[DomainDeliverabilityTrackingOption, ...])


class Subscription(Struct, frozen=True):
    """Whether the dashboard is on, and for which domains, in the order of their names."""

    enabled: bool = False
    domains: tuple[DomainDeliverabilityTrackingOption, ...] = ()

    def has(self, domain: str) -> bool:
        """Say whether it is on for a domain."""
        return self.enabled and any(one.domain == domain for one in self.domains)


def subscription(session: Session, account_id: str, region: str) -> Subscription:
    """Give the subscription of an account in a region; it is off without one."""
    row = session.one(
        "SELECT enabled, domains FROM dashboard_options WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return Subscription() if row is None else Subscription(bool(row[0]), _domains.decode(row[1]))


def put_subscription(session: Session, account_id: str, region: str, subscription: Subscription) -> None:
    """Replace the subscription."""
    session.execute(
        """INSERT INTO dashboard_options (account_id, region, enabled, domains)
        VALUES (:account_id, :region, :enabled, :domains)
        ON CONFLICT (account_id, region) DO UPDATE SET enabled = excluded.enabled, domains = excluded.domains""",
        {
            "account_id": account_id,
            "region": region,
            "enabled": int(subscription.enabled),
            "domains": msgspec.json.encode(subscription.domains).decode(),
        },
    )
