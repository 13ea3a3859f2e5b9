"""Alarms as boto3 speaks of them: what they watch, when they change, and whom they tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions.cloudwatch import AlarmWatch
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
WATCHING: dict[str, Any] = {
    "AlarmName": "bounces",
    "AlarmDescription": "Too many bounces",
    "Namespace": "Shop",
    "MetricName": "x",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": [TOPIC],
    "OKActions": [TOPIC],
}


def error_of(work: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ClientError) as caught:
        work()
    error: dict[str, str] = caught.value.response["Error"]
    return error


class Watched:
    """A topic with a queue, a metric, and an alarm on it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.cloudwatch = api.client("cloudwatch")
        self.sqs = api.client("sqs")
        api.client("sns").create_topic(Name="events")
        self.url = self.sqs.create_queue(QueueName="mail")["QueueUrl"]
        subscription = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE}
        api.client("sns").subscribe(**subscription)
        self.watch = AlarmWatch(api.world.ports, api.outbound.services)

    def put(self, value: float, name: str = "x") -> None:
        self.cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, "Value": value}])

    def alarm(self, **changes: Any) -> None:
        self.cloudwatch.put_metric_alarm(**WATCHING | changes)

    def minute(self) -> int:
        """Let the minute end, and look at the alarms."""
        clock = self.api.world.clock
        self.api.pass_time(60 - clock.now() % 60 + 6)
        return self.api.run(self.watch.once())

    @property
    def shown(self) -> Any:
        return self.cloudwatch.describe_alarms(AlarmNames=["bounces"])["MetricAlarms"][0]

    @property
    def state(self) -> str:
        return str(self.shown["StateValue"])

    def told(self) -> list[Any]:
        """Give what the topic was told, with its subject, and forget it."""
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        bodies = [json.loads(message["Body"]) for message in found]
        return [(body["Subject"], json.loads(body["Message"])) for body in bodies]


@pytest.fixture
def watched(api: Api) -> Watched:
    return Watched(api)


