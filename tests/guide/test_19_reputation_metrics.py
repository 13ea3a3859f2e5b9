"""Sample 19: the account's bounce and complaint rate, as SES itself counts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.guide.reader import Reader
from tests.running import wait_until


@pytest.mark.parametrize("metric", ["Reputation.BounceRate", "Reputation.ComplaintRate"])
def test_rates_are_fractions_between_0_and_1(reader: Reader, metric: str) -> None:
    reader.send("reputation-19@example.net")
    averages = wait_until(lambda: _averages(reader, metric), "the rates are published", timeout_s=90, every_s=1)
    # A review begins at 5 % bounces or 0.1 % complaints, a pause at 10 % or 0.5 %: 0.05, 0.001, 0.1, 0.005 here.
    assert all(0 <= average <= 1 for average in averages)


def _averages(reader: Reader, metric: str) -> list[float]:
    now = datetime.now(UTC)
    answer = reader.aws(
        *("cloudwatch", "get-metric-statistics", "--namespace", "AWS/SES", "--metric-name", metric),
        *("--start-time", (now - timedelta(hours=2)).isoformat(), "--end-time", (now + timedelta(hours=1)).isoformat()),
        *("--period", "3600", "--statistics", "Average"),
    )
    return [point["Average"] for point in answer["Datapoints"]]
