"""The life of a worker: taking its slot, beating, taking over dead slots.

A worker's lease on its rows is alive as long as its `queue_worker` row beats.
On one machine the slot is guarded by a file lock (held by `app`), so whoever
has the lock may raise the epoch and take the slot's rows at once; rows of
other slots are taken over only after their beat is too old. What those had
under way nobody can tell (their attempt log is on another machine), so each of
their recipients counts as a possible duplicate: an upper bound.

Rows of workers that are long gone are forgotten, so that short-lived nodes
leave nothing behind. An epoch is a second on the clock, or one more than the
last one, so it never comes back even then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from hatobin.capabilities.queue.model import Lease, MessageKey
from hatobin.capabilities.queue.store import count_possible_duplicates
from hatobin.ports import Clock, Database, Row, Session

BEATS = 3
"""How often a worker beats in the time after which it counts as dead (`server.dead_after_s`)."""
FORGOTTEN_AFTER_S = 86_400.0


def held_for_s(dead_after_s: float) -> float:
    """Say how long a recorded beat keeps others away, with one beat to spare; counted from before its recording.

    >>> held_for_s(60.0)
    40.0
    """
    return dead_after_s - dead_after_s / BEATS


@dataclass(frozen=True, slots=True)
class WorkerLease:
    """A held worker slot; `beat` keeps it, and takes over what dead workers left."""

    database: Database
    clock: Clock
    lease: Lease
    dead_after_s: float

    @classmethod
    async def acquire(
        cls,
        database: Database,
        clock: Clock,
        worker: int,
        *,
        dead_after_s: float,
        settle: Callable[[Session, Lease], object] = lambda session, lease: None,
    ) -> WorkerLease:
        """Take slot `worker` under a new epoch; its earlier rows become due at once.

        `settle` runs in the same transaction, before the rows are free: once they are, others deliver them, and
        what an earlier process knew of them must be recorded by then.
        """

        def work(session: Session) -> Lease:
            lease = Lease(worker, _raise_epoch(session, worker, clock.now()))
            settle(session, lease)
            _free_rows(session, worker, clock.now())
            return lease

        return cls(database, clock, await database.write(work, turn="settle"), dead_after_s)

    @property
    def beat_interval_s(self) -> float:
        """Seconds between two beats."""
        return self.dead_after_s / BEATS

    async def beat(self) -> int:
        """Say that this worker lives; give the number of rows taken over from dead ones."""
        now = self.clock.now()

        def work(session: Session) -> int:
            # Inserted anew where a process slept for so long that it was forgotten.
            session.execute(
                """INSERT INTO queue_worker (worker, epoch, beat_at) VALUES (:worker, :epoch, :now)
                ON CONFLICT (worker) DO UPDATE SET beat_at = :now WHERE queue_worker.epoch = :epoch""",
                {"now": now, "worker": self.lease.worker, "epoch": self.lease.epoch},
            )
            dead = session.execute(
                "SELECT worker FROM queue_worker WHERE beat_at < :limit ORDER BY worker",
                {"limit": now - self.dead_after_s},
            )
            freed = [row for (worker,) in dead for row in _free_rows(session, worker, now)]
            for message, rows in groupby(sorted(freed), key=lambda row: row[:3]):
                count_possible_duplicates(session, MessageKey(*message), [row[3] for row in rows])
            session.execute("DELETE FROM queue_worker WHERE beat_at < :limit", {"limit": now - FORGOTTEN_AFTER_S})
            return len(freed)

        return await self.database.write(work)


def _raise_epoch(session: Session, worker: int, now: float) -> int:
    row = session.one(
        """INSERT INTO queue_worker (worker, epoch, beat_at) VALUES (:worker, :second, :now)
        ON CONFLICT (worker) DO UPDATE
        SET epoch = CASE WHEN queue_worker.epoch < :second THEN :second ELSE queue_worker.epoch + 1 END, beat_at = :now
        RETURNING epoch""",
        {"worker": worker, "second": int(now), "now": now},
    )
    assert row is not None, "INSERT … RETURNING gives a row"
    return int(row[0])


def _free_rows(session: Session, worker: int, now: float) -> list[Row]:
    """Make every row of a slot due and give their keys. Bounded by the ready queue's size, so it is one statement."""
    return session.execute(
        """UPDATE queue_recipient SET lease_worker = NULL, lease_epoch = NULL, due_at = :now
        WHERE state = 0 AND lease_worker IS NOT NULL AND lease_worker = :worker
        RETURNING account_id, region, message_id, position""",
        {"worker": worker, "now": now},
    )
