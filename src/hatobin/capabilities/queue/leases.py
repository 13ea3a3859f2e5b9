"""The life of a worker: taking its slot, beating, taking over dead slots.

A worker's lease on its rows is alive as long as its `queue_worker` row beats.
On one machine the slot is guarded by a file lock (held by `app`), so whoever
has the lock may raise the epoch and take the slot's rows at once; rows of
other slots are taken over only after their beat is too old.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.queue.model import Lease
from hatobin.ports import Clock, Database, Session

BEAT_INTERVAL_S = 20.0
DEAD_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerLease:
    """A held worker slot; `beat` keeps it, and takes over what dead workers left."""

    database: Database
    clock: Clock
    lease: Lease

    @classmethod
    async def acquire(cls, database: Database, clock: Clock, worker: int) -> WorkerLease:
        """Take slot `worker` under a new epoch; its earlier rows become due at once."""
        epoch = await database.write(lambda session: _raise_epoch(session, worker, clock.now()))
        return cls(database, clock, Lease(worker, epoch))

    async def beat(self) -> int:
        """Say that this worker lives; give the number of rows taken over from dead ones."""
        now = self.clock.now()

        def work(session: Session) -> int:
            session.execute(
                "UPDATE queue_worker SET beat_at = :now WHERE worker = :worker AND epoch = :epoch",
                {"now": now, "worker": self.lease.worker, "epoch": self.lease.epoch},
            )
            dead = session.execute(
                "SELECT worker FROM queue_worker WHERE beat_at < :limit", {"limit": now - DEAD_AFTER_S}
            )
            return sum(_free_rows(session, worker, now) for (worker,) in dead)

        return await self.database.write(work)


def _raise_epoch(session: Session, worker: int, now: float) -> int:
    row = session.one(
        """INSERT INTO queue_worker (worker, epoch, beat_at) VALUES (:worker, 1, :now)
        ON CONFLICT (worker) DO UPDATE SET epoch = queue_worker.epoch + 1, beat_at = :now
        RETURNING epoch""",
        {"worker": worker, "now": now},
    )
    assert row is not None, "INSERT … RETURNING gives a row"
    _free_rows(session, worker, now)
    return int(row[0])


def _free_rows(session: Session, worker: int, now: float) -> int:
    """Make every row of a slot due. Bounded by the ready queue's size, so it is one statement."""
    rows = session.execute(
        """UPDATE queue_recipient SET lease_worker = NULL, lease_epoch = NULL, due_at = :now
        WHERE state = 0 AND lease_worker IS NOT NULL AND lease_worker = :worker RETURNING position""",
        {"worker": worker, "now": now},
    )
    return len(rows)
