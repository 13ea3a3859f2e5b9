"""BatchGetMetricData: the days of the Virtual Deliverability Manager.

Refs: API reference v2. The order of the checks and their texts, that a day is
a UTC day, that days without a count are left out and that the end belongs to
no day were observed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hatobin.capabilities import metrics
from hatobin.capabilities.insights.api_v2_messages import check_manager
from hatobin.capabilities.metrics import DAY_S
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

BAD = "BadRequestException"
MAX_DAYS = 60
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_IDENTITY = re.compile(r"[^\s*@]+(@[^\s*@]+)?")


@operation("sesv2", "BatchGetMetricData")
async def batch_get_metric_data(
    call: Call, request: model.BatchGetMetricDataRequest
) -> model.BatchGetMetricDataResponse:
    """Give a series for each query; a wrong one fails the whole call, as observed."""

    def look(session: Session) -> list[model.MetricDataResult]:
        check_manager(session, call)
        _check(request.queries)
        return [_result(session, call, query) for query in request.queries]

    return model.BatchGetMetricDataResponse(results=await call.ports.database.read(look), errors=[])


def _check(queries: list[model.BatchGetMetricDataQuery]) -> None:
    if len({query.id for query in queries}) < len(queries):
        raise CallerError(BAD, "All queries must have a unique identifier.")
    for query in queries:
        _check_dimensions({str(name): value for name, value in (query.dimensions or {}).items()})
    for query in queries:
        if query.start_date >= query.end_date:
            raise CallerError(BAD, "Expected start date to be before the end date.")
        if query.end_date - query.start_date > MAX_DAYS * DAY_S:
            raise CallerError(
                BAD, "Invalid interval, can request at most 60 days. Please partition your requested interval."
            )


def _check_dimensions(given: Mapping[str, str]) -> None:
    if "EMAIL_IDENTITY" in given and not _IDENTITY.fullmatch(given["EMAIL_IDENTITY"]):
        raise CallerError(BAD, "Invalid email identity provided.")
    if "ISP" in given and not _NAME.fullmatch(given["ISP"]):
        raise CallerError(BAD, "Invalid ISP name provided.")
    for name, noun, missing in (
        ("CONFIGURATION_SET", "configuration set name", "The configuration set name must be specified."),
        ("TENANT_NAME", "tenant name", "TenantName cannot be empty"),
    ):
        value = given.get(name)
        if value == "":
            raise CallerError(BAD, missing)
        if value is not None and not _NAME.fullmatch(value):
            raise CallerError(
                BAD, f"Invalid {noun} <{value}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
            )


def _result(session: Session, call: Call, query: model.BatchGetMetricDataQuery) -> model.MetricDataResult:
    found = metrics.series(
        session,
        call.account_id,
        call.region,
        query.metric,
        {str(name): value for name, value in (query.dimensions or {}).items()},
        (int(query.start_date // DAY_S), int(-(-query.end_date // DAY_S))),
    )
    return model.MetricDataResult(
        id=query.id, timestamps=[float(day * DAY_S) for day, _ in found], values=[count for _, count in found]
    )
