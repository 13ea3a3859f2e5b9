"""The reader threads: work on snapshots, through read-only connections."""

from __future__ import annotations

from threading import Thread

import apsw

from hatobin.adapters.sqlite.connection import UNAVAILABLE, SqliteSession, open_reader, unavailable
from hatobin.adapters.work import Work, WorkQueue, hand_back, still_wanted, take_ready

READER_THREADS = 2
"""Reads that may run at the same time; a report must not hold up a point look-up."""

READS_PER_SNAPSHOT = 16
"""Reads that are ready together share one snapshot and one wake-up of the event loop."""


def run_reads(session: SqliteSession, group: list[Work]) -> None:
    """Run reads on one snapshot, which is taken after all of them were asked for."""
    try:
        session.run("BEGIN")
    except apsw.Error as error:
        for work in group:
            work.error = unavailable(error)
        return
    session.memo.clear()  # What an earlier snapshot showed may have changed.
    try:
        for work in group:
            try:
                work.result = work.function(session)
            except BaseException as error:
                work.error = unavailable(error) if isinstance(error, UNAVAILABLE) else error
    finally:
        try:
            session.run("ROLLBACK")
        except apsw.Error:
            pass  # An I/O error has ended the snapshot already.


class Readers:
    """A small pool of reader threads behind one queue."""

    def __init__(self, path: str, max_waiting: int, count: int = READER_THREADS) -> None:
        self._queue = WorkQueue(max_waiting)
        self.put = self._queue.put
        self._connections = [open_reader(path) for _ in range(count)]
        self._threads = [
            Thread(target=self._run, args=(connection,), name=f"hatobin-sqlite-reader-{number}", daemon=True)
            for number, connection in enumerate(self._connections)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish everything queued, end the threads and close their connections; blocks."""
        for _ in self._threads:
            self._queue.end()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _run(self, connection: apsw.Connection) -> None:
        session = SqliteSession(connection)
        ended = False
        while not ended:
            taken = take_ready(self._queue, self._queue.get(), READS_PER_SNAPSHOT)
            ended = taken[-1] is None
            group = still_wanted(taken)
            if group:
                run_reads(session, group)
                hand_back(group)
