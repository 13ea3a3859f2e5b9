"""Sample 13: bounce and complaint rates from CloudWatch: sums, divided by what was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ParamValidationError

from tests.guide.marks import printed_form
from tests.guide.reader import Reader
from tests.running import wait_until


def _sum(reader: Reader, metric: str) -> float:
    now = datetime.now(UTC)
    answer = reader.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SES",
        MetricName=metric,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def test_rates_are_sums_divided_by_send(reader: Reader) -> None:
    before = {metric: _sum(reader, metric) for metric in ("Send", "Bounce", "Complaint")}
    for number in range(3):
        reader.send(f"sent-13-{number}@example.net")
    reader.send("bounce+guide-13@simulator.amazonses.com")
    wait_until(lambda: _sum(reader, "Send") >= before["Send"] + 4, "four sends are counted")
    wait_until(lambda: _sum(reader, "Bounce") >= before["Bounce"] + 1, "a bounce is counted")
    sent, bounced, complained = (_sum(reader, metric) for metric in ("Send", "Bounce", "Complaint"))
    assert 0 < bounced / sent < 1
    assert 0 <= complained / sent < 1


@printed_form("cannot work")
def test_printed_times_are_no_times(reader: Reader) -> None:
    with pytest.raises(ParamValidationError, match="StartTime"):
        reader.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SES", MetricName="Bounce", StartTime="...", EndTime="...", Period=3600, Statistics=["Sum"]
        )
