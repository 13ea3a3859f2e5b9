"""The SQL of export jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hatobin.capabilities.jobs.export_model import ExportJob
from hatobin.capabilities.jobs.hold_store import (
    CLAIMABLE,
    HELD,
    KEY,
    Hold,
    due,
    give_back,
    held_parameters,
    key_parameters,
)
from hatobin.capabilities.jobs.model import JobKey
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_COLUMNS = (
    "account_id, region, job_id, source_type, data_format, source, status, created_at, completed_at, processed,"
    " exported, error, has_file"
)


def _job(row: tuple[Any, ...]) -> ExportJob:
    facts: tuple[Any, ...] = (*row[3:-1], bool(row[-1]))
    return ExportJob(JobKey(*row[:3]), *facts)


def insert_export(session: Session, job: ExportJob) -> None:
    """Store a new job, due at once."""
    session.execute(
        """
        INSERT INTO export_jobs (account_id, region, job_id, source_type, data_format, source, status, created_at,
          processed, exported, has_file, due_at)
        VALUES (:account_id, :region, :job_id, :source_type, :data_format, :source, :status, :now, 0, 0, 0, :now)
        """,
        {
            **key_parameters(job.key),
            "source_type": job.source_type,
            "data_format": job.data_format,
            "source": job.source,
            "status": job.status,
            "now": job.created_at,
        },
    )


def open_exports(session: Session, account_id: str, region: str, source_type: str) -> int:
    """Count the jobs of a kind that have not ended."""
    row = session.one(
        """SELECT count(*) FROM export_jobs WHERE account_id = :account_id AND region = :region
        AND completed_at IS NULL AND source_type = :source_type""",
        {"account_id": account_id, "region": region, "source_type": source_type},
    )
    return int(row[0]) if row is not None else 0


def find_export(session: Session, key: JobKey) -> ExportJob | None:
    """Give a job."""
    row = session.one(f"SELECT {_COLUMNS} FROM export_jobs WHERE {KEY}", key_parameters(key))
    return None if row is None else _job(row)


def page_exports(
    session: Session, account_id: str, region: str, request: PageRequest, *, source_type: str | None, status: str | None
) -> list[ExportJob]:
    """Give jobs, the newest first."""
    conditions = ["account_id = :account_id AND region = :region"]
    parameters: dict[str, Value] = {"account_id": account_id, "region": region, "fetch": request.fetch}
    for column, value in (("source_type", source_type), ("status", status)):
        if value is not None:
            conditions.append(f"{column} = :{column}")
            parameters[column] = value
    if request.after is not None:
        conditions.append("(created_at, job_id) < (:after_time, :after_id)")
        parameters["after_time"], parameters["after_id"] = request.after
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM export_jobs WHERE {' AND '.join(conditions)}"
        " ORDER BY created_at DESC, job_id DESC LIMIT :fetch",
        parameters,
    )
    return [_job(row) for row in rows]


def cancel_export(session: Session, key: JobKey, now: float) -> bool:
    """End a job where it is; False when it has ended already. Whoever works on it finds that out soon."""
    row = session.one(
        f"""
        UPDATE export_jobs SET status = 'CANCELLED', completed_at = :now, lease_worker = NULL, lease_epoch = NULL
        WHERE {KEY} AND completed_at IS NULL RETURNING job_id
        """,
        {**key_parameters(key), "now": now},
    )
    return row is not None


# ── what the runner asks ─────────────────────────────────────────────────────


def has_due_export(session: Session, worker: int, now: float) -> bool:
    """Say whether there may be a job for this worker: one that is due, or that this slot held."""
    return due(session, "export_jobs", worker, now) is not None


def claim_export(session: Session, hold: Hold, now: float) -> ExportJob | None:
    """Take the job that has waited longest, from its beginning; None where there is none, or another was faster."""
    key = due(session, "export_jobs", hold.worker, now)
    if key is None:
        return None
    row = session.one(
        f"""
        UPDATE export_jobs
        SET processed = 0, exported = 0, due_at = :until, lease_worker = :worker, lease_epoch = :epoch
        WHERE {CLAIMABLE}
        RETURNING {_COLUMNS}
        """,
        {**held_parameters(key, hold), "until": hold.until, "now": now},
    )
    return None if row is None else _job(row)


def note_progress(session: Session, key: JobKey, hold: Hold, processed: int, exported: int) -> bool:
    """Say how far a held job has come, and renew the hold; False when it is not there any more."""
    row = session.one(
        f"UPDATE export_jobs SET processed = :processed, exported = :exported, due_at = :until WHERE {HELD}"
        " RETURNING job_id",
        {**held_parameters(key, hold), "until": hold.until, "processed": processed, "exported": exported},
    )
    return row is not None


def release_export(session: Session, key: JobKey, hold: Hold, due_at: float) -> None:
    """Give a held job back, to be taken from `due_at` on."""
    give_back(session, "export_jobs", key, hold, due_at)


def complete_export(
    session: Session, job: ExportJob, hold: Hold, *, counts: tuple[int, int], error: str | None, now: float
) -> bool:
    """End a held job, with its file unless it failed; False when it is not there any more."""
    row = session.one(
        f"""
        UPDATE export_jobs
        SET status = :status, error = :error, has_file = :has_file, processed = :processed, exported = :exported,
          completed_at = :now, lease_worker = NULL, lease_epoch = NULL
        WHERE {HELD} RETURNING job_id
        """,
        {
            **held_parameters(job.key, hold),
            "status": "COMPLETED" if error is None else "FAILED",
            "error": error,
            "has_file": int(error is None),
            "processed": counts[0],
            "exported": counts[1],
            "now": now,
        },
    )
    return row is not None


# ── retention ────────────────────────────────────────────────────────────────


def files_over(session: Session, before: float, limit: int) -> list[JobKey]:
    """Give up to `limit` jobs that ended before `before` and still have their file."""
    rows = session.execute(
        "SELECT account_id, region, job_id FROM export_jobs WHERE completed_at < :before AND has_file = 1"
        " ORDER BY completed_at LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [JobKey(*row) for row in rows]


def forget_files(session: Session, keys: Sequence[JobKey]) -> None:
    """Note that the files of these jobs are gone."""
    session.many(f"UPDATE export_jobs SET has_file = 0 WHERE {KEY}", [key_parameters(key) for key in keys])


def ended_exports(session: Session, before: float, limit: int) -> list[JobKey]:
    """Give up to `limit` jobs without a file that ended before `before`."""
    rows = session.execute(
        "SELECT account_id, region, job_id FROM export_jobs WHERE completed_at < :before AND has_file = 0"
        " ORDER BY completed_at LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [JobKey(*row) for row in rows]


def forget_exports(session: Session, keys: Sequence[JobKey]) -> None:
    """Forget ended jobs."""
    session.many(f"DELETE FROM export_jobs WHERE {KEY}", [key_parameters(key) for key in keys])


def unknown_exports(session: Session, blob_keys: Sequence[str]) -> list[str]:
    """Give those of these blobs (of `EXPORT_BLOB_PREFIX`) that no job has as its file or may still write."""
    unknown: list[str] = []
    for blob in blob_keys:
        _, account_id, region, job_id = [*blob.split("/"), "", "", ""][:4]
        job = find_export(session, JobKey(account_id, region, job_id))
        if job is None or (job.completed_at is not None and not job.has_file):
            unknown.append(blob)
    return unknown
