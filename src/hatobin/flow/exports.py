"""Export jobs at work: metrics or insights into messages become a file, a portion at a time.

A job is held by one worker under a lease, which is renewed with each portion,
where also a cancelled job is noticed. The file goes to the blob store in
pieces and stands there only when it is whole; then the job ends. Nothing is
changed by an export, so whoever takes a job whose worker died begins anew.
Between portions there is a rest, so that mail does not wait.

Refs: API reference v2, "CreateExportJob".
"""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from hatobin.capabilities import insights, jobs, queue
from hatobin.capabilities.insights import MessageExport, MetricExport
from hatobin.capabilities.jobs import ExportJob, Hold, JobLost
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobsUnavailable, BlobWriter
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.rounds import work_in_rounds

POLL_S = 1.0
LEASE_S = 60.0
REST_SHARE = 0.5
"""After a portion the export rests for this part of the time that it took."""
RETRY_S = 30.0
GIVE_UP_S = 86_400.0
"""How long a job is tried again whose file cannot be written now, or that meets our own bug."""

log = structlog.get_logger()
_decoder = msgspec.json.Decoder(model.ExportDataSource)


class Exports:
    """Works on export jobs; one per worker."""

    def __init__(self, ports: Ports, lease: queue.Lease) -> None:
        self._ports = ports
        self._lease = lease

    async def run(self) -> None:
        """Work for ever; cancelled at stop, which leaves the job to be begun anew."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            POLL_S,
            log=log,
            waits="exports_wait_for_the_store",
            fails="exports_failed",
            goes_on=True,
        )

    async def once(self) -> bool:
        """Work on the job that has waited longest to its end; say whether there was one."""
        now, (worker, epoch) = self._ports.clock.now(), (self._lease.worker, self._lease.epoch)
        database = self._ports.database
        if not await database.read(lambda session: jobs.has_due_export(session, worker, now)):
            return False
        hold = Hold(worker, epoch, now + LEASE_S)
        job = await database.write(lambda session: jobs.claim_export(session, hold, now))
        if job is None:
            return False
        await _Run(self._ports, job, hold).work()
        return True


class _Run:
    """Work on one job."""

    def __init__(self, ports: Ports, job: ExportJob, hold: Hold) -> None:
        self._ports = ports
        self._job = job
        self._hold = hold
        self._processed = self._exported = 0

    async def work(self) -> None:
        """Write the file and end the job. Raises `DatabaseUnavailable`."""
        try:
            await self._make()
        except JobLost:
            log.info("export_job_lost", job_id=self._job.key.job_id)
        except BlobsUnavailable as error:
            await self._postpone(str(error))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("export_job_broke", job_id=self._job.key.job_id)
            await self._postpone("An internal error occurred.")

    async def _make(self) -> None:
        writer = self._ports.blobs.writer(self._job.blob_key)
        try:
            await self._write(writer)
            await writer.commit()
        finally:
            await writer.abort()  # After the commit this does nothing.
        await self._complete(None)

    async def _write(self, writer: BlobWriter) -> None:
        export, clock = _export(self._job), self._ports.clock
        await writer.write(export.head)
        cursor: Any | None = None
        while True:
            begun = clock.monotonic()
            portion = await self._ports.database.read(
                lambda session, after=cursor: export.portion(session, after, self._exported)  # type: ignore[misc]
            )
            self._processed += portion.processed
            self._exported += portion.exported
            if portion.octets:
                await writer.write(portion.octets)
            if (cursor := portion.cursor) is None:
                break
            await self._note()
            await clock.sleep((clock.monotonic() - begun) * REST_SHARE)
        if export.tail:
            await writer.write(export.tail)

    async def _note(self) -> None:
        """Say how far the export is, and hold on to the job. Raises `JobLost`."""
        key, counts = self._job.key, (self._processed, self._exported)
        hold = self._hold = Hold(self._hold.worker, self._hold.epoch, self._ports.clock.now() + LEASE_S)
        if not await self._ports.database.write(lambda session: jobs.note_progress(session, key, hold, *counts)):
            raise JobLost(key.job_id)

    async def _complete(self, error: str | None) -> None:
        job, hold, now, counts = self._job, self._hold, self._ports.clock.now(), (self._processed, self._exported)
        is_ours = await self._ports.database.write(
            lambda session: jobs.complete_export(session, job, hold, counts=counts, error=error, now=now)
        )
        if not is_ours:
            raise JobLost(job.key.job_id)
        log.info("export_job_ended", job_id=job.key.job_id, exported=self._exported, error=error)

    async def _postpone(self, reason: str) -> None:
        """Give the job back for a while; end it where it has been tried for long enough."""
        job, hold, now = self._job, self._hold, self._ports.clock.now()
        if now - job.created_at < GIVE_UP_S:
            log.warning("export_job_waits", job_id=job.key.job_id, error=reason)
            await self._ports.database.write(lambda session: jobs.release_export(session, job.key, hold, now + RETRY_S))
            return
        try:
            await self._complete(reason)
        except JobLost:
            log.info("export_job_lost", job_id=job.key.job_id)


def _export(job: ExportJob) -> MessageExport | MetricExport:
    source = _decoder.decode(job.source)
    place = (job.key.account_id, job.key.region)
    if source.metrics_data_source is not None:
        return insights.MetricExport(*place, source.metrics_data_source, job.data_format)
    assert source.message_insights_data_source is not None, "one of both is there"
    return insights.MessageExport(*place, source.message_insights_data_source, job.data_format)
