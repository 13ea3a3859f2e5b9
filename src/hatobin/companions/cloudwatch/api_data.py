"""GetMetricData.

Refs: API reference, GetMetricData (500 queries, 100,800 data points, order, paging).
"""

from __future__ import annotations

from typing import Literal

from hatobin.companions.cloudwatch.errors import check_moment, invalid_token, place_in, validation_error
from hatobin.companions.cloudwatch.queries import MetricQuery, Queries, Query, read_queries
from hatobin.gateway import Call, operation
from hatobin.gateway.models import cloudwatch as models
from hatobin.gateway.paging import Paging

MAX_DATAPOINTS = 100_800
"""Of one answer."""
MOST_ASKED = 1_000_000
"""Data points that one question may be about: they are computed anew for each page."""

_PAGES = Paging(
    kind="metric data",
    default_size=MAX_DATAPOINTS,
    max_size=MAX_DATAPOINTS,
    cursor=(float,),
    token_error=invalid_token,
    size_error=lambda size: validation_error(f"MaxDatapoints must be between 1 and {MAX_DATAPOINTS}."),
)


@operation("cloudwatch", "GetMetricData")
async def get_metric_data(call: Call, request: models.GetMetricDataInput) -> models.GetMetricDataOutput:
    """Give the values of metrics and of arithmetic over them, the newest first if nothing is said."""
    queries = read_queries(request.metric_data_queries)
    start, end = _times(request, queries)
    scope = f"{start} {end} {request.scan_by} {[(query.id, query.what) for query in queries.all]!r}"[:500]
    page = _PAGES.start(call, request.max_datapoints, request.next_token, scope)
    values = await call.ports.database.read(
        lambda session: queries.read(session, call.account_id, call.region, start, end)
    )
    ascending = request.scan_by == "TimestampAscending"
    shown = [query for query in queries.all if query.is_returned]
    flat = [
        (query, at, value) for query in shown for at, value in sorted(values[query.id].items(), reverse=not ascending)
    ]
    first = place_in(page.after)
    part = flat[first : first + page.size]
    rest = {query.id for query, _, _ in flat[first + page.size :]}
    results = [_result(query, part, "PartialData" if query.id in rest else "Complete") for query in shown]
    token = _PAGES.token(call, (float(first + page.size),), scope) if rest else None
    return models.GetMetricDataOutput(metric_data_results=results, next_token=token, messages=[])


def _result(
    query: Query, part: list[tuple[Query, int, float]], status: Literal["Complete", "PartialData"]
) -> models.MetricDataResult:
    own = [(at, value) for one, at, value in part if one is query]
    return models.MetricDataResult(
        id=query.id,
        label=query.label,
        timestamps=[float(at) for at, _ in own],
        values=[value for _, value in own],
        status_code=status,
    )


def _times(request: models.GetMetricDataInput, queries: Queries) -> tuple[int, int]:
    check_moment(request.start_time, "StartTime")
    check_moment(request.end_time, "EndTime")
    if request.start_time >= request.end_time:
        raise validation_error("The parameter StartTime must be less than the parameter EndTime.")
    start, end = int(request.start_time // 1), int(-(-request.end_time // 1))
    shortest = min(query.what.period for query in queries.all if isinstance(query.what, MetricQuery))
    if (end - start) // shortest * len(queries.all) > MOST_ASKED:
        raise validation_error(f"The question is about more than {MOST_ASKED} data points.")
    return start, end
