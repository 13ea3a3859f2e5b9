"""The operations on export jobs, for accounts that have none: nothing that is exported is kept yet.

A request is checked as SES does it, in the order and the words that were
observed, up to the point where an export would begin.

Refs: API reference v2.
"""

from __future__ import annotations

from hatobin.capabilities import account
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Paging
from hatobin.words.errors import CallerError

BAD = "BadRequestException"

PAGING = Paging(
    kind="export-job",
    default_size=100,
    max_size=1000,
    cursor=(),
    token_error=lambda token: CallerError(BAD, "Invalid NextToken"),
    size_error=lambda size: CallerError(BAD, "The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)


@operation("sesv2", "CreateExportJob")
async def create_export_job(call: Call, request: model.CreateExportJobRequest) -> model.CreateExportJobResponse:
    """Refuse: metrics and message insights are what is exported, and neither is kept."""
    source = request.export_data_source
    if (source.metrics_data_source is None) == (source.message_insights_data_source is None):
        raise CallerError(BAD, "One data source must be provided")
    if request.export_destination.s3_url is not None:
        raise CallerError(BAD, "Providing a custom S3 URL is not supported")
    if not await call.ports.database.read(lambda s: account.vdm_enabled(s, call.account_id, call.region)):
        raise CallerError(BAD, "To use this feature you must enable Virtual Deliverability Manager")
    kind = "Metrics are" if source.metrics_data_source is not None else "Insights into messages are"
    raise CallerError(BAD, f"{kind} not kept by this server yet, so there is nothing to export.")


@operation("sesv2", "GetExportJob")
async def get_export_job(call: Call, request: model.GetExportJobRequest) -> model.GetExportJobResponse:
    """Say that there is no such job."""
    raise CallerError(BAD, "Invalid JobId")


@operation("sesv2", "CancelExportJob")
async def cancel_export_job(call: Call, request: model.CancelExportJobRequest) -> model.CancelExportJobResponse:
    """Say that there is no such job."""
    raise CallerError(BAD, "Invalid JobId")


@operation("sesv2", "ListExportJobs")
async def list_export_jobs(call: Call, request: model.ListExportJobsRequest) -> model.ListExportJobsResponse:
    """Give the empty list, if the request can be one for it."""
    page = PAGING.start(call, request.page_size, request.next_token)
    assert page.after is None, "no token was ever given"
    return model.ListExportJobsResponse(export_jobs=[])
