"""PutMetricData, ListMetrics and GetMetricStatistics.

Refs: API reference of each; user guide, "Publish custom metrics".
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.cloudwatch import points, recording, series
from hatobin.companions.cloudwatch.errors import (
    check_moment,
    invalid_combination,
    invalid_token,
    invalid_value,
    missing,
    start_after_end,
)
from hatobin.companions.cloudwatch.measurements import check_dimensions, read_measurements
from hatobin.companions.cloudwatch.model import DAY_S, HOUR_S, LISTED_S, MINUTE_S, MetricKey, dimensions_text
from hatobin.companions.cloudwatch.points import Bucket
from hatobin.companions.cloudwatch.statistics import Statistic, read_statistic
from hatobin.gateway import Call, operation
from hatobin.gateway.models import cloudwatch as models
from hatobin.gateway.paging import PageRequest, Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MAX_DATAPOINTS = 1440
"""Of one answer of GetMetricStatistics."""
RECENT_S = 3 * HOUR_S
"""What RecentlyActive=PT3H asks for."""

# Questions about what is older are answered to the 5 minutes, and to the hour (API reference, StartTime).
_FINE_S, _MEDIUM_S = 15 * DAY_S, 63 * DAY_S

_LISTING = Paging(
    kind="metrics",
    default_size=500,
    max_size=500,
    cursor=(str, str, str),
    token_error=invalid_token,
    size_error=None,
    fallback_size=500,
)


@operation("cloudwatch", "PutMetricData")
async def put_metric_data(call: Call, request: models.PutMetricDataInput) -> None:
    """Keep measurements of one's own; to the minute, whatever their resolution."""
    amounts = read_measurements(request, account_id=call.account_id, region=call.region, now=call.ports.clock.now())
    await call.ports.database.write(
        lambda session: recording.record_values(session, amounts), turn=f"metrics {call.account_id} {call.region}"
    )


@operation("cloudwatch", "ListMetrics")
async def list_metrics(call: Call, request: models.ListMetricsInput) -> models.ListMetricsOutput:
    """List the metrics that were measured in the last two weeks, 500 at a time."""
    if request.owning_account not in (None, call.account_id):
        raise invalid_value("There are no linked accounts; OwningAccount must be the account that calls.")
    filters = [(one.name, one.value) for one in request.dimensions or ()]
    scope = f"{request.namespace} {request.metric_name} {filters} {request.recently_active}"
    page = _LISTING.start(call, None, request.next_token, scope)
    active_s = LISTED_S if request.recently_active is None else RECENT_S

    def matching(session: Session) -> list[MetricKey]:
        found: list[MetricKey] = []
        step = page
        while True:
            batch = series.page(
                session,
                call.account_id,
                call.region,
                step,
                now=call.ports.clock.now(),
                active_s=active_s,
                namespace=request.namespace,
                name=request.metric_name,
            )
            found += [key for key in batch if _has(key, filters)]
            if len(batch) < step.fetch or len(found) >= page.fetch:
                return found[: page.fetch]
            step = PageRequest(page.size, _place(batch[-1]))

    keys, token = _LISTING.finish(call, page, await call.ports.database.read(matching), _place, scope)
    return models.ListMetricsOutput(metrics=[shown_metric(key) for key in keys], next_token=token)


@operation("cloudwatch", "GetMetricStatistics")
async def get_metric_statistics(
    call: Call, request: models.GetMetricStatisticsInput
) -> models.GetMetricStatisticsOutput:
    """Give statistics of one metric, by its whole set of dimensions, in periods from the start on."""
    statistics = _statistics(request)
    start, end = _times(request, call.ports.clock.now())
    if request.namespace.startswith(":"):
        raise invalid_value(f"The value {request.namespace} for parameter Namespace is invalid.")
    key = MetricKey(request.namespace, request.metric_name, check_dimensions(request.dimensions, "Dimensions"))
    found = await call.ports.database.read(
        lambda session: buckets(
            session,
            call,
            key,
            request.unit,
            start=start,
            end=end,
            period=request.period,
            distributed=any(one.percent is not None for one in statistics),
        )
    )
    return models.GetMetricStatisticsOutput(
        label=request.metric_name,
        datapoints=[_shown(bucket, start + bucket.number * request.period, statistics) for bucket in found],
    )


