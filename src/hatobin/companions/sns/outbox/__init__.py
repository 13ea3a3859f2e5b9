"""Deliveries that are not done: due, waiting behind another, leased, or dead.

`enqueue` puts one in, `lease` takes what is due, and a `settle_` function
says how it went. What arrived leaves no row, only a count at its subscription.
"""

from __future__ import annotations

from hatobin.companions.sns.outbox.count_store import count_delivered
from hatobin.companions.sns.outbox.store import (
    Draft,
    Failure,
    Leased,
    backlog,
    backlog_by_protocol,
    dead_messages,
    discard,
    due_keys,
    enqueue,
    keep_dead,
    lease,
    release,
    settle_dead,
    settle_delivered,
    settle_retry,
    upkeep,
)

__all__ = [
    "Draft",
    "Failure",
    "Leased",
    "backlog",
    "backlog_by_protocol",
    "count_delivered",
    "dead_messages",
    "discard",
    "due_keys",
    "enqueue",
    "keep_dead",
    "lease",
    "release",
    "settle_dead",
    "settle_delivered",
    "settle_retry",
    "upkeep",
]
