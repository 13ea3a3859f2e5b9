"""Metrics of CloudWatch as boto3 speaks of them, in each of its protocols."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import OTHER_ACCOUNT, Api
from tests.api.measured import moment, statistics, total

PROTOCOLS = "smithy-rpc-v2-cbor", "json", "query"


def error_of(work: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ClientError) as caught:
        work()
    error: dict[str, str] = caught.value.response["Error"]
    return error


@pytest.fixture
def cloudwatch(api: Api) -> Any:
    return api.client("cloudwatch")


def test_what_is_put_is_read_by_its_whole_set_of_dimensions(api: Api, cloudwatch: Any) -> None:
    dimensions = [{"Name": "Shop", "Value": "1"}, {"Name": "Area", "Value": "north"}]
    data = [{"MetricName": "Orders", "Dimensions": dimensions, "Value": value, "Unit": "Count"} for value in (2, 4, 9)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    asked = {"Namespace": "Shop", "Statistics": ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]}
    [point] = statistics(api, "Orders", ("Shop", "1"), ("Area", "north"), **asked)
    assert (point["Sum"], point["Average"], point["Minimum"], point["Maximum"]) == (15.0, 5.0, 2.0, 9.0)
    assert (point["SampleCount"], point["Unit"]) == (3.0, "Count")
    assert statistics(api, "Orders", ("Shop", "1"), **asked) == []
    assert statistics(api, "Orders", ("Shop", "1"), ("Area", "north"), Unit="Bytes", **asked) == []


def test_values_come_in_every_form(api: Api, cloudwatch: Any) -> None:
    data = [
        {"MetricName": "Time", "Values": [1.0, 2.0, 100.0], "Counts": [50.0, 48.0, 2.0]},
        {"MetricName": "Time", "Value": 100.0, "Timestamp": moment(api, -300)},
        {
            "MetricName": "Set",
            "StatisticValues": {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10},
            "StorageResolution": 1,
        },
    ]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    asked = {"Namespace": "Shop", "Statistics": ["Sum"], "ExtendedStatistics": ["p50", "p99.5", "p10"]}
    [point] = statistics(api, "Time", **asked)
    found = point["ExtendedStatistics"]
    assert point["Sum"] == 50 + 96 + 300
    assert found["p10"] == pytest.approx(1.0, rel=0.01)
    assert found["p50"] == pytest.approx(2.0, rel=0.01)
    assert found["p99.5"] == pytest.approx(100.0, rel=0.01)
    [whole] = statistics(api, "Set", **asked)
    assert whole["Sum"] == 55
    assert "ExtendedStatistics" not in whole, "how the values of a set lie is not known"


def test_periods_begin_where_the_question_does_and_empty_ones_are_left_out(api: Api, cloudwatch: Any) -> None:
    now = int(api.world.clock.now()) // 60 * 60
    for ago, value in ((0, 1), (60, 2), (240, 4), (300, 8)):
        at = datetime.fromtimestamp(now - ago, UTC)
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "x", "Value": value, "Timestamp": at}])
    start, end = datetime.fromtimestamp(now - 240, UTC), datetime.fromtimestamp(now, UTC)
    points = statistics(api, "x", Namespace="Shop", StartTime=start, EndTime=end, Period=60)
    assert [(point["Timestamp"], point["Sum"]) for point in points] == [
        (start, 4.0),
        (datetime.fromtimestamp(now - 60, UTC), 2.0),
    ]
    [both] = statistics(api, "x", Namespace="Shop", StartTime=start, EndTime=end, Period=300)
    assert both["Sum"] == 6.0


@pytest.fixture(params=PROTOCOLS)
def speaking(api: Api, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client that speaks one protocol of the three that the model names."""
    monkeypatch.setattr("botocore.model.ServiceModel.resolved_protocol", request.param)
    return api.client("cloudwatch")


