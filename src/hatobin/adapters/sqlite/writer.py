"""The writer thread: gathers, runs and commits groups of work.

Laws:
1. Work that raises is rolled back alone; where that takes savepoints, the group runs again with them.
2. Nothing is answered before the commit that holds it has been fsynced.
3. When the transaction as a whole is lost, every member hears `DatabaseUnavailable`
   and the writer goes on with the next group.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import apsw

from hatobin.adapters.sqlite.connection import UNAVAILABLE, SqliteSession, unavailable
from hatobin.adapters.sqlite.facts import Facts
from hatobin.adapters.sqlite.turn import WriteTurn
from hatobin.adapters.work import Hooks, Work, WorkQueue, hand_back, still_wanted, take_ready
from hatobin.ports.database import DatabaseUnavailable

CAREFUL_GROUPS = 32
"""After a group that had to run again with savepoints, so many groups have them from the start."""


class _NeedsSavepoints(Exception):
    """A member failed after it had written, and nothing parts its rows from those of its neighbours."""


def run_group(
    connection: apsw.Connection, session: SqliteSession, group: list[Work], hooks: Hooks, *, savepoints: bool = False
) -> bool:
    """Run a group in one transaction and leave each member's result or error on it.

    Hardly ever does a member fail that has written something: so the group first runs without
    savepoints, and again with one for each member if that happened. Gives whether it did.
    """
    run, failed_bare = (_run_in_savepoint if savepoints else _run_bare), False
    try:
        try:
            _run_members(connection, session, group, run)
        except _NeedsSavepoints:
            failed_bare = True
            _roll_back(connection, session)
            if len(group) == 1:
                return True  # It has its answer, and nobody was lost with it.
            for work in group:
                work.result = work.error = None
            _run_members(connection, session, group, _run_in_savepoint)
        hooks.before_commit()
        session.run("COMMIT")
        hooks.after_commit()
    except BaseException as error:
        _roll_back(connection, session)
        lost = unavailable(error) if isinstance(error, apsw.Error) else error
        for work in group:
            if work.error is None:
                work.error = lost
    return failed_bare


def _roll_back(connection: apsw.Connection, session: SqliteSession) -> None:
    """End a transaction, if it has not ended by itself, and forget all facts: some may be of what is not there now."""
    if session.facts is not None:
        session.facts.forget()
    if not connection.in_transaction:
        return
    try:
        session.run("ROLLBACK")
    except apsw.Error:
        pass  # The disk again. The next BEGIN fails as long as this lasts, and then comes back here.


def _run_members(
    connection: apsw.Connection,
    session: SqliteSession,
    group: list[Work],
    run: Callable[[apsw.Connection, SqliteSession, Work], None],
) -> None:
    """Run members in a transaction; those that share facts see those of earlier groups, as far as they hold."""
    session.run("BEGIN IMMEDIATE")
    facts, shared = session.facts, _shared(session)
    has_changed = False
    for work in group:
        session.memo = shared if work.shares_memo else {}
        session.changed_facts = False
        run(connection, session, work)
        if session.changed_facts or (facts is None and not work.shares_memo):
            shared.clear()
            has_changed |= session.changed_facts
    if facts is not None and has_changed:
        facts.note()


def _shared(session: SqliteSession) -> dict[object, Any]:
    """Give the facts that hold at the begin of a transaction."""
    if session.facts is None:
        return {}
    session.facts.begin()
    return session.facts.kept


def _run_bare(connection: apsw.Connection, session: SqliteSession, work: Work) -> None:
    """Run one member; raises when its failure cannot be kept to itself."""
    before = connection.total_changes()
    try:
        work.result = work.function(session)
    except BaseException as error:
        work.error = _answer(connection, error)
        if connection.total_changes() != before:
            raise _NeedsSavepoints from error


def _run_in_savepoint(connection: apsw.Connection, session: SqliteSession, work: Work) -> None:
    """Run one member inside its savepoint; raises only when the transaction itself is gone."""
    session.run("SAVEPOINT work")
    try:
        work.result = work.function(session)
    except BaseException as error:
        work.error = _answer(connection, error)
        session.run("ROLLBACK TO work")
    session.run("RELEASE work")


def _answer(connection: apsw.Connection, error: BaseException) -> BaseException:
    """Give what the member hears that raised an error; raises it when the transaction is gone with it."""
    answer = unavailable(error) if isinstance(error, UNAVAILABLE) else error
    if not connection.in_transaction:
        # A full disk or an I/O error may end the transaction at once
        # (https://www.sqlite.org/lang_transaction.html §3): the members before this one are lost too.
        raise unavailable(error) from error
    return answer


class Writer:
    """The one thread that writes through this process's writing connection."""

    def __init__(
        self,
        connection: apsw.Connection,
        turn: WriteTurn,
        hooks: Hooks,
        *,
        facts: Facts | None,
        group_items: int,
        group_delay_s: float,
        max_waiting: int,
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._session = SqliteSession(connection, facts)
        self._group_items = group_items
        self._group_delay_s = group_delay_s
        self._careful_groups = 0
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
        if self._session.facts is not None:
            self._session.facts.close()

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
                    self._run_group(group)
                self._turn.give()
            else:
                for work in group:
                    work.error = DatabaseUnavailable("another process does not stop writing")
            if group:
                hand_back(group)

    def _run_group(self, group: list[Work]) -> None:
        careful = self._careful_groups > 0
        self._careful_groups = max(0, self._careful_groups - 1)
        if run_group(self._connection, self._session, group, self._hooks, savepoints=careful) and len(group) > 1:
            self._careful_groups = CAREFUL_GROUPS

    def _gather(self, first: Work) -> list[Work | None]:
        """Take what is ready behind `first`, up to the group's limit; None marks the end."""
        if self._group_delay_s > 0 and self._queue.qsize() + 1 < self._group_items:
            time.sleep(self._group_delay_s)
        return take_ready(self._queue, first, self._group_items)
