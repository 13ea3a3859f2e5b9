"""The reader threads: work on snapshots, through connections that must not write."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread

from hatobin.adapters.postgres.connection import Line
from hatobin.adapters.postgres.errors import ConnectionLost
from hatobin.adapters.postgres.session import PostgresSession
from hatobin.adapters.work import Work, WorkQueue, hand_back, still_wanted, take_ready
from hatobin.ports.database import DatabaseUnavailable

READER_THREADS = 4
"""Reads that may run at the same time; each spends most of its time on the way to the server."""

READS_PER_SNAPSHOT = 8
"""Reads that are ready together share one snapshot and one wake-up of the event loop."""

BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def run_reads(session: PostgresSession, waiting: list[Work]) -> list[Work]:
    """Run reads on one snapshot, which is taken after all of them were asked for; give those that have an answer.

    A refused statement ends the snapshot; the reads behind it get a new one.
    Answered reads leave `waiting`, and so what a lost connection leaves there
    can run again. Raises `ConnectionLost`.
    """
    answered: list[Work] = []
    is_open = False
    while waiting:
        work = waiting[0]
        work.result = work.error = None
        session.memo.clear()
        if not is_open:
            session.execute(BEGIN_READING)
            is_open = True
        try:
            work.result = work.function(session)
            session.settle()
        except BaseException as error:
            work.error = error
        if session.failure is not None:
            work.error = session.failure
            session.roll_back()
            is_open = False
        answered.append(waiting.pop(0))
    return answered


class Readers:
    """A small pool of reader threads behind one queue."""

    def __init__(self, lines: Sequence[Line], max_waiting: int) -> None:
        self._queue = WorkQueue(max_waiting)
        self.put = self._queue.put
        self._threads = [
            Thread(target=self._run, args=(line,), name=f"hatobin-postgres-reader-{number}", daemon=True)
            for number, line in enumerate(lines)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish everything queued, end the threads and close their connections; blocks."""
        for _ in self._threads:
            self._queue.end()
        for thread in self._threads:
            thread.join()

    def _run(self, line: Line) -> None:
        ended = False
        while not ended:
            taken = take_ready(self._queue, self._queue.get(), READS_PER_SNAPSHOT)
            ended = taken[-1] is None
            group = still_wanted(taken)
            if group:
                _read(line, group)
        line.close()


def _read(line: Line, group: list[Work]) -> None:
    """Run reads, those that a lost connection left over a second time, and hand all back."""
    waiting = list(group)
    try:
        try:
            run_reads(line.session(), waiting)
        except ConnectionLost:
            line.drop()
            run_reads(line.session(), waiting)
    except BaseException as error:
        if isinstance(error, ConnectionLost) or not isinstance(error, DatabaseUnavailable):
            line.drop()  # Broken, or in a state that nobody foresaw.
        for work in waiting:
            work.error = error
    hand_back(group)
    try:
        if line.is_open:
            line.session().end_reading()
    except ConnectionLost:
        line.drop()
