"""The writer thread: gathers work, runs it in groups, and finds out what became of a lost commit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from threading import Thread

from hatobin.adapters.postgres.connection import Line
from hatobin.adapters.postgres.errors import ConnectionLost
from hatobin.adapters.postgres.group import Care, CommitDoubtful, run_group
from hatobin.adapters.postgres.marks import CommitMarks
from hatobin.adapters.postgres.session import PostgresSession
from hatobin.adapters.work import Hooks, Work, WorkQueue, hand_back, still_wanted, take_ready
from hatobin.ports.database import DatabaseUnavailable

CAREFUL_GROUPS = 32
"""After a group that had to run again with savepoints, so many groups have them from the start."""

OUTCOME_TIMEOUT_S = 5.0
"""How long we ask for the outcome of a commit whose answer was lost."""

OUTCOME_PAUSE_S = 0.05


class CommitUnknown(DatabaseUnavailable):
    """The one case in which work may have been kept although its waiter hears that it was not."""


_turn = attrgetter("turn")


class Writer:
    """The one thread that writes for this process."""

    def __init__(self, line: Line, hooks: Hooks, *, group_items: int, group_delay_s: float, max_waiting: int) -> None:
        self._line = line
        self._hooks = hooks
        self._group_items = group_items
        self._group_delay_s = group_delay_s
        self._careful_groups = 0
        self._marks = CommitMarks()
        self._marked: PostgresSession | None = None
        self._queue = WorkQueue(max_waiting)
        self.put = self._queue.put
        self._thread = Thread(target=self._run, name="hatobin-postgres-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish everything queued, end the thread and close the connection; blocks."""
        self._queue.end()
        self._thread.join()
        if self._line.is_open:
            with suppress(DatabaseUnavailable):  # Then the row is forgotten after a week.
                self._marks.end(self._line.session())
        self._line.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            first = self._queue.get()
            if first is not None and self._group_delay_s > 0 and self._queue.qsize() + 1 < self._group_items:
                time.sleep(self._group_delay_s)
            gathered = take_ready(self._queue, first, self._group_items)
            ended = gathered[-1] is None
            group = still_wanted(gathered)
            if group:
                self._write(group)
                hand_back(group)

    def _write(self, group: Sequence[Work]) -> None:
        """Run a group, a second time where the connection broke before the commit was asked for."""
        waiting = sorted(group, key=_turn)
        try:
            try:
                self._attempt(waiting)
            except CommitDoubtful as doubt:
                self._line.drop()
                if self._was_committed(doubt):
                    del waiting[: doubt.members]
                self._attempt(waiting)
            except ConnectionLost:
                self._line.drop()
                self._attempt(waiting)
        except BaseException as error:
            if isinstance(error, ConnectionLost) or not isinstance(error, DatabaseUnavailable):
                self._line.drop()  # Broken, or in a state that nobody foresaw.
            for work in waiting:
                work.error = work.error or error

    def _attempt(self, waiting: list[Work]) -> None:
        if not waiting:
            return
        session = self._line.session()
        if session is not self._marked:
            self._marks.begin(session)
            self._marked = session
        care = Care.SAVEPOINTS if self._careful_groups else Care.NONE
        self._careful_groups = max(0, self._careful_groups - 1)
        if run_group(session, waiting, self._hooks, care, self._marks) > care:
            self._careful_groups = CAREFUL_GROUPS

    def _was_committed(self, doubt: CommitDoubtful) -> bool:
        """Ask the server what became of a commit. Raises `DatabaseUnavailable` when it cannot tell."""
        if doubt.mark is None:
            return False  # Nothing had been written.
        deadline = time.monotonic() + OUTCOME_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                return self._marks.has(self._line.session(), doubt.mark)
            except DatabaseUnavailable:
                self._line.drop()
            time.sleep(OUTCOME_PAUSE_S)  # Not reached yet, or it does not know yet that we are gone.
        raise CommitUnknown("the connection was lost while a commit was under way, and its outcome is not known")
