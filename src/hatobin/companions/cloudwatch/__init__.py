"""CloudWatch beside SES: metrics, of SES and of one's own, and alarms on them.

Rooms put counts in by `record_counts` inside the transaction that makes them
true. What was measured is kept to the minute for 15 days, to the hour for 63,
to the day for 455, and read by GetMetricStatistics and GetMetricData.
"""

from __future__ import annotations

from hatobin.companions.cloudwatch import api_data, api_metrics
from hatobin.companions.cloudwatch.model import (
    COUNT,
    MAX_METRICS,
    NO_UNIT,
    Amount,
    Dimensions,
    Lane,
    Metric,
    MetricKey,
    times,
)
from hatobin.companions.cloudwatch.recording import record_counts, record_rate
from hatobin.companions.cloudwatch.upkeep import MetricUpkeep

__all__ = [
    "COUNT",
    "MAX_METRICS",
    "NO_UNIT",
    "Amount",
    "Dimensions",
    "Lane",
    "Metric",
    "MetricKey",
    "MetricUpkeep",
    "api_data",
    "api_metrics",
    "record_counts",
    "record_rate",
    "times",
]
