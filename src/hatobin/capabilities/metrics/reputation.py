"""Reputation: how much of what was really sent bounced or was complained about.

Counted by the hour for an account, and for each of its configuration sets,
tenants and identities. Only hard bounces count; mail to the simulator, and
what was suppressed and so never sent, counts neither above nor below the line.

A rate is that over a representative volume. SES does not say how large that
is, only that it is no fixed time and depends on how much somebody sends.
Here it is what was sent since the beginning of the last hour before which at
least a day and at least `REPRESENTATIVE_SENDS` mails lie, thirty days at most.

Refs: SES developer guide, "Monitor your sender reputation", "Using the mailbox simulator", "Using the account-level
suppression list".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from hatobin.ports import Session, Value
from hatobin.words.lane import Lane

REPRESENTATIVE_SENDS = 10_000
LEAST_HOURS = 24
MOST_HOURS = 30 * 24
KEPT_HOURS = 63 * 24
"""How long the hours are kept."""
EXPIRED_AT_ONCE = 500


Account = tuple[str, str]
"""An account and a region."""


class ScopeKind(Enum):
    """Whose reputation it is."""

    ACCOUNT = "account"
    CONFIGURATION_SET = "set"
    TENANT = "tenant"
    IDENTITY = "identity"


class ReputationScope(Struct, frozen=True):
    """An account in a region, or one of its sets, tenants or identities by name."""

    account_id: str
    region: str
    kind: ScopeKind = ScopeKind.ACCOUNT
    name: str = ""


class Reputation(Struct, frozen=True):
    """Counts over the representative volume."""

    sends: int = 0
    bounces: int = 0
    complaints: int = 0
    began_at: int = 0
    """When the first hour begins that is counted, in seconds since the epoch."""

    @property
    def bounce_rate(self) -> float:
        """Hard bounces of what was sent, from 0 to 1."""
        return _rate(self.bounces, self.sends)

    @property
    def complaint_rate(self) -> float:
        """Complaints of what was sent, from 0 to 1."""
        return _rate(self.complaints, self.sends)


def _rate(count: int, sends: int) -> float:
    # A bounce may be told of an hour after its mail left the volume.
    return min(1.0, count / sends) if sends else 0.0


class Sender(NamedTuple):
    """Who a message is sent by, as far as reputations go: what `scopes_of` is told."""

    account_id: str
    region: str
    identity_arn: str
    configuration_set: str | None
    tenant: str | None


def scopes_of(sender: Sender) -> list[ReputationScope]:
    """Give those whose reputation a sender's mail is part of. The identity may be another account's."""
    account_id, region = sender.account_id, sender.region
    owner, _, identity = sender.identity_arn.partition(":identity/")
    found = [ReputationScope(account_id, region)]
    if identity:
        found.append(ReputationScope(owner.rpartition(":")[2], region, ScopeKind.IDENTITY, identity))
    if sender.configuration_set is not None:
        found.append(ReputationScope(account_id, region, ScopeKind.CONFIGURATION_SET, sender.configuration_set))
    if sender.tenant is not None:
        found.append(ReputationScope(account_id, region, ScopeKind.TENANT, sender.tenant))
    return found


_COUNT = """
INSERT INTO sending_hours (account_id, region, scope, name, hour, lane, sends, bounces, complaints)
VALUES (:account_id, :region, :scope, :name, :hour, :lane, :sends, :bounces, :complaints)
ON CONFLICT (account_id, region, scope, name, hour, lane) DO UPDATE SET
  sends = sending_hours.sends + excluded.sends, bounces = sending_hours.bounces + excluded.bounces,
  complaints = sending_hours.complaints + excluded.complaints"""


class ReputationTally:
    """What one transaction adds to reputations: one row per scope and hour, whatever the number of messages."""

    def __init__(self) -> None:
        self._found: dict[tuple[Sender, int, str], int] = {}

    def add(self, sender: Sender, at: float, what: str, count: int) -> None:
        """Count `what`: "sends", "bounces" or "complaints"."""
        place = (sender, int(at) // 3600, what)
        self._found[place] = self._found.get(place, 0) + count

    def record(self, session: Session, lane: Lane) -> None:
        """Write the counts, in the transaction that made them true."""
        counts: dict[tuple[ReputationScope, int], Counter[str]] = {}
        for (sender, hour, what), count in self._found.items():
            for scope in scopes_of(sender):
                counts.setdefault((scope, hour), Counter())[what] += count
        rows = [_row(scope, hour, lane, counted) for (scope, hour), counted in counts.items()]
        # The order of every node: see `Database.write`.
        session.many(_COUNT, sorted(rows, key=lambda row: tuple(str(row[name]) for name in _ORDER)))


_ORDER = ("account_id", "region", "scope", "name", "hour")


def _row(scope: ReputationScope, hour: int, lane: Lane, counts: Mapping[str, int]) -> dict[str, Value]:
    return {
        "account_id": scope.account_id,
        "region": scope.region,
        "scope": scope.kind.value,
        "name": scope.name,
        "hour": hour,
        "lane": int(lane),
        "sends": counts.get("sends", 0),
        "bounces": counts.get("bounces", 0),
        "complaints": counts.get("complaints", 0),
    }


def reputation(session: Session, scope: ReputationScope, now: float, *, since: float = 0.0) -> Reputation:
    """Give the counts over the representative volume.

    `since` is a fresh start, 0 for none. What was before it does not count, and what comes in the rest of its hour
    neither: in that time the mail that was under way bounces.
    """
    this_hour = int(now) // 3600
    rows = session.execute(
        """SELECT hour, SUM(sends), SUM(bounces), SUM(complaints) FROM sending_hours
        WHERE account_id = :account_id AND region = :region AND scope = :scope AND name = :name AND hour >= :oldest
        GROUP BY hour ORDER BY hour DESC""",
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "scope": scope.kind.value,
            "name": scope.name,
            "oldest": max(this_hour - MOST_HOURS, int(since) // 3600 + 1),
        },
    )
    sends = bounces = complaints = began = 0
    for hour, hour_sends, hour_bounces, hour_complaints in rows:
        if sends >= REPRESENTATIVE_SENDS and hour <= this_hour - LEAST_HOURS:
            break
        sends, bounces = sends + int(hour_sends), bounces + int(hour_bounces)
        complaints, began = complaints + int(hour_complaints), int(hour) * 3600
    return Reputation(sends, bounces, complaints, began)


def active_accounts(session: Session, since: float, after: Account, limit: int) -> list[Account]:
    """Give accounts and regions in their order that sent since a moment, those after one of them."""
    rows = session.execute(
        """SELECT DISTINCT account_id, region FROM sending_hours
        WHERE (account_id, region) > (:account_id, :region) AND scope = :scope AND hour >= :oldest
        ORDER BY account_id, region LIMIT :limit""",
        {
            "account_id": after[0],
            "region": after[1],
            "scope": ScopeKind.ACCOUNT.value,
            "oldest": int(since) // 3600,
            "limit": limit,
        },
    )
    return [(account_id, region) for account_id, region in rows]


def active_sets(session: Session, account_id: str, region: str, since: float) -> list[str]:
    """Give the configuration sets that an account sent with since a moment."""
    rows = session.execute(
        """SELECT DISTINCT name FROM sending_hours
        WHERE account_id = :account_id AND region = :region AND scope = :scope AND hour >= :oldest ORDER BY name""",
        {
            "account_id": account_id,
            "region": region,
            "scope": ScopeKind.CONFIGURATION_SET.value,
            "oldest": int(since) // 3600,
        },
    )
    return [row[0] for row in rows]


def active_scopes(session: Session, since: float, after: ReputationScope | None, limit: int) -> list[ReputationScope]:
    """Give those in their order of whom something was counted since a moment, those after one of them."""
    last = ReputationScope("", "") if after is None else after
    rows = session.execute(
        """SELECT DISTINCT account_id, region, scope, name FROM sending_hours
        WHERE hour >= :oldest AND (account_id, region, scope, name) > (:account_id, :region, :scope, :name)
        ORDER BY account_id, region, scope, name LIMIT :limit""",
        {
            "account_id": last.account_id,
            "region": last.region,
            "scope": "" if after is None else last.kind.value,
            "name": last.name,
            "oldest": int(since) // 3600,
            "limit": limit,
        },
    )
    return [ReputationScope(account_id, region, ScopeKind(scope), name) for account_id, region, scope, name in rows]


def hours_over(session: Session, now: float, limit: int) -> list[int]:
    """Give hours of which rows are older than they are kept, at most `limit` of them."""
    rows = session.execute(
        "SELECT DISTINCT hour FROM sending_hours WHERE hour < :before ORDER BY hour LIMIT :limit",
        {"before": int(now) // 3600 - KEPT_HOURS, "limit": limit},
    )
    return [int(row[0]) for row in rows]


def forget_hours(session: Session, hours: Sequence[int]) -> None:
    """Remove whole hours."""
    session.many("DELETE FROM sending_hours WHERE hour = :hour", [{"hour": hour} for hour in hours])
