"""EventBridge beside SES: the default event bus of each account and region, its rules and their targets.

A rule's pattern is asked of every event; what it matches goes to the rule's
targets, topics of SNS, queues of SQS and functions of Lambda, in the transaction
that puts the event on the bus. There are no other buses, no schedules, no archives.

Other rooms find what goes where with `Router`, hand each `Match` over with
`deliver` inside their transaction, and call `announce` after it.
"""

from __future__ import annotations

from hatobin.companions.eventbridge import api_events, api_rules, api_targets
from hatobin.companions.eventbridge.announcement import announce
from hatobin.companions.eventbridge.model import BusEvent, Match
from hatobin.companions.eventbridge.routing import Delivered, Router, deliver
from hatobin.companions.eventbridge.store import failed_targets

__all__ = [
    "BusEvent",
    "Delivered",
    "Match",
    "Router",
    "announce",
    "api_events",
    "api_rules",
    "api_targets",
    "deliver",
    "failed_targets",
]
