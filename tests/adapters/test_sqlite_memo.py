"""Facts shared inside a group commit: by those who promise to change none, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hatobin.adapters.sqlite.connection import SqliteSession, open_writer
from hatobin.adapters.sqlite.writer import run_group
from hatobin.adapters.work import Hooks, Work
from hatobin.ports import Session

HOOKS = Hooks(lambda: None, lambda: None)


def run(*members: tuple[Callable[[Session], Any], bool]) -> list[Any]:
    """Run members as one group and give their results, or the errors' types."""
    loop = asyncio.new_event_loop()
    connection = open_writer(":memory:")
    group = [Work(function, loop.create_future(), shares_memo=shares) for function, shares in members]
    run_group(connection, SqliteSession(connection), group, HOOKS)
    loop.close()
    return [type(work.error) if work.error else work.result for work in group]


def remember(session: Session) -> bool:
    """Say whether an earlier member left its fact, and leave one."""
    known = "fact" in session.memo
    session.memo["fact"] = 1
    return known


def fail(session: Session) -> None:
    session.memo["fact"] = 1
    raise ValueError


def test_neighbours_that_share_do_share() -> None:
    assert run((remember, True), (remember, True)) == [False, True]


def test_a_member_that_does_not_share_neither_sees_nor_leaves_facts() -> None:
    assert run((remember, True), (remember, False), (remember, True)) == [False, False, False]


def test_a_group_begins_without_facts() -> None:
    connection = open_writer(":memory:")
    session = SqliteSession(connection)
    loop = asyncio.new_event_loop()
    for _ in range(2):
        work = Work(remember, loop.create_future(), shares_memo=True)
        run_group(connection, session, [work], HOOKS)
        assert work.result is False
    loop.close()


def test_a_failed_member_that_shares_changed_nothing_so_its_facts_stay() -> None:
    assert run((fail, True), (remember, True)) == [ValueError, True]
