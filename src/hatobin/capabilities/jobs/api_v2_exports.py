"""The operations on export jobs. SES v1 has none.

The order of the checks and their texts were observed, as was that a job is
PROCESSING as soon as it is stored.

Refs: API reference v2.
"""

from __future__ import annotations

import msgspec

from hatobin.capabilities import account
from hatobin.capabilities.jobs import export_store as store
from hatobin.capabilities.jobs.export_links import ExportLinks
from hatobin.capabilities.jobs.export_model import MAX_OPEN_EXPORTS, ExportJob, SourceType
from hatobin.capabilities.jobs.model import JobKey
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Cursor, Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

BAD = "BadRequestException"
DAY_S = 86_400

PAGING = Paging(
    kind="export-job",
    default_size=100,
    max_size=1000,
    cursor=(float, str),
    token_error=lambda token: CallerError(BAD, "Invalid NextToken"),
    size_error=lambda size: CallerError(BAD, "The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)
_decoder = msgspec.json.Decoder(model.ExportDataSource)


@operation("sesv2", "CreateExportJob")
async def create_export_job(call: Call, request: model.CreateExportJobRequest) -> model.CreateExportJobResponse:
    """Store a job; it begins within a second."""
    source = request.export_data_source
    if (source.metrics_data_source is None) == (source.message_insights_data_source is None):
        raise CallerError(BAD, "One data source must be provided")
    if request.export_destination.s3_url is not None:
        raise CallerError(BAD, "Providing a custom S3 URL is not supported")
    source_type: SourceType = "METRICS_DATA" if source.metrics_data_source is not None else "MESSAGE_INSIGHTS"
    job = ExportJob(
        JobKey(call.account_id, call.region, call.ports.entropy.uuid()),
        source_type,
        request.export_destination.data_format,
        msgspec.json.encode(source).decode(),
        "PROCESSING",
        call.ports.clock.now(),
    )

    def create(session: Session) -> None:
        if not account.vdm_enabled(session, call.account_id, call.region):
            raise CallerError(BAD, "To use this feature you must enable Virtual Deliverability Manager")
        _check_dates(source)
        if store.open_exports(session, call.account_id, call.region, source_type) >= MAX_OPEN_EXPORTS:
            raise CallerError(
                "LimitExceededException",
                f"There are too many <{source_type}> export jobs running - either cancel one of the jobs or wait for"
                " it to complete before resubmitting.",
            )
        store.insert_export(session, job)

    await call.ports.database.write(create)
    return model.CreateExportJobResponse(job_id=job.key.job_id)


def _check_dates(source: model.ExportDataSource) -> None:
    wanted = source.metrics_data_source or source.message_insights_data_source
    assert wanted is not None, "one of both is there"
    if wanted.start_date >= wanted.end_date:
        raise CallerError(BAD, "Invalid date range")
    if source.metrics_data_source is not None and (wanted.start_date % DAY_S or wanted.end_date % DAY_S):
        raise CallerError(
            BAD,
            "To get daily aggregated data you must not specify partial-day timestamps. Please make your interval go"
            " from midnight to midnight UTC.",
        )


@operation("sesv2", "GetExportJob")
async def get_export_job(call: Call, request: model.GetExportJobRequest) -> model.GetExportJobResponse:
    """Show a job, how far it has come, and a link to its file where it has one."""
    found = await call.ports.database.read(lambda session: _find(session, call, request.job_id))
    url = call.services.get(ExportLinks).url(found.key, call.ports.clock.now()) if found.has_file else None
    return model.GetExportJobResponse(
        job_id=found.key.job_id,
        export_source_type=found.source_type,
        job_status=found.status,
        export_destination=model.ExportDestination(data_format=found.data_format, s3_url=url),
        export_data_source=_decoder.decode(found.source),
        created_timestamp=found.created_at,
        completed_timestamp=found.completed_at,
        failure_info=None if found.error is None else model.FailureInfo(error_message=found.error),
        statistics=model.ExportStatistics(
            processed_records_count=found.processed, exported_records_count=found.exported
        ),
    )


@operation("sesv2", "CancelExportJob")
async def cancel_export_job(call: Call, request: model.CancelExportJobRequest) -> model.CancelExportJobResponse:
    """End a job that has not ended; nothing of it is kept."""
    now = call.ports.clock.now()

    def cancel(session: Session) -> None:
        found = _find(session, call, request.job_id)
        if not store.cancel_export(session, found.key, now):
            raise CallerError(BAD, f"Cannot cancel an export job that has a <{found.status}> status.")

    await call.ports.database.write(cancel)
    return model.CancelExportJobResponse()


@operation("sesv2", "ListExportJobs")
async def list_export_jobs(call: Call, request: model.ListExportJobsRequest) -> model.ListExportJobsResponse:
    """List the jobs, the newest first, of one source or status or of all."""
    scope = f"{request.export_source_type or ''} {request.job_status or ''}"
    page = PAGING.start(call, request.page_size, request.next_token, scope)
    rows = await call.ports.database.read(
        lambda session: store.page_exports(
            session,
            call.account_id,
            call.region,
            page,
            source_type=request.export_source_type,
            status=request.job_status,
        )
    )
    shown, token = PAGING.finish(call, page, rows, _place, scope)
    return model.ListExportJobsResponse(
        export_jobs=[
            model.ExportJobSummary(
                job_id=job.key.job_id,
                export_source_type=job.source_type,
                job_status=job.status,
                created_timestamp=job.created_at,
                completed_timestamp=job.completed_at,
            )
            for job in shown
        ],
        next_token=token,
    )


def _find(session: Session, call: Call, job_id: str) -> ExportJob:
    found = store.find_export(session, JobKey(call.account_id, call.region, job_id))
    if found is None:
        raise CallerError(BAD, "Invalid JobId")
    return found


def _place(job: ExportJob) -> Cursor:
    return (job.created_at, job.key.job_id)
