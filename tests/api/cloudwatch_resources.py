"""What CloudWatch makes, for the tests of isolation."""

from __future__ import annotations

from tests.api.harness import ACCOUNT, REGION
from tests.api.resource import Resource, of

ALARM_ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"
ALARM = {
    "AlarmName": "a",
    "Namespace": "Shop",
    "MetricName": "x",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}

CLOUDWATCH_RESOURCES: dict[str, Resource] = {
    "metric": Resource(
        ("PutMetricData",),
        (("cloudwatch", "put_metric_data", {"Namespace": "Shop", "MetricData": [{"MetricName": "x", "Value": 1.0}]}),),
        ("cloudwatch", "list_metrics", {}),
        (),
        (("cloudwatch", "list_metrics", {}),),
    ),
    "alarm": Resource(
        ("PutMetricAlarm",),
        (("cloudwatch", "put_metric_alarm", ALARM),),
        ("cloudwatch", "describe_alarms", {}),
        (
            *of("cloudwatch", {"AlarmNames": ["a"]}, "delete_alarms"),
            ("cloudwatch", "set_alarm_state", {"AlarmName": "a", "StateValue": "OK", "StateReason": "x"}),
            *of(
                "cloudwatch",
                {"ResourceARN": ALARM_ARN},
                *("list_tags_for_resource", "tag_resource", "untag_resource"),
                tag_resource={"Tags": [{"Key": "a", "Value": "b"}]},
                untag_resource={"TagKeys": ["a"]},
            ),
        ),
        (
            ("cloudwatch", "describe_alarms", {}),
            ("cloudwatch", "describe_alarms", {"AlarmNames": ["a"]}),
            ("cloudwatch", "describe_alarm_history", {}),
            ("cloudwatch", "describe_alarms_for_metric", {"Namespace": "Shop", "MetricName": "x"}),
            ("cloudwatch", "disable_alarm_actions", {"AlarmNames": ["a"]}),
            ("cloudwatch", "enable_alarm_actions", {"AlarmNames": ["a"]}),
        ),
    ),
}
