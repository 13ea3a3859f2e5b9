"""CloudWatch Logs beside SES: groups of streams of events, kept for a time and up to a size.

Functions log to `/aws/lambda/NAME`, failed deliveries of topics to
`sns/REGION/ACCOUNT/TOPIC/Failure`, clients wherever they like. Of a group that
is full the oldest events go. There are no subscriptions, metric filters,
insights or encryption keys.

Other rooms call `append` inside their transaction; it makes group and stream.
"""

from __future__ import annotations

from hatobin.companions.logs import api_events, api_groups, api_streams
from hatobin.companions.logs.model import MAX_EVENT_BYTES, GroupKey, LogEvent
from hatobin.companions.logs.upkeep import LogUpkeep
from hatobin.companions.logs.writing import append

__all__ = [
    "MAX_EVENT_BYTES",
    "GroupKey",
    "LogEvent",
    "LogUpkeep",
    "api_events",
    "api_groups",
    "api_streams",
    "append",
]
