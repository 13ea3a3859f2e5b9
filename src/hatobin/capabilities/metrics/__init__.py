"""Metrics of SES: events counted for CloudWatch, and the rates that reputation is judged by.

Everything is counted in the transaction of the outcome, folded over it.
`Tally` counts events: without dimensions for every account, and with those of
the CloudWatch destinations of configuration sets. `ReputationTally` counts
what was really sent, hard bounces and complaints; `reputation` reads them
over a representative volume. `DayTally` counts by the day, for accounts with
the Virtual Deliverability Manager. What follows from the rates is the room
`reputation`.
"""

from __future__ import annotations

from hatobin.capabilities.metrics.day_store import DIMENSIONS, METRICS, days_over, forget_days, series, totals
from hatobin.capabilities.metrics.days import DAY_S, DayTally
from hatobin.capabilities.metrics.dimensions import EventFacts
from hatobin.capabilities.metrics.isps import UNKNOWN_ISP, isp_of
from hatobin.capabilities.metrics.reputation import (
    MOST_HOURS,
    Account,
    Reputation,
    ReputationScope,
    ReputationTally,
    ScopeKind,
    Sender,
    active_accounts,
    active_scopes,
    active_sets,
    forget_hours,
    hours_over,
    reputation,
)
from hatobin.capabilities.metrics.sent_days import SentDay, sent_by_day
from hatobin.capabilities.metrics.tally import NAMESPACE, Tally

__all__ = [
    "DAY_S",
    "DIMENSIONS",
    "METRICS",
    "MOST_HOURS",
    "NAMESPACE",
    "UNKNOWN_ISP",
    "Account",
    "DayTally",
    "EventFacts",
    "Reputation",
    "ReputationScope",
    "ReputationTally",
    "ScopeKind",
    "Sender",
    "SentDay",
    "Tally",
    "active_accounts",
    "active_scopes",
    "active_sets",
    "days_over",
    "forget_days",
    "forget_hours",
    "hours_over",
    "isp_of",
    "reputation",
    "sent_by_day",
    "series",
    "totals",
]