def buckets(
    session: Session,
    scope: Call,
    key: MetricKey,
    unit: str | None,
    *,
    start: int,
    end: int,
    period: int,
    distributed: bool,
) -> list[Bucket]:
    """Read what was measured of a metric, in one unit or in all that it has."""
    units = series.units_of(session, scope.account_id, scope.region, key)
    wanted = {number: name for number, name in units.items() if unit in (None, name)}
    return points.read_buckets(
        session, scope.account_id, scope.region, wanted, start=start, end=end, period=period, distributed=distributed
    )


def shown_metric(key: MetricKey) -> models.Metric:
    """Give a metric as answers have it."""
    dimensions = [models.Dimension(name=name, value=value) for name, value in key.dimensions]
    return models.Metric(namespace=key.namespace, metric_name=key.name, dimensions=dimensions)


def _place(key: MetricKey) -> tuple[str, str, str]:
    return key.namespace, key.name, dimensions_text(key.dimensions)


def _has(key: MetricKey, filters: Sequence[tuple[str, str | None]]) -> bool:
    """Say whether a metric has all these dimensions; a filter without value takes any."""
    values = dict(key.dimensions)
    return all(name in values and value in (None, values[name]) for name, value in filters)


def _statistics(request: models.GetMetricStatisticsInput) -> list[Statistic]:
    names = [*(request.statistics or ()), *(request.extended_statistics or ())]
    if not names:
        raise missing("Must specify either Statistics or ExtendedStatistics")
    found = [read_statistic(name) for name in names]
    for name, one in zip(names, found, strict=True):
        if one is None:
            raise unknown_statistic(name)
    return [one for one in found if one is not None]


def unknown_statistic(name: str) -> CallerError:
    """Say that a statistic is none, or not kept."""
    return invalid_value(f"The value {name} for parameter ExtendedStatistics is not supported.")


def _times(request: models.GetMetricStatisticsInput, now: float) -> tuple[int, int]:
    """Give start and end in whole seconds, the start rounded down by its age. Raises `CallerError`."""
    if request.period % MINUTE_S and request.period not in (1, 5, 10, 20, 30):
        raise invalid_value("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    check_moment(request.start_time, "StartTime")
    check_moment(request.end_time, "EndTime")
    step = MINUTE_S
    if request.start_time < now - _MEDIUM_S:
        step = HOUR_S
    elif request.start_time < now - _FINE_S:
        step = 5 * MINUTE_S
    start, end = int(request.start_time // step * step), int(-(-request.end_time // 1))
    if request.start_time >= request.end_time:
        raise start_after_end()
    asked = (end - start) // request.period
    if asked > MAX_DATAPOINTS:
        raise invalid_combination(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of {MAX_DATAPOINTS:,}. You may"
            " reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    return start, end


def _shown(bucket: Bucket, at: int, statistics: Sequence[Statistic]) -> models.Datapoint:
    plain = {one.name: one.of(bucket.amount) for one in statistics if one.percent is None}
    extended = {one.name: one.of(bucket.amount) for one in statistics if one.percent is not None}
    known = {name: value for name, value in extended.items() if value is not None}
    return models.Datapoint(
        timestamp=at,
        sample_count=plain.get("SampleCount"),
        average=plain.get("Average"),
        sum=plain.get("Sum"),
        minimum=plain.get("Minimum"),
        maximum=plain.get("Maximum"),
        unit=bucket.unit,  # type: ignore[arg-type]  # One of the model's: it was checked when it came in.
        extended_statistics=known or None,
    )
