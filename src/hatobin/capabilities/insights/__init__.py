"""Insights: what the Virtual Deliverability Manager tells of mail: of one message, of days, and of an address.

A message's timelines are put together from what the queue and the events
hold. The days are counted as they happen, in the transactions of the events,
for accounts that have switched the manager on. An address is judged by its
form, by the DNS, and by what became of the account's own mail to it.
"""

from __future__ import annotations

from hatobin.capabilities.insights import api_v2_addresses, api_v2_messages, api_v2_metrics
from hatobin.capabilities.insights.export_messages import MessageExport, Portion
from hatobin.capabilities.insights.export_metrics import MetricExport
from hatobin.capabilities.insights.timeline import Moment, RecipientTimeline, timelines

__all__ = [
    "MessageExport",
    "MetricExport",
    "Moment",
    "Portion",
    "RecipientTimeline",
    "api_v2_addresses",
    "api_v2_messages",
    "api_v2_metrics",
    "timelines",
]
