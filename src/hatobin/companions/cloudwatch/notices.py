"""What an alarm's topic is told when its state changes: subject and JSON. Pure.

Ref: user guide, "Notifying users on alarm changes"; members and their order as notifications of AWS have them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.companions.cloudwatch.alarms import Alarm, Standing, State
from hatobin.companions.cloudwatch.queries import MetricQuery
from hatobin.companions.cloudwatch.reasons import stamp

MAX_SUBJECT = 100
"""What SNS takes."""

# AWS General Reference, "Service endpoints"; a region that is not here is called by its code.
_REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "sa-east-1": "South America (Sao Paulo)",
}


def subject(alarm: Alarm, state: State) -> str:
    """Give the subject of the notice."""
    region = _REGIONS.get(alarm.region, alarm.region)
    whole = f'{state.value}: "{alarm.name}" in {region}'
    # SNS takes ASCII without line ends alone, CloudWatch nearly any name.
    plain = "".join(character if " " <= character <= "~" else "?" for character in whole)
    return plain if len(plain) <= MAX_SUBJECT else f"{plain[: MAX_SUBJECT - 3]}..."


def notice(alarm: Alarm, new: Standing) -> str:
    """Write the notice that an alarm came into the state `new`; `alarm` is as it was before."""
    given = alarm.definition
    document = {
        "AlarmName": alarm.name,
        "AlarmDescription": given.alarm_description,
        "AWSAccountId": alarm.account_id,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configured_at),
        "NewStateValue": new.state.value,
        "NewStateReason": new.reason,
        "StateChangeTime": stamp(new.updated_at),
        "Region": _REGIONS.get(alarm.region, alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": alarm.standing.state.value,
        "OKActions": alarm.actions(State.OK),
        "AlarmActions": alarm.actions(State.ALARM),
        "InsufficientDataActions": alarm.actions(State.INSUFFICIENT_DATA),
        "Trigger": _trigger(alarm),
    }
    return msgspec.json.encode(document).decode()


def _trigger(alarm: Alarm) -> dict[str, Any]:
    given = alarm.definition
    shared = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": given.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": given.evaluate_low_sample_count_percentile or "",
    }
    if given.metrics:
        return {**shared, "Metrics": [msgspec.to_builtins(one) for one in given.metrics]}
    watched = alarm.queries.all[0].what
    assert isinstance(watched, MetricQuery), "an alarm without Metrics watches one metric"
    if watched.statistic.percent is None:
        kind = {"StatisticType": "Statistic", "Statistic": watched.statistic.name.upper()}
    else:
        kind = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": watched.statistic.name}
    return {
        "MetricName": given.metric_name,
        "Namespace": given.namespace,
        **kind,
        "Unit": given.unit,
        "Dimensions": [{"value": one.value, "name": one.name} for one in given.dimensions or ()],
        **shared,
    }