def test_what_was_asked_for_is_shown(watched: Watched) -> None:
    dimensions = [{"Name": "Shop", "Value": "1"}]
    watched.alarm(Dimensions=dimensions, Unit="Count", TreatMissingData="notBreaching", DatapointsToAlarm=1)
    shown = watched.shown
    for name in (*WATCHING, "Unit", "TreatMissingData", "DatapointsToAlarm"):
        expected = {**WATCHING, "Unit": "Count", "TreatMissingData": "notBreaching", "DatapointsToAlarm": 1}[name]
        assert shown[name] == expected
    assert shown["Dimensions"] == dimensions
    assert shown["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:bounces"
    assert shown["ActionsEnabled"] is True
    assert (shown["StateValue"], shown["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")


def test_an_alarm_fires_and_tells_its_topic(watched: Watched) -> None:
    watched.alarm()
    watched.put(6)
    watched.minute()
    assert watched.state == "ALARM"
    [(subject, body)] = watched.told()
    assert subject == 'ALARM: "bounces" in US East (N. Virginia)'
    assert list(body) == [
        *("AlarmName", "AlarmDescription", "AWSAccountId", "AlarmConfigurationUpdatedTimestamp", "NewStateValue"),
        *("NewStateReason", "StateChangeTime", "Region", "AlarmArn", "OldStateValue", "OKActions", "AlarmActions"),
        *("InsufficientDataActions", "Trigger"),
    ]
    assert (body["OldStateValue"], body["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert body["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoint [6.0 (")
    assert datetime.strptime(body["StateChangeTime"], "%Y-%m-%dT%H:%M:%S.%f%z").tzinfo is not None
    assert body["Trigger"] == {
        "MetricName": "x",
        "Namespace": "Shop",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }


def test_an_alarm_tells_changes_alone_and_looks_once_a_minute(watched: Watched) -> None:
    watched.alarm()
    watched.put(6)
    assert watched.minute() == 1
    assert watched.api.run(watched.watch.once()) == 0
    watched.put(7)
    watched.minute()
    assert len(watched.told()) == 1
    watched.put(1)
    watched.minute()
    [(subject, body)] = watched.told()
    assert subject.startswith('OK: "bounces"')
    assert body["OldStateValue"] == "ALARM"
    for _ in range(4):
        watched.minute()
    assert watched.state == "INSUFFICIENT_DATA"
    assert watched.told() == []


def test_several_periods_must_breach(watched: Watched) -> None:
    watched.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    states = []
    for value in (6, 1, 6):
        watched.put(value)
        watched.minute()
        states.append(watched.state)
    assert states == ["ALARM", "OK", "ALARM"], "a value alone decides while the others are missing"


def test_a_rate_is_watched(watched: Watched) -> None:
    def query(name: str, identifier: str) -> dict[str, Any]:
        metric = {"Namespace": "Shop", "MetricName": name}
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        return {"Id": identifier, "MetricStat": stat, "ReturnData": False}

    plain = ("Namespace", "MetricName", "Statistic", "Period")
    asked = {name: value for name, value in WATCHING.items() if name not in plain}
    rate = {"Id": "rate", "Expression": "100 * FILL(b, 0) / s"}
    watched.cloudwatch.put_metric_alarm(**asked, Metrics=[rate, query("b", "b"), query("s", "s")])
    watched.put(100, "s")
    watched.minute()
    assert watched.state == "OK"
    watched.told()
    watched.put(100, "s")
    watched.put(6, "b")
    watched.minute()
    assert watched.state == "ALARM"
    [(_, body)] = watched.told()
    assert body["Trigger"]["Metrics"][0]["Expression"] == rate["Expression"]
    assert watched.shown["Metrics"][0] == rate


def test_actions_can_be_switched_off(watched: Watched) -> None:
    watched.alarm()
    watched.cloudwatch.disable_alarm_actions(AlarmNames=["bounces", "none"])
    watched.put(6)
    watched.minute()
    assert (watched.state, watched.told()) == ("ALARM", [])
    assert watched.shown["ActionsEnabled"] is False
    watched.cloudwatch.enable_alarm_actions(AlarmNames=["bounces"])
    watched.put(1)
    watched.minute()
    assert len(watched.told()) == 1


def test_a_state_set_by_hand_is_told_and_holds_for_a_minute(watched: Watched) -> None:
    watched.alarm()
    watched.put(1)
    watched.minute()
    watched.told()
    watched.cloudwatch.set_alarm_state(AlarmName="bounces", StateValue="ALARM", StateReason="trying it")
    [(_, body)] = watched.told()
    assert (body["NewStateValue"], body["NewStateReason"]) == ("ALARM", "trying it")
    watched.put(1)
    watched.minute()
    assert watched.state == "OK"


def test_a_missing_topic_is_noted_and_nothing_else_happens(watched: Watched) -> None:
    watched.alarm(AlarmActions=[f"{TOPIC}-none", TOPIC])
    watched.put(6)
    watched.minute()
    assert len(watched.told()) == 1
    items = watched.cloudwatch.describe_alarm_history(AlarmName="bounces")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == [
        f"Successfully executed action {TOPIC}",
        f"Failed to execute action {TOPIC}-none",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "bounces" created',
    ]
    kinds = watched.cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert json.loads(kinds[0]["HistoryData"])["newState"]["stateValue"] == "ALARM"
    pages = watched.cloudwatch.get_paginator("describe_alarm_history").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [3, 1]


def test_another_definition_keeps_the_state_and_the_tags(watched: Watched) -> None:
    watched.alarm(Tags=[{"Key": "team", "Value": "mail"}])
    watched.put(6)
    watched.minute()
    watched.alarm(Threshold=50.0)
    assert (watched.state, watched.shown["Threshold"]) == ("ALARM", 50.0)
    arn = watched.shown["AlarmArn"]
    watched.cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert len(watched.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]) == 2
    watched.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    tags = watched.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "mail"}]


def test_alarms_are_listed_by_name_and_found_by_metric(watched: Watched) -> None:
    for name in ("a-1", "a-2", "b-1"):
        watched.alarm(AlarmName=name)
    watched.alarm(AlarmName="other", MetricName="y", Dimensions=[{"Name": "n", "Value": "v"}])
    cloudwatch = watched.cloudwatch

    def names(**asked: Any) -> list[str]:
        return [one["AlarmName"] for one in cloudwatch.describe_alarms(**asked)["MetricAlarms"]]

    assert names() == ["a-1", "a-2", "b-1", "other"]
    assert names(AlarmNamePrefix="a-") == ["a-1", "a-2"]
    assert names(AlarmNames=["other", "none"]) == ["other"]
    assert names(StateValue="OK") == []
    assert names(ActionPrefix="arn:aws:lambda") == []
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["MetricAlarms"]) for page in pages] == [3, 1]
    about = {"Namespace": "Shop", "MetricName": "y"}
    assert cloudwatch.describe_alarms_for_metric(**about)["MetricAlarms"] == []
    about |= {"Dimensions": [{"Name": "n", "Value": "v"}]}
    [found] = cloudwatch.describe_alarms_for_metric(**about)["MetricAlarms"]
    assert found["AlarmName"] == "other"
    assert error_of(lambda: cloudwatch.delete_alarms(AlarmNames=["a-1", "none"]))["Code"] == "ResourceNotFound"
    assert names() == ["a-2", "b-1", "other"], "those that are there are deleted all the same"
    assert error_of(lambda: cloudwatch.describe_alarms(NextToken="x"))["Code"] == "InvalidNextToken"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"Period": 90}, "multiple of 60"),
        ({"EvaluationPeriods": 1441}, "across more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "across more than 7 days"),
        ({"DatapointsToAlarm": 2}, "less than or equal"),
        ({"TreatMissingData": "sometimes"}, "The value sometimes is not supported"),
        ({"EvaluateLowSampleCountPercentile": "x"}, "Option x is not supported"),
        ({"ExtendedStatistic": "p90"}, "Exactly one of Statistic"),
        ({"AlarmActions": ["x"]}, "Invalid arn syntax: x"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "Only topics of SNS"),
        ({"AlarmActions": [TOPIC.replace(REGION, "eu-west-1")]}, "Invalid region eu-west-1"),
        ({"AlarmActions": [TOPIC.replace(ACCOUNT, OTHER_ACCOUNT)]}, "one of this account"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "Anomaly detection is not served"),
        ({"Metrics": [{"Id": "e", "Expression": "1"}]}, "mutually exclusive"),
        ({"EvaluationInterval": 60}, "EvaluationInterval is not served"),
    ],
)
def test_what_cannot_be_watched_is_refused(watched: Watched, changes: dict[str, Any], text: str) -> None:
    error = error_of(lambda: watched.alarm(**changes))
    assert error["Code"] == "ValidationError"
    assert text in error["Message"]


def test_an_alarm_on_bounces_of_ses_fires(watched: Watched) -> None:
    watched.alarm(Namespace="AWS/SES", MetricName="Bounce", Threshold=0.0, TreatMissingData="notBreaching")
    ses = watched.api.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    watched.minute()
    assert watched.state == "OK"
    ses.send_email(
        FromEmailAddress="me@example.com",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    )
    watched.api.wait_until_delivered()
    watched.minute()
    assert watched.state == "ALARM"


def test_an_hour_that_ended_with_the_last_minute_is_watched(watched: Watched) -> None:
    watched.alarm(Period=3600)
    watched.put(4)
    watched.minute()
    assert watched.state == "OK"
    watched.api.pass_time(1800)
    watched.put(4)
    watched.minute()
    assert watched.state == "ALARM"
