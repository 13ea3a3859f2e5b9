"""The errors of CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.api.harness import ACCOUNT, REGION
from tests.modelled_errors.provocation import Group, Provocation

_CLOUDWATCH = Group("cloudwatch")
_VALUE, _COMBINATION = "InvalidParameterValueException", "InvalidParameterCombinationException"
_MISSING, _TOKEN = "MissingRequiredParameterException", "InvalidNextToken"
_SUMS: dict[str, Any] = {"Namespace": "Shop", "Statistics": ["Sum"], "Period": 60}


def _day(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


_METRIC = {"Namespace": "Shop", "MetricName": "x"}
_QUESTION: dict[str, Any] = {
    "MetricDataQueries": [{"Id": "m", "MetricStat": {"Metric": _METRIC, "Period": 60, "Stat": "Sum"}}],
    "StartTime": _day(1),
    "EndTime": _day(2),
}

METRICS: list[Provocation] = [
    _CLOUDWATCH.one(
        "PutMetricData",
        _VALUE,
        "The value AWS/SES for parameter Namespace is invalid.",
        Namespace="AWS/SES",
        MetricData=[{"MetricName": "x", "Value": 1.0}],
    ),
    _CLOUDWATCH.one("PutMetricData", _MISSING, "The parameter MetricData is required.", Namespace="Shop"),
    _CLOUDWATCH.one(
        "PutMetricData",
        _COMBINATION,
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive"
        " and you have specified both.",
        Namespace="Shop",
        MetricData=[{"MetricName": "x", "Value": 1.0, "Values": [1.0]}],
    ),
    _CLOUDWATCH.one(
        "GetMetricStatistics",
        _VALUE,
        "The parameter StartTime must be less than the parameter EndTime.",
        StartTime=_day(2),
        EndTime=_day(1),
        **_SUMS,
    ),
    _CLOUDWATCH.one(
        "GetMetricStatistics",
        _COMBINATION,
        "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints"
        " requested by increasing Period, or decreasing the time range.",
        StartTime=_day(1),
        EndTime=_day(3),
        **_SUMS,
    ),
    _CLOUDWATCH.one(
        "GetMetricStatistics",
        _MISSING,
        "Must specify either Statistics or ExtendedStatistics",
        Namespace="Shop",
        StartTime=_day(1),
        EndTime=_day(2),
        Period=60,
    ),
    _CLOUDWATCH.one(
        "ListMetrics",
        _VALUE,
        "There are no linked accounts; OwningAccount must be the account that calls.",
        OwningAccount="210987654321",
    ),
    _CLOUDWATCH.one("GetMetricData", _TOKEN, "The next token specified is invalid.", **_QUESTION, NextToken="x"),
]

_ALARM = {
    "AlarmName": "full",
    **_METRIC,
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
_ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:none"
_BY_ARN: dict[str, dict[str, Any]] = {
    "ListTagsForResource": {},
    "TagResource": {"Tags": [{"Key": "a", "Value": "b"}]},
    "UntagResource": {"TagKeys": ["a"]},
}

ALARMS: list[Provocation] = [
    Group("cloudwatch", "full").one(
        "PutMetricAlarm", "LimitExceededFault", "The maximum limit of 5000 alarms has been reached.", **_ALARM
    ),
    *_CLOUDWATCH.each(
        ("DescribeAlarms", "DescribeAlarmHistory"), _TOKEN, "The next token specified is invalid.", NextToken="x"
    ),
    _CLOUDWATCH.one("DeleteAlarms", "ResourceNotFound", "The alarm none does not exist.", AlarmNames=["none"]),
    _CLOUDWATCH.one(
        "SetAlarmState",
        "ResourceNotFound",
        "The alarm none does not exist.",
        AlarmName="none",
        StateValue="OK",
        StateReason="x",
    ),
    _CLOUDWATCH.one(
        "SetAlarmState",
        "InvalidFormatFault",
        "StateReasonData is not valid JSON.",
        AlarmName="none",
        StateValue="OK",
        StateReason="x",
        StateReasonData="{",
    ),
    *(
        provocation
        for operation, more in _BY_ARN.items()
        for provocation in (
            _CLOUDWATCH.one(
                operation, _VALUE, "The value x for parameter ResourceARN is invalid.", ResourceARN="x", **more
            ),
            _CLOUDWATCH.one(
                operation,
                "ResourceNotFoundException",
                f"The resource {_ARN} does not exist.",
                ResourceARN=_ARN,
                **more,
            ),
        )
    ),
]

ALL: tuple[Provocation, ...] = (*METRICS, *ALARMS)
