"""Group commit: pieces of work in one transaction, each kept or lost by itself.

Laws:
1. Work that raises is rolled back alone.
2. Nothing is answered before the commit that holds it is durable.
3. When the transaction as a whole is lost, every member hears `DatabaseUnavailable`.

How: the members run one after the other without savepoints, because each
savepoint that writes costs the server a transaction id of its own, and more
than 64 in one transaction slow down every reader (PGPROC_MAX_CACHED_SUBXIDS).
Measured for three inserts with a 4 KiB body, in groups of fifty: 40 µs without,
44 µs with savepoints, 130 µs with an answer awaited behind each member.
A member that raises before it wrote anything needs none. Only when one raises
after it wrote, or a statement of one is refused, the transaction is rolled
back and all members run again: with savepoints, and after a refused
statement also with an answer awaited behind each member, so that the refusal
finds the right one. The port therefore asks work to bear being run again.
"""

from __future__ import annotations

import enum
import random
import time
from collections.abc import Sequence

from hatobin.adapters.postgres.errors import Conflict, ConnectionLost
from hatobin.adapters.postgres.marks import CommitMarks
from hatobin.adapters.postgres.session import PostgresSession
from hatobin.adapters.work import Hooks, Work
from hatobin.ports.database import DatabaseUnavailable

BEGIN = "BEGIN"
"""Read committed: rows that many nodes count in are updated on condition, and a serializable group would
be refused whenever two nodes count at the same moment."""

MAX_CONFLICTS = 8
"""A group that met this many deadlocks is given up."""

CONFLICT_PAUSE_S = 0.005
"""Who lost a deadlock waits about this long before it tries again, and longer each time: at once, it would take
the rows back before the winner has woken up, and meet it again."""

MAX_SAVEPOINTS = 60
"""Members of one transaction with savepoints: below the 64 that the server keeps at hand."""


class Care(enum.IntEnum):
    """How much is paid so that one member can be rolled back alone."""

    NONE = 0
    SAVEPOINTS = 1
    ANSWERS = 2
    """A savepoint, and a round trip behind each member."""


class CommitDoubtful(ConnectionLost):
    """The connection was lost between asking for a commit and its answer; those before it have theirs."""

    def __init__(self, text: str, *, members: int, mark: int | None) -> None:
        super().__init__(text)
        self.members = members
        self.mark = mark
        """What the commit would have left (see `marks`)."""


class _NeedsCare(Exception):
    """A member cannot be rolled back alone the way the group was run."""

    def __init__(self, care: Care) -> None:
        self.care = care


def run_group(
    session: PostgresSession,
    waiting: list[Work],
    hooks: Hooks,
    care: Care = Care.NONE,
    marks: CommitMarks | None = None,
) -> Care:
    """Run a group and leave each member's result or error on it; give the care that it needed.

    Members that have their answer leave `waiting`. Raises `ConnectionLost` when
    the connection broke; who waits then has no answer yet.
    """
    conflicts = 0
    while waiting:
        part = waiting if care is Care.NONE else waiting[:MAX_SAVEPOINTS]
        try:
            _transact(session, part, hooks, care, marks)
        except ConnectionLost:
            raise
        except _NeedsCare as need:
            session.roll_back()
            care = need.care
            continue
        except Conflict as conflict:
            session.roll_back()
            conflicts += 1
            if conflicts < MAX_CONFLICTS:
                time.sleep(CONFLICT_PAUSE_S * 2**conflicts * random.uniform(0.5, 1.0))
                continue
            _answer_all(part, conflict)
        except BaseException as error:
            session.roll_back()
            _answer_all(part, error)
        del waiting[: len(part)]
    return care


def _answer_all(group: Sequence[Work], error: BaseException) -> None:
    for work in group:
        if work.error is None:
            work.error = error


def _transact(
    session: PostgresSession, group: Sequence[Work], hooks: Hooks, care: Care, marks: CommitMarks | None
) -> None:
    session.memo.clear()
    session.execute(BEGIN)
    wrote = False
    for work in group:
        _run_member(session, work, care)
        wrote = wrote or session.wrote
    # One round trip before the commit: all refusals are known by then.
    try:
        mark = marks.leave(session) if wrote and marks is not None else None
        session.settle()
    except DatabaseUnavailable:
        raise
    except Exception:
        raise _NeedsCare(Care.ANSWERS) from None
    hooks.before_commit()
    try:
        session.commit()
    except ConnectionLost as lost:
        if not wrote:
            raise
        raise CommitDoubtful(str(lost), members=len(group), mark=mark) from lost
    hooks.after_commit()


def _run_member(session: PostgresSession, work: Work, care: Care) -> None:
    """Run one member; what is left on the session are statements that it wants kept."""
    if not work.shares_memo:
        session.memo.clear()
    work.result = work.error = None
    if care is not Care.NONE:
        session.execute("SAVEPOINT work")
    session.wrote = False
    try:
        work.result = work.function(session)
        if care is Care.ANSWERS:
            session.settle()
    except BaseException as error:
        work.error = error
    failure = session.failure
    if failure is not None:
        if isinstance(failure, DatabaseUnavailable):
            work.error = None
            raise failure  # The store's own trouble is everybody's.
        if care is not Care.ANSWERS:
            raise _NeedsCare(Care.ANSWERS)
        work.error = failure
    if work.error is not None and (session.wrote or failure is not None):
        if care is Care.NONE:
            raise _NeedsCare(Care.SAVEPOINTS)
        session.roll_back("work")
        session.wrote = False
    if care is not Care.NONE:
        session.execute("RELEASE SAVEPOINT work")
    if not work.shares_memo:
        session.memo.clear()