def test_every_protocol_of_cloudwatch_is_spoken(api: Api, speaking: Any) -> None:
    client = speaking
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 2.5}])
    [point] = statistics(api, "Orders", client=client, Namespace="Shop", ExtendedStatistics=["p90"])
    assert (point["Sum"], point["ExtendedStatistics"]) == (2.5, {"p90": 2.5})
    assert point["Timestamp"].tzinfo is not None
    [metric] = client.list_metrics()["Metrics"]
    assert (metric["Namespace"], metric["MetricName"]) == ("Shop", "Orders")
    refused = error_of(lambda: client.put_metric_data(Namespace="AWS/SES", MetricData=[]))
    assert refused["Code"] == "InvalidParameterValue"
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.put_metric_data(Namespace="AWS/SES", MetricData=[])


def test_large_calls_come_packed(api: Api, speaking: Any) -> None:
    data = [{"MetricName": f"metric-{number}", "Value": number} for number in range(400)]
    speaking.put_metric_data(Namespace="Shop", MetricData=data)
    assert total(api, "metric-399", Namespace="Shop") == 399.0


def test_metrics_are_listed_by_name_and_dimension_in_pages(api: Api, cloudwatch: Any) -> None:
    for start in (0, 400):
        data = [
            {"MetricName": "x", "Value": 1, "Dimensions": [{"Name": "n", "Value": f"{number:03}"}]}
            for number in range(start, start + 400)
        ]
        cloudwatch.put_metric_data(Namespace="Many", MetricData=data)
    cloudwatch.put_metric_data(Namespace="Few", MetricData=[{"MetricName": "y", "Value": 1}])
    pages = [page["Metrics"] for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace="Many")]
    assert [len(page) for page in pages] == [500, 300]
    filters = [{"Name": "n", "Value": "777"}]
    [found] = cloudwatch.list_metrics(Dimensions=filters)["Metrics"]
    assert found["Dimensions"] == filters
    assert len(cloudwatch.list_metrics(MetricName="y")["Metrics"]) == 1
    assert len(cloudwatch.list_metrics(Dimensions=[{"Name": "n"}])["Metrics"]) == 500
    token = cloudwatch.list_metrics(Namespace="Many")["NextToken"]
    assert error_of(lambda: cloudwatch.list_metrics(NextToken=token))["Code"] == "InvalidNextToken"


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"Value": 1, "Values": [1.0]}, "InvalidParameterCombination", "mutually exclusive"),
        ({}, "MissingParameter", "MetricData.member.1.Value is required"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue", "same size"),
        ({"Value": 1, "StorageResolution": 7}, "InvalidParameterValue", "must be 1 or 60"),
        ({"Value": 1e200}, "InvalidParameterValue", "is invalid"),
        ({"Value": 1, "Timestamp": datetime(2001, 1, 1, tzinfo=UTC)}, "InvalidParameterValue", "past two weeks"),
        ({"Value": 1, "Timestamp": datetime(2101, 1, 1, tzinfo=UTC)}, "InvalidParameterValue", "two hours"),
        ({"Value": 1, "Dimensions": [{"Name": "a", "Value": "é"}]}, "InvalidParameterValue", "is invalid"),
        ({"Value": 1, "Dimensions": [{"Name": "a", "Value": "b"}] * 2}, "InvalidParameterValue", "twice"),
        (
            {"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}},
            "InvalidParameterCombination",
            "must be greater",
        ),
    ],
)
def test_data_that_cannot_be_are_refused(cloudwatch: Any, given: dict[str, Any], code: str, text: str) -> None:
    data = [{"MetricName": "x", **given}]
    error = error_of(lambda: cloudwatch.put_metric_data(Namespace="Shop", MetricData=data))
    assert error["Code"] == code
    assert text in error["Message"]


def test_questions_that_cannot_be_answered_are_refused(api: Api) -> None:
    assert error_of(lambda: statistics(api, "x", Period=61))["Code"] == "InvalidParameterValue"
    wrong = error_of(lambda: statistics(api, "x", StartTime=moment(api), EndTime=moment(api)))
    assert wrong == {
        "Code": "InvalidParameterValue",
        "Message": "The parameter StartTime must be less than the parameter EndTime.",
        "QueryErrorCode": "InvalidParameterValueException",
        "Type": "Sender",
    }
    many = error_of(lambda: statistics(api, "x", StartTime=moment(api, -2 * 86_400), EndTime=moment(api), Period=60))
    assert many["Code"] == "InvalidParameterCombination"
    assert many["Message"].startswith("You have requested up to 2,880 datapoints, which exceeds the limit of 1,440.")
    assert error_of(lambda: statistics(api, "x", ExtendedStatistics=["tm90"]))["Code"] == "InvalidParameterValue"


