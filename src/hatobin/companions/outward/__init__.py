"""Calls that leave: what events have to say to services elsewhere and to webhooks, kept until it arrived.

Where a service lives elsewhere, the rooms that would hand something to its companion here put a call into this
outbox, in their own transaction (`enqueue`). `OutwardCalls` makes the calls: at least once, in order for each
target and message, again after a while where they fail, given up after a day.
"""

from __future__ import annotations

from hatobin.companions.outward.aws_carriers import RECORD_END, BusEntry, Datum, ProjectEvent
from hatobin.companions.outward.aws_message_carriers import Notice, QueueAttribute, QueueMessage
from hatobin.companions.outward.carriers import Carriers
from hatobin.companions.outward.model import CallDraft, CallKind, TargetBacklog, TargetKey
from hatobin.companions.outward.places import Places, WebhookPlace, install, places
from hatobin.companions.outward.store import backlog, enqueue
from hatobin.companions.outward.webhooks import secret_key
from hatobin.companions.outward.worker import OutwardCalls

__all__ = [
    "RECORD_END",
    "BusEntry",
    "CallDraft",
    "CallKind",
    "Carriers",
    "Datum",
    "Notice",
    "OutwardCalls",
    "Places",
    "ProjectEvent",
    "QueueAttribute",
    "QueueMessage",
    "TargetBacklog",
    "TargetKey",
    "WebhookPlace",
    "backlog",
    "enqueue",
    "install",
    "places",
    "secret_key",
]
