"""The operations on import jobs. SES v1 has none.

The texts of a missing contact list and of a job that does not exist were
observed; that of the limit is not published.

Refs: API reference v2; Amazon SES quotas.
"""

from __future__ import annotations

from hatobin.capabilities import account, contacts
from hatobin.capabilities.jobs import store
from hatobin.capabilities.jobs.model import MAX_OPEN_JOBS, ImportJob, ImportOrder, JobKey
from hatobin.capabilities.jobs.report_links import ReportLinks
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.gateway.paging import Cursor, Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

BAD = "BadRequestException"

PAGING = Paging(
    kind="import-job",
    default_size=100,
    max_size=1000,
    cursor=(float, str),
    token_error=lambda token: CallerError(BAD, "Invalid NextToken"),
    size_error=lambda size: CallerError(BAD, "The page size must be between 1 and 1000"),
)


def _order(request: model.CreateImportJobRequest) -> ImportOrder:
    source, wanted = request.import_data_source, request.import_destination
    addresses, people = wanted.suppression_list_destination, wanted.contact_list_destination
    if (addresses is None) == (people is None):
        raise CallerError(
            BAD, "ImportDestination must have exactly one of SuppressionListDestination and ContactListDestination."
        )
    if people is not None:
        name, action = people.contact_list_name, people.contact_list_import_action
        return ImportOrder("CONTACT_LIST", name, action, source.s3_url, source.data_format)
    assert addresses is not None, "one of both is there"
    return ImportOrder(
        "SUPPRESSION_LIST", "", addresses.suppression_list_import_action, source.s3_url, source.data_format
    )


@operation("sesv2", "CreateImportJob")
async def create_import_job(call: Call, request: model.CreateImportJobRequest) -> model.CreateImportJobResponse:
    """Store a job; it begins within a second. What is wrong with the object is told by the job."""
    order = _order(request)
    key = JobKey(call.account_id, call.region, call.ports.entropy.uuid())
    now = call.ports.clock.now()

    def create(session: Session) -> None:
        if order.target == "CONTACT_LIST":
            # Observed, though the model lists no NotFoundException here, and in other words than elsewhere.
            if contacts.find_list(session, call.account_id, call.region, order.list_name) is None:
                raise CallerError("NotFoundException", f"ContactList <{order.list_name}> doesn't exist", status=404)
        elif account.sandboxed(session, call.account_id, call.region, call.settings):
            # Developer guide, "sending-email-suppression-list": bulk needs production access.
            raise CallerError(BAD, "Your account is still in the sandbox.")
        if store.number_open(session, call.account_id, call.region) >= MAX_OPEN_JOBS:
            raise CallerError(
                "LimitExceededException", f"The maximum number of concurrent import jobs ({MAX_OPEN_JOBS}) is reached."
            )
        store.insert(session, key, order, now)

    await call.ports.database.write(create)
    return model.CreateImportJobResponse(job_id=key.job_id)


@operation("sesv2", "GetImportJob")
async def get_import_job(call: Call, request: model.GetImportJobRequest) -> model.GetImportJobResponse:
    """Show a job, how far it has come, and why it or some of its records failed."""
    key = JobKey(call.account_id, call.region, request.job_id)
    found = await call.ports.database.read(lambda session: store.find(session, key))
    if found is None:
        raise CallerError("NotFoundException", f"Import job {request.job_id} does not exist.", status=404)
    return model.GetImportJobResponse(
        job_id=found.key.job_id,
        import_destination=_destination(found.order),
        import_data_source=model.ImportDataSource(s3_url=found.order.s3_url, data_format=found.order.data_format),
        failure_info=await _failure(call, found),
        job_status=found.status,
        created_timestamp=found.created_at,
        completed_timestamp=found.completed_at,
        processed_records_count=found.processed,
        failed_records_count=found.failed,
    )


@operation("sesv2", "ListImportJobs")
async def list_import_jobs(call: Call, request: model.ListImportJobsRequest) -> model.ListImportJobsResponse:
    """List the jobs, the newest first, of one kind of destination or of both."""
    target = request.import_destination_type
    page = PAGING.start(call, request.page_size, request.next_token, target or "")
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page, target=target))
    shown, token = PAGING.finish(call, page, rows, _place, target or "")
    return model.ListImportJobsResponse(
        import_jobs=[
            model.ImportJobSummary(
                job_id=job.key.job_id,
                import_destination=_destination(job.order),
                job_status=job.status,
                created_timestamp=job.created_at,
                processed_records_count=job.processed,
                failed_records_count=job.failed,
            )
            for job in shown
        ],
        next_token=token,
    )


def _place(job: ImportJob) -> Cursor:
    return (job.created_at, job.key.job_id)


def _destination(order: ImportOrder) -> model.ImportDestination:
    if order.target == "CONTACT_LIST":
        people = model.ContactListDestination(
            contact_list_name=order.list_name,
            contact_list_import_action=order.action,
        )
        return model.ImportDestination(contact_list_destination=people)
    return model.ImportDestination(
        suppression_list_destination=model.SuppressionListDestination(suppression_list_import_action=order.action)
    )


async def _failure(call: Call, job: ImportJob) -> model.FailureInfo | None:
    if job.report is None and job.error is None:
        return None
    url = None
    if job.report is not None:
        url = await call.services.get(ReportLinks).make(call, job.order.source[0], job.report)
    return model.FailureInfo(failed_records_s3_url=url, error_message=job.error)