def query(name: str, identifier: str, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "Shop", "MetricName": name}
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, **more}


def put(api: Api, name: str, *values: float | None) -> int:
    """Put one value into each of the last minutes, the last one now; give the start of the first minute."""
    now = int(api.world.clock.now()) // 60 * 60
    first = now - 60 * (len(values) - 1)
    for number, value in enumerate(values):
        if value is not None:
            at = datetime.fromtimestamp(first + 60 * number, UTC)
            datum = {"MetricName": name, "Value": value, "Timestamp": at}
            api.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[datum])
    return first


def test_rates_are_computed_from_metrics(api: Api, cloudwatch: Any) -> None:
    first = put(api, "bounces", 1, None, 3)
    put(api, "sends", 10, 20, 0)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "rate", "Expression": "100 * FILL(b, 0) / s", "Label": "Bounce rate"},
            query("bounces", "b", ReturnData=False),
            query("sends", "s"),
        ],
        StartTime=datetime.fromtimestamp(first, UTC),
        EndTime=datetime.fromtimestamp(first + 180, UTC),
        ScanBy="TimestampAscending",
    )
    rate, sends = answer["MetricDataResults"]
    assert (rate["Label"], rate["Values"], rate["StatusCode"]) == ("Bounce rate", [10.0, 0.0], "Complete")
    assert (sends["Label"], sends["Values"]) == ("sends", [10.0, 20.0, 0.0])
    assert sends["Timestamps"][0] == datetime.fromtimestamp(first, UTC)


def test_metric_data_come_newest_first_and_in_pages(api: Api, cloudwatch: Any) -> None:
    first = put(api, "x", 1, 2, 3, 4, 5)
    asked = {
        "MetricDataQueries": [query("x", "m")],
        "StartTime": datetime.fromtimestamp(first, UTC),
        "EndTime": datetime.fromtimestamp(first + 300, UTC),
        "MaxDatapoints": 2,
    }
    pages = list(cloudwatch.get_paginator("get_metric_data").paginate(**asked))
    assert [page["MetricDataResults"][0]["Values"] for page in pages] == [[5.0, 4.0], [3.0, 2.0], [1.0]]
    assert pages[0]["MetricDataResults"][0]["StatusCode"] == "PartialData"


@pytest.mark.parametrize(
    ("queries", "text"),
    [
        ([], "MetricDataQueries is required"),
        ([query("x", "m"), query("y", "m")], "not unique"),
        ([query("x", "M")], "not matching"),
        ([{"Id": "m"}], "Exactly one of"),
        ([query("x", "m"), {"Id": "e", "Expression": "m + n"}], "Unknown id 'n'"),
        ([query("x", "m"), {"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}], "depends on itself"),
        ([query("x", "m"), {"Id": "e", "Expression": "SEARCH(m)"}], "The function SEARCH is not served"),
        ([{"Id": "e", "Expression": "1 + 1"}], "must have a MetricStat"),
    ],
)
def test_queries_that_cannot_be_are_refused(api: Api, cloudwatch: Any, queries: Any, text: str) -> None:
    error = error_of(
        lambda: cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=moment(api, -60), EndTime=moment(api))
    )
    assert error["Code"] == "ValidationError"
    assert text in error["Message"]


def test_metrics_belong_to_an_account_and_a_region(api: Api, cloudwatch: Any) -> None:
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "x", "Value": 1}])
    for other in (
        api.client("cloudwatch", account_id=OTHER_ACCOUNT),
        api.client("cloudwatch", region="eu-west-1"),
    ):
        assert other.list_metrics()["Metrics"] == []
        assert statistics(api, "x", client=other, Namespace="Shop") == []
