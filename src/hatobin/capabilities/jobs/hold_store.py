"""Who works on a job: what the tables of import and of export jobs have alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatobin.capabilities.jobs.model import JobKey
from hatobin.ports import Session, Value

Table = Literal["import_jobs", "export_jobs"]
KEY = "account_id = :account_id AND region = :region AND job_id = :job_id"
HELD = f"{KEY} AND completed_at IS NULL AND lease_worker = :worker AND lease_epoch = :epoch"
CLAIMABLE = f"{KEY} AND completed_at IS NULL AND (due_at <= :now OR (lease_worker = :worker AND lease_epoch <= :epoch))"


@dataclass(frozen=True, slots=True)
class Hold:
    """Who works on a job: a worker under its epoch, until `until`."""

    worker: int
    epoch: int
    until: float


def key_parameters(key: JobKey) -> dict[str, Value]:
    """Give what `KEY` asks for."""
    return {"account_id": key.account_id, "region": key.region, "job_id": key.job_id}


def held_parameters(key: JobKey, hold: Hold) -> dict[str, Value]:
    """Give what `HELD` asks for."""
    return {**key_parameters(key), "worker": hold.worker, "epoch": hold.epoch}


def due(session: Session, table: Table, worker: int, now: float) -> JobKey | None:
    """Give the job that has waited longest: one that is due, or that this slot held."""
    # A held job of our own slot is what an earlier process of it left, or this one before the store was lost.
    row = session.one(
        f"""
        SELECT account_id, region, job_id FROM {table}
        WHERE completed_at IS NULL AND (due_at <= :now OR lease_worker = :worker)
        ORDER BY due_at, job_id LIMIT 1
        """,
        {"now": now, "worker": worker},
    )
    return None if row is None else JobKey(*row)


def give_back(session: Session, table: Table, key: JobKey, hold: Hold, due_at: float) -> None:
    """Give a held job back, to be taken from `due_at` on."""
    session.execute(
        f"UPDATE {table} SET due_at = :due_at, lease_worker = NULL, lease_epoch = NULL WHERE {HELD}",
        {**held_parameters(key, hold), "due_at": due_at},
    )
