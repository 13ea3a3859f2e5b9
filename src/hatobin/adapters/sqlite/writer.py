"""The writer thread: gathers, runs and commits groups of work.

Laws:
1. Work that raises is rolled back alone, to its own savepoint.
2. Nothing is answered before the commit that holds it has been fsynced.
3. When the transaction as a whole is lost, every member hears `DatabaseUnavailable`
   and the writer goes on with the next group.
"""

from __future__ import annotations

import time
from threading import Thread

import apsw

from hatobin.adapters.sqlite.connection import UNAVAILABLE, SqliteSession, unavailable
from hatobin.adapters.sqlite.turn import WriteTurn
from hatobin.adapters.work import Hooks, Work, WorkQueue, hand_back, still_wanted, take_ready
from hatobin.ports.database import DatabaseUnavailable


def run_group(connection: apsw.Connection, session: SqliteSession, group: list[Work], hooks: Hooks) -> None:
    """Run a group in one transaction and leave each member's result or error on it."""
    try:
        session.memo.clear()
        session.run("BEGIN IMMEDIATE")
        for work in group:
            _run_alone(connection, session, work)
        hooks.before_commit()
        session.run("COMMIT")
        hooks.after_commit()
    except BaseException as error:
        if connection.in_transaction:
            _roll_back(session)
        lost = unavailable(error) if isinstance(error, apsw.Error) else error
        for work in group:
            if work.error is None:
                work.error = lost


def _roll_back(session: SqliteSession) -> None:
    try:
        session.run("ROLLBACK")
    except apsw.Error:
        pass  # The disk again. The next BEGIN fails as long as this lasts, and then comes back here.


def _run_alone(connection: apsw.Connection, session: SqliteSession, work: Work) -> None:
    """Run one member inside its savepoint; raises only when the transaction itself is gone."""
    if not work.shares_memo:
        session.memo.clear()
    session.run("SAVEPOINT work")
    try:
        work.result = work.function(session)
    except BaseException as error:
        work.error = unavailable(error) if isinstance(error, UNAVAILABLE) else error
        if not connection.in_transaction:
            # A full disk or an I/O error may end the transaction at once
            # (https://www.sqlite.org/lang_transaction.html §3): the members before this one are lost too.
            raise unavailable(error) from error
        session.run("ROLLBACK TO work")
    session.run("RELEASE work")
    if not work.shares_memo:
        session.memo.clear()


class Writer:
    """The one thread that writes through this process's writing connection."""

    def __init__(
        self,
        connection: apsw.Connection,
        turn: WriteTurn,
        hooks: Hooks,
        *,
        group_items: int,
        group_delay_s: float,
        max_waiting: int,
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._session = SqliteSession(connection)
        self._group_items = group_items
        self._group_delay_s = group_delay_s
        self._hooks = hooks
        self._queue = WorkQueue(max_waiting)
        self.put = self._queue.put
        self._thread = Thread(target=self._run, name="hatobin-sqlite-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish everything queued, end the thread and close the connection; blocks."""
        self._queue.end()
        self._thread.join()
        self._connection.close()
        self._turn.close()

    def _run(self) -> None:
        get = self._queue.get
        ended = False
        while not ended:
            first = get()
            if first is None:
                return
            ours = self._turn.take()  # Waiting for other processes, the group grows.
            gathered = self._gather(first)
            ended = gathered[-1] is None
            group = still_wanted(gathered)
            if ours:
                if group:
                    run_group(self._connection, self._session, group, self._hooks)
                self._turn.give()
            else:
                for work in group:
                    work.error = DatabaseUnavailable("another process does not stop writing")
            if group:
                hand_back(group)

    def _gather(self, first: Work) -> list[Work | None]:
        """Take what is ready behind `first`, up to the group's limit; None marks the end."""
        if self._group_delay_s > 0 and self._queue.qsize() + 1 < self._group_items:
            time.sleep(self._group_delay_s)
        return take_ready(self._queue, first, self._group_items)
