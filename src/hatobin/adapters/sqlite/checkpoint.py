"""The checkpointer: copies the write-ahead log back into the database file.

Left to itself SQLite checkpoints inside some unlucky commit. Here a thread
with a connection of its own does it in two steps: a PASSIVE pass copies the
bulk while writers go on, then a short FULL pass copies what they added
meanwhile under the write lock, so that the next commit starts the log over
and the file stays bounded. Of several worker processes only one does this.

A long read (a backup, a report of an operator) keeps the log from starting
over for as long as it lasts. Then the short pass is tried ever more rarely,
because each try stops the writers; the log grows meanwhile, and is cut to its
usual size afterwards (`WAL_KEPT_BYTES`).

Refs: https://www.sqlite.org/c3ref/wal_checkpoint_v2.html.
"""

from __future__ import annotations

from threading import Event, Thread

import apsw

from hatobin.adapters.sqlite.connection import open_writer
from hatobin.adapters.sqlite.turn import WriteTurn

WAL_SOFT_PAGES = 4096
"""A checkpoint begins when the log holds this many pages (16 MiB of 4 KiB pages)."""

IDLE_CHECKPOINT_S = 5.0
"""A quiet store is checkpointed this often, so that opening it after a crash is quick."""

WRITERS_WAIT_MS = 100
"""The FULL pass gives up after waiting this long for a long read …"""

FIRST_PAUSE_S = 0.1
LAST_PAUSE_S = 2.0
"""… and is tried again after the first time, then twice as long, up to the last: in the end writers stand still for
a twentieth of the time."""


class Checkpointer:
    """The thread that keeps the log short."""

    def __init__(self, path: str) -> None:
        self._connection = open_writer(path)
        self._connection.set_busy_timeout(WRITERS_WAIT_MS)
        self._turn = WriteTurn(path)
        self._wanted = Event()
        self._end = Event()
        self._thread = Thread(target=self._run, name="hatobin-sqlite-checkpoint", daemon=True)
        self._thread.start()

    def log_grew(self, connection: apsw.Connection, database: str, pages: int) -> int:
        """Hear after a commit how many pages the log holds (a WAL hook of the writer)."""
        if pages >= WAL_SOFT_PAGES and not self._wanted.is_set():
            self._wanted.set()
        return apsw.SQLITE_OK

    def stop(self) -> None:
        """End the thread and close its connection; blocks."""
        self._end.set()
        self._wanted.set()
        self._thread.join()
        self._connection.close()
        self._turn.close()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._end.is_set():
            pressed = self._wanted.wait(IDLE_CHECKPOINT_S)
            self._wanted.clear()
            if self._end.is_set():
                return
            if self._checkpoint(restart=pressed):
                pause_s = FIRST_PAUSE_S
            else:
                self._end.wait(pause_s)
                pause_s = min(2 * pause_s, LAST_PAUSE_S)

    def _checkpoint(self, *, restart: bool) -> bool:
        """Copy the log; False when it could not be started over."""
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if not restart:
                return True
            if not self._turn.take():
                return False
            try:
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
            finally:
                self._turn.give()
        except apsw.Error:
            # Busy (a long read or another process) or a disk error. The writer reports disk
            # errors to those who wait for it; here the next turn tries again.
            return False
        return True
