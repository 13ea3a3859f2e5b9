"""Metrics of SES: events counted for CloudWatch, and the rates that reputation is judged by.

Everything is counted in the transaction of the outcome, folded over it.
`Tally` counts events: without dimensions for every account, and with those of
the CloudWatch destinations of configuration sets. `ReputationTally` counts
what was really sent, hard bounces and complaints; `reputation` reads them
over a representative volume, and `ReputationMetrics` publishes the rates.
"""

from __future__ import annotations

from hatobin.capabilities.metrics.dimensions import EventFacts
from hatobin.capabilities.metrics.publishing import ReputationMetrics
from hatobin.capabilities.metrics.reputation import (
    Reputation,
    ReputationScope,
    ReputationTally,
    ScopeKind,
    Sender,
    forget_hours,
    hours_over,
    reputation,
)
from hatobin.capabilities.metrics.tally import Tally

__all__ = [
    "EventFacts",
    "Reputation",
    "ReputationMetrics",
    "ReputationScope",
    "ReputationTally",
    "ScopeKind",
    "Sender",
    "Tally",
    "forget_hours",
    "hours_over",
    "reputation",
]
