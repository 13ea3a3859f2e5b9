"""CloudWatch beside SES: metrics, of SES and of one's own, and alarms on them.

Rooms put counts in by `record_counts` inside the transaction that makes them
true. What was measured is kept to the minute for 15 days, to the hour for 63,
to the day for 455, and read by GetMetricStatistics and GetMetricData.
`AlarmWatch` looks at every alarm once a minute; its topics are told by SNS.
"""

from __future__ import annotations

from hatobin.companions.cloudwatch import api_alarm_states, api_alarms, api_data, api_metrics
from hatobin.companions.cloudwatch.alarm_store import alarm_states
from hatobin.companions.cloudwatch.model import (
    COUNT,
    MAX_METRICS,
    NO_UNIT,
    Amount,
    Dimensions,
    Metric,
    MetricKey,
    times,
)
from hatobin.companions.cloudwatch.recording import record_counts, record_rates
from hatobin.companions.cloudwatch.upkeep import MetricUpkeep
from hatobin.companions.cloudwatch.watch import AlarmWatch

__all__ = [
    "COUNT",
    "MAX_METRICS",
    "NO_UNIT",
    "AlarmWatch",
    "Amount",
    "Dimensions",
    "Metric",
    "MetricKey",
    "MetricUpkeep",
    "alarm_states",
    "api_alarm_states",
    "api_alarms",
    "api_data",
    "api_metrics",
    "record_counts",
    "record_rates",
    "times",
]
