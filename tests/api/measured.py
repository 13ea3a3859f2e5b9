"""Questions to CloudWatch that several tests ask."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.api.harness import Api


def moment(api: Api, offset_s: float = 0) -> datetime:
    return datetime.fromtimestamp(api.world.clock.now() + offset_s, UTC)


def statistics(api: Api, name: str, *dimensions: tuple[str, str], client: Any = None, **more: Any) -> list[Any]:
    asked = {
        "Namespace": "AWS/SES",
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        "StartTime": moment(api, -3600),
        "EndTime": moment(api, 60),
        "Period": 7200,
        "Statistics": ["Sum"],
    }
    found: list[Any] = (client or api.client("cloudwatch")).get_metric_statistics(**asked | more)["Datapoints"]
    return found


def total(api: Api, name: str, *dimensions: tuple[str, str], **more: Any) -> float:
    return float(sum(point["Sum"] for point in statistics(api, name, *dimensions, **more)))
