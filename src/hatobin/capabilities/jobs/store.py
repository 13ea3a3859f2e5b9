"""The SQL of jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

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
from hatobin.capabilities.jobs.model import ImportJob, ImportOrder, JobKey
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_COLUMNS = (
    "account_id, region, job_id, target, list_name, action, s3_url, data_format, status, created_at, completed_at,"
    " processed, failed, position, etag, header, error, report"
)


def _job(row: tuple[Any, ...]) -> ImportJob:
    return ImportJob(JobKey(*row[:3]), ImportOrder(*row[3:8]), *row[8:])


# ── what operations ask ──────────────────────────────────────────────────────


def insert(session: Session, key: JobKey, order: ImportOrder, now: float) -> None:
    """Store a new job, due at once."""
    session.execute(
        """
        INSERT INTO import_jobs (account_id, region, job_id, target, list_name, action, s3_url, data_format, status,
          created_at, processed, failed, position, etag, header, due_at)
        VALUES (:account_id, :region, :job_id, :target, :list_name, :action, :s3_url, :data_format, 'CREATED',
          :now, 0, 0, 0, '', '', :now)
        """,
        {
            **key_parameters(key),
            "target": order.target,
            "list_name": order.list_name,
            "action": order.action,
            "s3_url": order.s3_url,
            "data_format": order.data_format,
            "now": now,
        },
    )


def number_open(session: Session, account_id: str, region: str) -> int:
    """Count the jobs that have not ended."""
    row = session.one(
        "SELECT count(*) FROM import_jobs WHERE account_id = :account_id AND region = :region AND completed_at IS NULL",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def find(session: Session, key: JobKey) -> ImportJob | None:
    """Give a job."""
    row = session.one(f"SELECT {_COLUMNS} FROM import_jobs WHERE {KEY}", key_parameters(key))
    return None if row is None else _job(row)


def page(
    session: Session, account_id: str, region: str, request: PageRequest, *, target: str | None = None
) -> list[ImportJob]:
    """Give jobs, the newest first."""
    conditions = ["account_id = :account_id AND region = :region"]
    parameters: dict[str, Value] = {"account_id": account_id, "region": region, "fetch": request.fetch}
    if target is not None:
        conditions.append("target = :target")
        parameters["target"] = target
    if request.after is not None:
        conditions.append("(created_at, job_id) < (:after_time, :after_id)")
        parameters["after_time"], parameters["after_id"] = request.after
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE {' AND '.join(conditions)}"
        " ORDER BY created_at DESC, job_id DESC LIMIT :fetch",
        parameters,
    )
    return [_job(row) for row in rows]


# ── what the operator asks ───────────────────────────────────────────────────


def latest(session: Session, limit: int) -> list[ImportJob]:
    """Give up to `limit` jobs of all accounts: those that have not ended, then the last ones that have."""
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE completed_at IS NULL ORDER BY due_at LIMIT :limit", {"limit": limit}
    )
    rows += session.execute(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT :limit",
        {"limit": limit - len(rows)},
    )
    return [_job(row) for row in rows]


def cancel(session: Session, job_id: str, now: float) -> ImportJob | None:
    """End a job where it is; None when there is none under way. Whoever works on it finds that out with its batch."""
    row = session.one(
        f"""
        UPDATE import_jobs SET status = 'CANCELLED', completed_at = :now, lease_worker = NULL, lease_epoch = NULL
        WHERE job_id = :job_id AND completed_at IS NULL RETURNING {_COLUMNS}
        """,
        {"job_id": job_id, "now": now},
    )
    return None if row is None else _job(row)


# ── what the runner asks ─────────────────────────────────────────────────────


def has_due(session: Session, worker: int, now: float) -> bool:
    """Say whether there may be a job for this worker: one that is due, or that this slot held."""
    return due(session, "import_jobs", worker, now) is not None


def claim(session: Session, hold: Hold, now: float) -> ImportJob | None:
    """Take the job that has waited longest; None where there is none, or another worker was faster."""
    key = due(session, "import_jobs", hold.worker, now)
    if key is None:
        return None
    row = session.one(
        f"""
        UPDATE import_jobs
        SET status = 'PROCESSING', due_at = :until, lease_worker = :worker, lease_epoch = :epoch
        WHERE {CLAIMABLE}
        RETURNING {_COLUMNS}
        """,
        {**held_parameters(key, hold), "until": hold.until, "now": now},
    )
    return None if row is None else _job(row)


def advance(
    session: Session,
    job: ImportJob,
    hold: Hold,
    *,
    position: int,
    processed: int,
    failed: int,
    etag: str,
    columns: Sequence[str],
) -> ImportJob | None:
    """Move a held job on from where it was known to be, and renew the hold; None when it is not there any more."""
    row = session.one(
        f"""
        UPDATE import_jobs
        SET position = :position, processed = processed + :processed, failed = failed + :failed, etag = :etag,
          header = :header, due_at = :until
        WHERE {HELD} AND position = :was_at
        RETURNING {_COLUMNS}
        """,
        {
            **held_parameters(job.key, hold),
            "until": hold.until,
            "was_at": job.position,
            "position": position,
            "processed": processed,
            "failed": failed,
            "etag": etag,
            "header": "\n".join(columns),
        },
    )
    return None if row is None else _job(row)


def release(session: Session, key: JobKey, hold: Hold, due_at: float) -> None:
    """Give a held job back, to be taken from `due_at` on."""
    give_back(session, "import_jobs", key, hold, due_at)


def complete(
    session: Session, job: ImportJob, hold: Hold, *, status: str, error: str | None, report: str | None, now: float
) -> bool:
    """End a held job where it is known to be; False when it is not there any more."""
    row = session.one(
        f"""
        UPDATE import_jobs
        SET status = :status, error = :error, report = :report, completed_at = :now,
          lease_worker = NULL, lease_epoch = NULL
        WHERE {HELD} AND position = :was_at
        RETURNING job_id
        """,
        {
            **held_parameters(job.key, hold),
            "was_at": job.position,
            "status": status,
            "error": error,
            "report": report,
            "now": now,
        },
    )
    return row is not None


# ── failed records ───────────────────────────────────────────────────────────


def keep_failures(session: Session, key: JobKey, position: int, parts: Sequence[bytes]) -> None:
    """Keep what is to be reported of the batch that began at octet `position`."""
    session.many(
        """
        INSERT INTO import_failures (account_id, region, job_id, position, part, content)
        VALUES (:account_id, :region, :job_id, :position, :part, :content)
        """,
        [
            {**key_parameters(key), "position": position, "part": number, "content": content}
            for number, content in enumerate(parts)
        ],
    )


def failures(session: Session, key: JobKey, after: tuple[int, int], limit: int) -> list[tuple[tuple[int, int], bytes]]:
    """Give up to `limit` parts of a report after a place, in the order of the source, each with its place."""
    rows = session.execute(
        f"""
        SELECT position, part, content FROM import_failures
        WHERE {KEY} AND (position, part) > (:position, :part) ORDER BY position, part LIMIT :limit
        """,
        {**key_parameters(key), "position": after[0], "part": after[1], "limit": limit},
    )
    return [((position, part), bytes(content)) for position, part, content in rows]


def forget_failures(session: Session, key: JobKey, limit: int) -> int:
    """Forget up to `limit` parts of a report; give how many there were."""
    rows = session.execute(
        f"""
        DELETE FROM import_failures WHERE {KEY} AND (position, part) IN (
          SELECT position, part FROM import_failures WHERE {KEY} ORDER BY position, part LIMIT :limit
        ) RETURNING part
        """,
        {**key_parameters(key), "limit": limit},
    )
    return len(rows)


# ── retention ────────────────────────────────────────────────────────────────


def find_ended(session: Session, before: float, limit: int) -> list[JobKey]:
    """Give up to `limit` jobs that ended before `before`."""
    rows = session.execute(
        "SELECT account_id, region, job_id FROM import_jobs WHERE completed_at < :before ORDER BY completed_at"
        " LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [JobKey(*row) for row in rows]


def forget(session: Session, keys: Sequence[JobKey]) -> None:
    """Forget ended jobs with what they would have reported."""
    session.many(f"DELETE FROM import_failures WHERE {KEY}", list(_keys(keys)))
    session.many(f"DELETE FROM import_jobs WHERE {KEY}", list(_keys(keys)))


def _keys(keys: Sequence[JobKey]) -> Iterator[dict[str, Value]]:
    yield from map(key_parameters, keys)
