"""Import jobs at work: an object's records become entries of a list, a batch at a time.

A job is held by one worker under a lease. What a batch of records does, how
far the job has come and the renewal of the lease are one transaction, so a
process may end anywhere: who takes the job next reads on at the octet where
it stands. After a slice of time a job goes back, so that a long one keeps no
other waiting, and between batches there is a rest, so that mail does not wait.

Before anything is imported the object is read once and its lines are counted:
one that is too long changes nothing. What failed is kept in rows and becomes
an object beside the source at the end.

Refs: API reference v2, "CreateImportJob"; AWS developer guide, "sending-email-suppression-list".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

import structlog

from hatobin.capabilities import jobs, queue
from hatobin.capabilities.jobs import Batch, Hold, ImportJob, JobFailed, JobLost, RawRecord, Splitter, Step
from hatobin.companions import s3
from hatobin.gateway import Services
from hatobin.ports import Ports
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.objects import (
    BucketMissing,
    ObjectMissing,
    Objects,
    ObjectsRefused,
    ObjectsUnavailable,
    OpenObject,
)
from hatobin.ports.rounds import work_in_rounds
from hatobin.words.settings import Settings

POLL_S = 1.0
LEASE_S = 60.0
RENEW_S = 15.0
SLICE_S = 10.0
"""How long a job is worked on before others have their turn."""
BATCH_RECORDS = 500
BATCH_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024
REST_SHARE = 0.5
"""After a batch the import rests for this part of the time that its transaction took."""
RETRY_S = 30.0
GIVE_UP_S = 86_400.0
"""How long a job is tried again whose object cannot be read now, or that meets our own bug."""
REPORT_PARTS = 16
FORGOTTEN_AT_ONCE = 200

log = structlog.get_logger()


class Imports:
    """Works on import jobs; one per worker."""

    def __init__(self, ports: Ports, settings: Settings, services: Services, lease: queue.Lease) -> None:
        self._ports = ports
        self._max_lines = settings.account.max_import_lines
        self._services = services
        self._lease = lease

    async def run(self) -> None:
        """Work for ever; cancelled at stop, which leaves the job as it was after its last batch."""
        await work_in_rounds(
            self._ports.clock,
            self.once,
            POLL_S,
            log=log,
            waits="imports_wait_for_the_store",
            fails="imports_failed",
            goes_on=True,
        )

    async def once(self) -> bool:
        """Work on the job that has waited longest, for a slice of time; say whether there was one."""
        now, (worker, epoch) = self._ports.clock.now(), (self._lease.worker, self._lease.epoch)
        database = self._ports.database
        if not await database.read(lambda session: jobs.has_due(session, worker, now)):
            return False
        hold = Hold(worker, epoch, now + LEASE_S)
        job = await database.write(lambda session: jobs.claim(session, hold, now))
        if job is None:
            return False
        objects = self._services.get(s3.Buckets).objects
        await _Run(self._ports, objects, self._max_lines, job, hold).work()
        return True


class _Run:
    """One slice of work on one job; `_job` is as it was last recorded."""

    def __init__(self, ports: Ports, objects: Objects, max_lines: int, job: ImportJob, hold: Hold) -> None:
        self._ports = ports
        self._objects = objects
        self._max_lines = max_lines
        self._job = job
        self._hold = hold
        self._renewed_at = ports.clock.monotonic()
        self._ends_at = self._renewed_at + SLICE_S

    async def work(self) -> None:
        """Import until the end, or of the slice. Raises `DatabaseUnavailable`."""
        try:
            try:
                is_done = await self._import()
            except JobFailed as failed:
                await self._end("FAILED", str(failed))
            else:
                if is_done:
                    await self._end("COMPLETED", None)
                else:
                    await self._release(0.0)
        except JobLost:
            log.info("import_job_lost", job_id=self._job.key.job_id)
        except ObjectsUnavailable as error:
            await self._postpone(str(error))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("import_job_broke", job_id=self._job.key.job_id)
            await self._postpone("An internal error occurred.")

    # ── reading ──────────────────────────────────────────────────────────────

    async def _import(self) -> bool:
        """Import what is left; False when the slice is over before. Raises `JobFailed`."""
        bucket, key = self._job.order.source
        try:
            facts = await self._objects.bucket(bucket)
            if facts.account_id not in (None, self._job.key.account_id):
                raise JobFailed(f"Access to the bucket <{bucket}> is denied.")
            if not self._job.etag:
                await self._inspect(await self._objects.open(bucket, key))
            # From one octet before, which is there even when all has been read: no store gives a range of nothing.
            back = min(1, self._job.position)
            opened = await self._objects.open(bucket, key, start=self._job.position - back)
        except BucketMissing:
            raise JobFailed(f"The bucket <{bucket}> does not exist.") from None
        except ObjectMissing:
            raise JobFailed(f"The object <{key}> does not exist in the bucket <{bucket}>.") from None
        except ObjectsRefused as refused:
            raise JobFailed(f"The object could not be read: {refused}") from None
        async with aclosing(opened.pieces) as pieces:
            if (opened.facts.etag or "-") != self._job.etag:
                raise JobFailed("The object was replaced while it was imported.")
            return await self._take(pieces, back)

    async def _inspect(self, opened: OpenObject) -> None:
        """Look at the whole object before anything is imported, and record which one it is. Raises `JobFailed`."""
        order = self._job.order
        has_header = order.target == "CONTACT_LIST" and order.data_format == "CSV"
        lines, ends_with_line = -1 if has_header else 0, True
        if opened.facts.size > jobs.MAX_SOURCE_BYTES:
            await opened.pieces.aclose()
            raise JobFailed(f"The object has more than {jobs.MAX_SOURCE_BYTES} octets.")
        async with aclosing(opened.pieces) as pieces:
            async for piece in pieces:
                lines += piece.count(b"\n")
                ends_with_line = piece.endswith(b"\n")
                if b"\0" in piece:
                    raise JobFailed("The object is no text.")
                if lines + (not ends_with_line) > self._max_lines:
                    raise JobFailed(f"The object has more than {self._max_lines} lines.")
                if self._ports.clock.monotonic() - self._renewed_at > RENEW_S:
                    await self._record(_nothing(self._job), "")
        await self._record(_nothing(self._job), opened.facts.etag or "-")

    async def _take(self, pieces: AsyncGenerator[bytes, None], back: int) -> bool:
        order = self._job.order
        splitter = Splitter(self._job.position, quoting=order.data_format == "CSV")
        waiting: list[RawRecord] = []
        async for data in _small(pieces, back):
            waiting += await self._ports.threads.run_long(partial(splitter.feed, data))
            while (size := _batch_size(waiting)) is not None:
                batch, waiting = waiting[:size], waiting[size:]
                await self._step(batch)
                if self._ports.clock.monotonic() >= self._ends_at:
                    return False
        waiting += splitter.finish()
        while waiting:
            size = _batch_size(waiting) or len(waiting)
            batch, waiting = waiting[:size], waiting[size:]
            await self._step(batch)
        if order.target == "CONTACT_LIST" and order.data_format == "CSV" and not self._job.columns:
            raise JobFailed("The first line must name the columns, and emailAddress among them.")
        return True

    async def _step(self, raw: list[RawRecord]) -> None:
        """Read a batch of records, do what it asks for, and rest."""
        clock, job = self._ports.clock, self._job
        now = clock.now()
        batch = await self._ports.threads.run_long(
            lambda: jobs.read_batch(job.order, raw, start=job.position, columns=job.columns, now=now)
        )
        begun = clock.monotonic()
        await self._record(batch, job.etag)
        await clock.sleep((clock.monotonic() - begun) * REST_SHARE)

    async def _record(self, batch: Batch, etag: str) -> None:
        now = self._ports.clock.now()
        if now > self._hold.until - LEASE_S / 2:
            # Not with every batch: a row whose indexed columns stay as they are is cheap to write (PostgreSQL's HOT).
            self._hold = Hold(self._hold.worker, self._hold.epoch, now + LEASE_S)
        step = Step(self._job, batch, etag, self._hold)
        key = self._job.key
        self._job = await self._ports.database.write(
            lambda session: jobs.take_step(session, step, now=now), turn=f"import {key.account_id} {key.region}"
        )
        self._renewed_at = self._ports.clock.monotonic()

    # ── ending ───────────────────────────────────────────────────────────────

    async def _end(self, status: str, error: str | None) -> None:
        report = None
        if self._job.failed:
            bucket, _ = self._job.order.source
            try:
                await self._put_report(bucket)
                report = self._job.report_key
            except (BucketMissing, ObjectsRefused) as refused:
                error = error or f"The failed records could not be written to the bucket <{bucket}>: {refused}"
        await self._complete(status, error, report)

    async def _put_report(self, bucket: str) -> None:
        kind = "text/csv" if self._job.order.data_format == "CSV" else "application/x-ndjson"
        async with aclosing(self._report()) as pieces:
            await self._objects.put(bucket, self._job.report_key, pieces, headers={"content-type": kind})

    async def _report(self) -> AsyncGenerator[bytes, None]:
        if self._job.columns:
            yield jobs.header_line(self._job.columns)
        key, after = self._job.key, (-1, -1)
        while True:
            found = await self._ports.database.read(
                partial(jobs.failures, key=key, after=after, limit=REPORT_PARTS),
            )
            for after, content in found:  # noqa: B007 - the last place is where the next ones begin
                yield content
            if len(found) < REPORT_PARTS:
                return
            if self._ports.clock.monotonic() - self._renewed_at > RENEW_S:
                await self._record(_nothing(self._job), self._job.etag)

    async def _complete(self, status: str, error: str | None, report: str | None) -> None:
        job, hold, now = self._job, self._hold, self._ports.clock.now()
        database = self._ports.database
        is_ours = await database.write(
            lambda session: jobs.complete(session, job, hold, status=status, error=error, report=report, now=now)
        )
        if not is_ours:
            raise JobLost(job.key.job_id)
        log.info(
            "import_job_ended",
            job_id=job.key.job_id,
            status=status,
            processed=job.processed,
            failed=job.failed,
            error=error,
        )
        while (
            await database.write(lambda session: jobs.forget_failures(session, job.key, FORGOTTEN_AT_ONCE))
            == FORGOTTEN_AT_ONCE
        ):
            await self._ports.clock.sleep(0)

    async def _release(self, delay_s: float) -> None:
        job, hold, due_at = self._job, self._hold, self._ports.clock.now() + delay_s
        await self._ports.database.write(lambda session: jobs.release(session, job.key, hold, due_at))

    async def _postpone(self, reason: str) -> None:
        """Give the job back for a while; end it where it has been tried for long enough."""
        if self._ports.clock.now() - self._job.created_at < GIVE_UP_S:
            log.warning("import_job_waits", job_id=self._job.key.job_id, error=reason)
            await self._release(RETRY_S)
            return
        try:
            await self._complete("FAILED", reason, None)
        except JobLost:
            log.info("import_job_lost", job_id=self._job.key.job_id)


async def _small(pieces: AsyncGenerator[bytes, None], back: int) -> AsyncGenerator[bytes, None]:
    """Give pieces without their first `back` octets, small enough that the records of one cost little."""
    async for piece in pieces:
        for start in range(back, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]
        back = max(0, back - len(piece))


def _nothing(job: ImportJob) -> Batch:
    return Batch(job.position, job.position, columns=job.columns)


def _batch_size(waiting: list[RawRecord]) -> int | None:
    """Say how many records make a full batch; None while there are too few."""
    if len(waiting) <= BATCH_RECORDS and sum(len(record.octets) for record in waiting) < BATCH_BYTES:
        return BATCH_RECORDS if len(waiting) == BATCH_RECORDS else None
    size = 0
    for number, record in enumerate(waiting[:BATCH_RECORDS]):
        size += len(record.octets)
        if size >= BATCH_BYTES:
            return number + 1
    return min(BATCH_RECORDS, len(waiting))
